"""Where the driver's errors become the domain's one: the database is away.

What is in the tables may pass by itself: the server is down, full, starting, refuses
us, or has no schema yet, or an older one. Everything else is a fault of ours and stays
what it is. Codes: PostgreSQL manual, appendix A "Error Codes".
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from asyncpg.exceptions import (
    InterfaceError,
    InternalClientError,
    InvalidCachedStatementError,
    PostgresError,
)
from sqlalchemy import exc as sa

from adapters.postgres.column import NaiveInstant
from domain.model.error import StoreUnavailable

# By the first two characters of the SQLSTATE; longer keys win over shorter ones.
UNAVAILABLE = {
    "08": "the connection broke",
    "25006": "the server is read-only",
    "25P03": "the session was ended by a time limit of the server",
    "25P04": "the transaction was ended by a time limit of the server",
    "28": "the server refuses the user",
    "3D": "there is no such database",
    "3F": "the schema is not there",
    "40": "the transaction was rolled back",
    "42501": "the user has no right to do this",
    "42703": "the columns are not there yet: run kimp migrate",
    "42P01": "the tables are not there: run kimp migrate",
    "53": "the server is out of resources",
    "55": "what was asked for is in use",
    "57": "the server is stopping, starting, or was told to give up",
    "58": "the server has trouble with its system",
    "72": "the server's snapshot is too old",
    "F0": "the server has trouble with its configuration",
    "XX": "the server has trouble inside",
}
# Without a SQLSTATE. TimeoutError is an OSError: it comes first.
UNANSWERED: tuple[tuple[type[BaseException], str], ...] = (
    (sa.TimeoutError, "all connections are in use"),
    (TimeoutError, "no answer in time"),
    (ssl.SSLError, "no encrypted connection"),
    (OSError, "no connection"),
)
# While dialling whatever the driver says is a condition of the server or the network.
DIAL_ERRORS = (PostgresError, InterfaceError, InternalClientError, OSError)


def reason_of(error: BaseException) -> str | None:
    """Return why the database is away in one line, None: the fault is ours."""
    if isinstance(error, sa.DBAPIError):
        return _reason_of_wrapped(error)
    words = _words_of(error)
    return None if words is None else _line(words, error)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the tables name into `StoreUnavailable`, with its cause.

    What our own column types refuse comes out of SQLAlchemy's wrapping unchanged.
    """
    try:
        yield
    except (sa.SQLAlchemyError, *DIAL_ERRORS) as exc:
        if isinstance(exc, sa.StatementError) and isinstance(exc.orig, NaiveInstant):
            raise exc.orig from exc
        reason = reason_of(exc)
        if reason is None:
            raise
        raise StoreUnavailable(reason) from exc


@contextmanager
def dialling() -> Iterator[None]:
    """Turn every error of the driver while it dials into `StoreUnavailable`."""
    try:
        yield
    except DIAL_ERRORS as exc:
        reason = reason_of(exc)
        raise StoreUnavailable(reason or _line("no connection", exc)) from exc


def _reason_of_wrapped(error: sa.DBAPIError) -> str | None:
    origin = error.orig
    words = None if origin is None else _words_of(origin)
    if words is None and error.connection_invalidated:
        words = UNAVAILABLE["08"]
    return None if words is None else _line(words, origin or error)


def _words_of(error: BaseException) -> str | None:
    state = getattr(error, "sqlstate", None)
    if state is not None:
        if isinstance(error.__cause__ or error, InvalidCachedStatementError):
            return "the schema has just changed"
        return UNAVAILABLE.get(state) or UNAVAILABLE.get(state[:2])
    return next((words for kind, words in UNANSWERED if isinstance(error, kind)), None)


def _line(words: str, error: BaseException) -> str:
    told = " ".join(str(error).split())
    return f"{words} ({told})" if told else words
