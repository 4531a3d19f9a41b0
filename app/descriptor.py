"""How many sockets and files the process may have open."""

import resource

import structlog

# A socket each for ten thousand subscribers, and what else is open beside them.
ENOUGH = 65_536

_log = structlog.get_logger(__name__)


def raise_limit(enough: int = ENOUGH) -> int:
    """Raise the process's own bound (`ulimit -n`) as far as it is let; return it.

    Shells often start programs with 1,024, which a thousand subscribers would meet.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = enough if hard == resource.RLIM_INFINITY else min(enough, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as exc:
        _log.warning("descriptors.bounded", limit=soft, why=str(exc))
        return soft
    return wanted
