"""The table from the driver's errors to the domain's."""

import inspect
import ssl

import asyncpg
import pytest
from asyncpg import exceptions
from sqlalchemy import exc as sa

from adapters.postgres.column import NaiveInstant
from adapters.postgres.translation import (
    UNAVAILABLE,
    dialling,
    reason_of,
    translated,
)
from domain.model.error import StoreUnavailable

# The other half of the table: classes of codes that are a fault of ours, or a notice.
OURS = {
    "01", "02", "03", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22",
    "23", "24", "25", "26", "27", "2B", "2D", "2F", "34", "38", "39", "3B", "42", "44",
    "54", "HV", "P0",
}  # fmt: skip
CODED = [
    kind
    for _, kind in inspect.getmembers(exceptions, inspect.isclass)
    if getattr(kind, "sqlstate", None) and issubclass(kind, BaseException)
]


def wrapped(error: Exception, *, lost: bool = False) -> sa.DBAPIError:
    """What SQLAlchemy makes of a driver's error: a copy that knows the code."""
    copy = type("Error", (Exception,), {"sqlstate": getattr(error, "sqlstate", None)})(
        str(error)
    )
    copy.__cause__ = error
    return sa.DBAPIError("SELECT 1", {}, copy, connection_invalidated=lost)


@pytest.mark.parametrize("kind", CODED, ids=lambda kind: kind.__name__)
def test_every_code_of_the_driver_is_decided(kind: type[Exception]) -> None:
    state = kind.sqlstate  # type: ignore[attr-defined] # all in CODED have one
    known = state in UNAVAILABLE or state[:2] in UNAVAILABLE
    assert known or state[:2] in OURS
    assert (reason_of(kind("told")) is not None) is (
        known or kind is exceptions.InvalidCachedStatementError
    )


def test_the_table_names_no_code_that_the_driver_does_not_know() -> None:
    states = {kind.sqlstate for kind in CODED}  # type: ignore[attr-defined] # all have one
    assert all(any(s.startswith(key) for s in states) for key in UNAVAILABLE)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectionRefusedError(111, "refused"), "no connection ([Errno 111] refused)"),
        (FileNotFoundError(2, "no socket"), "no connection ([Errno 2] no socket)"),
        (TimeoutError(), "no answer in time"),
        (ssl.SSLError(1, "bad"), "no encrypted connection (bad)"),
        (sa.TimeoutError("QueuePool\nlimit"), "all connections are in use (QueuePool"),
        (exceptions.CannotConnectNowError("starting up"), "stopping, starting"),
        (exceptions.UndefinedTableError('"coin"'), "tables are not there: run kimp"),
        (exceptions.UndefinedColumnError('"x"'), "columns are not there yet: run kimp"),
        (exceptions.InvalidPasswordError("no"), "the server refuses the user (no)"),
    ],
)
def test_a_condition_that_may_pass_has_a_reason(error: Exception, reason: str) -> None:
    assert reason in (reason_of(error) or "")
    assert "\n" not in (reason_of(error) or "")


def test_a_wrapped_error_is_seen_through() -> None:
    told = reason_of(wrapped(exceptions.AdminShutdownError("terminating")))
    assert told is not None
    assert "(terminating)" in told
    assert "SELECT" not in told


def test_a_schema_that_has_just_changed_may_be_asked_again() -> None:
    error = wrapped(exceptions.InvalidCachedStatementError("cached plan"))
    assert reason_of(error) == "the schema has just changed (cached plan)"
    assert reason_of(wrapped(exceptions.FeatureNotSupportedError("no"))) is None


def test_a_lost_connection_counts_whatever_the_error_says() -> None:
    error = exceptions.InterfaceError("connection is closed")
    assert "broke" in (reason_of(wrapped(error, lost=True)) or "")
    assert reason_of(wrapped(error)) is None


@pytest.mark.parametrize(
    "fault",
    [
        exceptions.CheckViolationError("nan"),
        exceptions.UndefinedFunctionError("typo"),
        exceptions.InterfaceError("another operation is in progress"),
        sa.InvalidRequestError("misused"),
    ],
)
def test_a_fault_of_ours_stays_what_it_is(fault: Exception) -> None:
    with pytest.raises(type(fault)) as caught, translated():
        raise fault
    assert caught.value is fault


def test_a_translated_error_keeps_its_cause() -> None:
    cause = wrapped(exceptions.DeadlockDetectedError("deadlock"))
    with pytest.raises(StoreUnavailable, match="rolled back") as caught, translated():
        raise cause
    assert caught.value.__cause__ is cause


def test_what_a_column_type_refuses_comes_out_unwrapped() -> None:
    refusal = NaiveInstant("no offset")
    with pytest.raises(NaiveInstant) as caught, translated():
        raise sa.StatementError("(wrapped)", "INSERT", {}, refusal)
    assert caught.value is refusal


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.exceptions.UndefinedObjectError("unrecognized parameter"),
        asyncpg.exceptions.ClientConfigurationError("sslmode"),
        asyncpg.exceptions.TargetServerAttributeNotMatched("no primary"),
        ConnectionResetError(104, "reset"),
        TimeoutError(),
    ],
)
def test_whatever_goes_wrong_while_dialling_may_pass(error: Exception) -> None:
    with pytest.raises(StoreUnavailable) as caught, dialling():
        raise error
    assert caught.value.__cause__ is error
