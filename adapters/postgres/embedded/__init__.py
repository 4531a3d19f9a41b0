"""PostgreSQL run by ourselves, from the programs of a wheel.

`EmbeddedPostgres` is the whole of it for the application. Life of a start::

    bin_dir    which programs
    location   in which folder, as which user (self, user namespace, unprivileged)
    tenancy    locks, watchdog, then: join the server that lives, or
    engine     start one, on files that
    cluster    makes if there are none

Locks in the cluster's folder: ``locate.lock`` and ``start.lock`` serialise decisions,
``user.lock`` is shared by every process that uses the cluster, ``server.lock`` is held
by the server's own processes, ``watchdog.lock`` by the one `watchdog`.
"""

from adapters.postgres.embedded.binary import bin_dir
from adapters.postgres.embedded.engine import Bounds
from adapters.postgres.embedded.error import ClusterUnusable
from adapters.postgres.embedded.identity import RunAs
from adapters.postgres.embedded.location import has_cluster
from adapters.postgres.embedded.server import EmbeddedPostgres

__all__ = [
    "Bounds",
    "ClusterUnusable",
    "EmbeddedPostgres",
    "RunAs",
    "bin_dir",
    "has_cluster",
]
