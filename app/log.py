"""Structured logs: console on a terminal, JSON lines otherwise.

Source: structlog's "Logging Best Practices". Everything goes through the standard
library's logging, so that libraries and the domain share one format. An event is named
`part.what_happened`, docs/LOGS.md lists them; all else stands in its keys.
"""

import logging
import re
import sys
import time
from collections.abc import Callable
from typing import Final, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# The password in an address: it may reach us in anybody's words.
_PASSWORD = re.compile(r"(\w://[^\s:/@]*):[^\s/]+@")
_HIDDEN = r"\1:***@"

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

UNREADABLE: Final = "Invalid HTTP request received."
"""uvicorn's line for bytes that are no request: any stranger can have it written."""

NOISY: Final = ("alembic", "uvicorn", "websockets", "sqlalchemy", "asyncio")
"""Whose own lines say nothing at INFO that our events do not say better."""

PACE_S: Final = 60.0
"""Between two such lines; those between are counted in `left_out` of the next."""


class Paced(logging.Filter):
    """Lets a line through once in `PACE_S`, and every other line always."""

    def __init__(self, line: str, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._line, self._now_s = line, now_s
        self._next_s = float("-inf")
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        if record.msg != self._line:
            return True
        now_s = self._now_s()
        if now_s < self._next_s:
            self._left_out += 1
            return False
        record.left_out = self._left_out
        self._left_out, self._next_s = 0, now_s + PACE_S
        return True


def configure_log(level: str, form: Literal["auto", "console", "json"]) -> None:
    """Send all logs to standard error in one format; may be called again."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED, processors=_final(console)
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("uvicorn.error").filters[:] = [Paced(UNREADABLE)]
    for name in NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def _final(console: bool) -> list[Processor]:
    strip: Processor = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if console:
        # Plain: richer tracebacks would print the values of local variables.
        plain = structlog.dev.plain_traceback
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=plain)
        return [strip, structlog.processors.format_exc_info, hide_passwords, renderer]
    return [
        strip,
        structlog.processors.format_exc_info,
        hide_passwords,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def hide_passwords(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Mask the password of every address in an event's values, tracebacks included."""
    for key, value in event.items():
        if isinstance(value, str):
            if "@" in value:
                event[key] = _PASSWORD.sub(_HIDDEN, value)
        elif "@" in (text := _text(value)):
            event[key] = _PASSWORD.sub(_HIDDEN, text)
    return event


def _text(value: object) -> str:
    """Return how a value that is no text would be written; numbers hide nothing."""
    return "" if isinstance(value, int | float | None) else repr(value)
