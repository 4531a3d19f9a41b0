"""One ID per request: in every log line of its work, its answer and its failures."""

import re
from typing import Final
from uuid import uuid4

from structlog.contextvars import bind_contextvars, get_contextvars

HEADER: Final = "x-request-id"
KEY: Final = "request_id"
# What a proxy in front of us may call a request; anything else gets an ID of ours.
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def bind_request_id(given: str | None = None) -> str:
    """Name the request that the current task works on, and return the name.

    A task inherits the names of the one that started it and never changes them.
    """
    sane = given is not None and _SANE.fullmatch(given)
    name = given if sane and given is not None else uuid4().hex
    bind_contextvars(request_id=name)
    return name


def current_request_id() -> str:
    """Return the name of the current task's request, a new one where it has none."""
    bound = get_contextvars().get(KEY)
    return bound if isinstance(bound, str) else uuid4().hex
