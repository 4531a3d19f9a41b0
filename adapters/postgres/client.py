"""PostgreSQL's own client programs, run on a database of ours.

No address and no password ever stands on a command line, where every user of the
machine could read it: libpq takes them from the environment.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import IO, Final
from urllib.parse import parse_qsl, unquote, urlsplit

# For a program to end by itself when it is told to. Past it: killed.
STOP_TIMEOUT_S: Final = 5.0
_ERROR: Final = re.compile(r"\berror: +", re.IGNORECASE)
# What libpq calls the parameters of an address (manual, "Environment Variables").
_VARIABLES: Final = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "sslmode": "PGSSLMODE",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "krbsrvname": "PGKRBSRVNAME",
    "gsslib": "PGGSSLIB",
    "application_name": "PGAPPNAME",
    "options": "PGOPTIONS",
}


class ClientFailed(Exception):
    """A client program is missing or did not do its work; one line says why."""


def libpq_environment(
    dsn: str, environment: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Return the environment in which libpq finds what the address says.

    `dsn` is the address as the driver has it (`DatabaseUrl.dsn`).

    Raises:
        ClientFailed: the address has a password for its key file, which libpq takes
            from an address only.
    """
    parameters = dict(_parameters(dsn))
    if "sslpassword" in parameters:
        raise ClientFailed(
            "the database URL has an sslpassword, which PostgreSQL's own programs take "
            "on a command line only: use a key without one for this"
        )
    schema = parameters.pop("search_path", None)
    if schema is not None:
        before = parameters.get("options", "")
        parameters["options"] = f"{before} -c search_path={schema}".strip()
    ours = {_VARIABLES[name]: value for name, value in parameters.items()}
    # Messages are read by us: in English, whatever the user's language is.
    return {**environment, **ours, "LC_ALL": "C", "PGCONNECT_TIMEOUT": "10"}


@asynccontextmanager
async def started(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdin: int | IO[bytes] = asyncio.subprocess.DEVNULL,
    stdout: int | IO[bytes] = asyncio.subprocess.DEVNULL,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program for as long as the block lasts; its stderr is a pipe.

    Raises:
        ClientFailed: there is no such program.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            stdin=stdin,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
            # Ctrl+C is for us, and we end it in order.
            start_new_session=True,
        )
    except OSError as exc:
        raise ClientFailed(
            f"{command[0]} does not run ({exc.strerror}): name a folder with all of "
            "PostgreSQL's programs in PG_BIN"
        ) from exc
    try:
        yield process
    finally:
        await _end(process)


async def output_of(command: Sequence[str], environment: Mapping[str, str]) -> bytes:
    """Run a program to its end and return what it printed.

    Raises:
        ClientFailed: it ended with another code than 0.
    """
    pipe = asyncio.subprocess.PIPE
    async with started(command, environment, stdout=pipe) as process:
        printed, complaints = await process.communicate()
    _raise_failure(process, complaints)
    return printed


async def pour(
    source: Sequence[str],
    target: Sequence[str],
    environment: Mapping[str, str],
    *,
    last: bytes,
) -> None:
    """Run a program into the standard input of another, and end that with LAST.

    Without a fault of the first one only: else the second is ended without it.

    Raises:
        ClientFailed: one of them ended with another code than 0.
    """
    reading_end, writing_end = os.pipe()
    with (
        os.fdopen(reading_end, "rb", 0) as drain,
        os.fdopen(writing_end, "wb", 0) as tap,
    ):
        async with (
            started(target, environment, stdin=drain) as taking,
            started(source, environment, stdout=tap) as giving,
        ):
            drain.close()
            told = asyncio.create_task(taking.communicate(), name="client.target")
            done = asyncio.create_task(giving.communicate(), name="client.source")
            try:
                await asyncio.wait([done, told], return_when=asyncio.FIRST_COMPLETED)
                if not told.done():
                    _raise_failure(giving, (await done)[1])
                    with suppress(BrokenPipeError):
                        await asyncio.to_thread(tap.write, last)
                tap.close()
                _raise_failure(taking, (await told)[1])
            finally:
                told.cancel()
                done.cancel()


def complaint_of(printed: bytes) -> str:
    """Return what a program complained of first, as one line without its own name."""
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    grave = [line for line in lines if _ERROR.search(line)] or lines
    return _ERROR.split(" ".join(grave[0].split()))[-1] if grave else "without a word"


def _raise_failure(process: asyncio.subprocess.Process, complaints: bytes) -> None:
    if process.returncode:
        raise ClientFailed(complaint_of(complaints))


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _parameters(dsn: str) -> Iterator[tuple[str, str]]:
    parts = urlsplit(dsn)
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        yield {"database": "dbname"}.get(name, name), value
    account, _, hosts = parts.netloc.rpartition("@")
    user, colon, password = account.partition(":")
    if user:
        yield "user", unquote(user)
    if colon:
        yield "password", unquote(password)
    if hosts:
        yield "host", ",".join(_host(each) for each in hosts.split(","))
        ports = [_port(each) for each in hosts.split(",")]
        if any(ports):
            yield "port", ",".join(ports)
    if database := unquote(parts.path.removeprefix("/")):
        yield "dbname", database


def _host(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def _port(text: str) -> str:
    return text.rpartition("]")[2].rpartition(":")[2] if _has_port(text) else ""


def _has_port(text: str) -> bool:
    return ":" in text.rpartition("]")[2]
