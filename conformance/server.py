"""The servers under test: `kimp demo`, whole processes with simulated exchanges."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from bench.process import Measured, ServerFailed, server

START_LIMIT_S = 60.0
LOOK_AGAIN_S = 0.1
_COIN = '{ premium(symbol: "BTC") { quality } }'
# A public server that would rather not be read: docs/SETTINGS.md.
CLOSED = {"KIMP_HTTP__INTROSPECTION": "false"}


class NotLive(Exception):
    """The server did not come up in time; its log is the message."""


@contextmanager
def serving(**settings: str) -> Iterator[str]:
    """Run a server on a free port; gives the address of its GraphQL endpoint."""
    with (
        tempfile.TemporaryFile("w+") as log,
        server(settings, "demo", log) as started,
    ):
        _wait(started, log)
        yield f"{started.url}/graphql"


def _wait(started: Measured, log: IO[str]) -> None:
    """Return once the board is live, and the coin that clients ask for."""
    try:
        started.wait_live()
        until_s = time.monotonic() + START_LIMIT_S
        while started.query(_COIN)["data"]["premium"]["quality"] != "LIVE":
            if time.monotonic() > until_s:
                raise TimeoutError("BTC is not live")
            time.sleep(LOOK_AGAIN_S)  # another process: asked again
    except (ServerFailed, TimeoutError) as exc:
        log.seek(0)
        raise NotLive(f"{exc}:\n{log.read()}") from exc
