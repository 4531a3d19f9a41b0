"""One ID per request: in every log line of its work, its answer and its failures."""

import re
from itertools import count
from secrets import token_hex
from typing import Final

from structlog.contextvars import bind_contextvars, get_contextvars

HEADER: Final = "x-request-id"
KEY: Final = "request_id"
# What a proxy in front of us may call a request; anything else gets an ID of ours.
_PROCESS: Final = token_hex(8)
_COUNT: Final = count(1)
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def bind_request_id(given: str | None = None) -> str:
    """Name the request that the current task works on, and return the name.

    A task inherits the names of the one that started it and never changes them.
    """
    name = given if given is not None and is_sane(given) else fresh_request_id()
    bind_contextvars(request_id=name)
    return name


def current_request_id() -> str:
    """Return the name of the current task's request, a new one where it has none."""
    bound = get_contextvars().get(KEY)
    return bound if isinstance(bound, str) else fresh_request_id()


def is_sane(given: str) -> bool:
    """Whether a name that was given to a request can be used for it."""
    return _SANE.fullmatch(given) is not None


def fresh_request_id() -> str:
    """Return a name that no other request has: 32 digits, half the process's."""
    return f"{_PROCESS}{next(_COUNT):016x}"
