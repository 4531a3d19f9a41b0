"""Copies of the database in one file, made while it is in use, and brought back whole.

The file is PostgreSQL's custom format. It holds our tables and nothing else that may
live in the same database, without owners and rights, so it can be brought back under
another user.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.postgres.client import (
    ClientFailed,
    libpq_environment,
    output_of,
    pour,
)
from adapters.postgres.database import Database
from adapters.postgres.migration import REVISIONS
from adapters.postgres.table import Row
from adapters.postgres.upgrade import LOCK_KEY

VERSION_TABLE: Final = "alembic_version"
TABLES: Final = tuple(sorted([*Row.metadata.tables, VERSION_TABLE]))
# For a table that somebody else holds for himself. Past it: nothing is done.
LOCK_WAIT_S: Final = 30
# A quarter of the time of the usual gzip:6 for a file a sixth larger; the wheel's
# programs have neither zstd nor lz4.
COMPRESSION: Final = "gzip:1"
# For counting rows and for planner statistics of the largest table there may be.
LONG_QUESTION_S: Final = 3600.0
# From here on what pg_restore writes has settings that an older server refuses.
STRICT_RESTORE_MAJOR: Final = 17
# A table in the list that pg_restore makes: "240; 1259 16385 TABLE public coin kimp".
_TABLE_LINE = re.compile(r"^\d+; \d+ \d+ TABLE (?!DATA |ATTACH )\S+ (\S+)", re.M)


class Unrestorable(Exception):
    """A file that cannot be brought back into this database; one line says why."""


@dataclass(frozen=True, slots=True)
class DumpFacts:
    """What a file says of itself: our tables in it, its schema, when and from what.

    `server_major` is the release of the server it was made from, 0: it does not say.
    """

    tables: tuple[str, ...]
    revision: str
    made: str
    server_major: int


class DatabaseDump:
    """Backs a database up into a file and restores it from one.

    `programs` is a folder of PostgreSQL programs (`embedded.bin_dir`).
    """

    def __init__(self, database: Database, programs: Path) -> None:
        self._database = database
        self._programs = programs

    async def back_up(self, file: Path) -> DumpFacts:
        """Write our tables as they are now to a file and read its contents back.

        Raises:
            ClientFailed: there are no tables of ours, the server is newer than the
                programs, or they failed.
            Unrestorable: what was written cannot be read back.
            StoreUnavailable: the database cannot be reached.
        """
        tables = await self._stored_tables()
        if not tables:
            raise ClientFailed("this database has no tables of ours: nothing to keep")
        ours, servers = await self._releases()
        if servers > ours:
            raise ClientFailed(
                f"the server is PostgreSQL {servers} and pg_dump is {ours}: name the "
                f"programs of PostgreSQL {servers} in PG_BIN"
            )
        wanted = [f"--table-and-children={name}" for name in tables.values()]
        await output_of(
            [
                self._program("pg_dump"),
                *("--format=custom", "--no-owner", "--no-privileges", "--no-password"),
                f"--lock-wait-timeout={LOCK_WAIT_S}s",
                f"--compress={COMPRESSION}",
                *wanted,
                f"--file={file}",
            ],
            self._environment(),
        )
        facts = await self.read(file)
        if lost := sorted(set(tables) - set(facts.tables)):
            raise ClientFailed(f"the file lacks the table {lost[0]}")
        return facts

    async def read(self, file: Path) -> DumpFacts:
        """Return what a file says of itself.

        Raises:
            Unrestorable: it is no backup of ours, damaged, or of a newer version.
        """
        listed = (await self._read_archive("--list", file=file)).decode(
            "utf-8", "replace"
        )
        names = _TABLE_LINE.findall(listed)
        if VERSION_TABLE not in names:
            raise Unrestorable(f"{file} is no backup of this program")
        revision = await self._revision_of(file)
        if revision not in REVISIONS:
            raise Unrestorable(
                f"{file} was written by a newer version (schema {revision}): install "
                "that version"
            )
        release = re.search(r"^;\s+Dumped from database version: (\d+)", listed, re.M)
        made = re.search(r"^; Archive created at (.+)$", listed, re.M)
        return DumpFacts(
            tables=tuple(name for name in TABLES if name in names),
            revision=revision,
            made=made[1].strip() if made else "an unknown time",
            server_major=int(release[1]) if release else 0,
        )

    async def check(self, facts: DumpFacts) -> None:
        """Raise `Unrestorable` where a file cannot be meant for this server."""
        ours, servers = await self._releases()
        if facts.server_major > servers:
            raise Unrestorable(
                f"the file comes from PostgreSQL {facts.server_major}, this server is "
                f"{servers}: use a server of that release or a newer one"
            )
        if servers < STRICT_RESTORE_MAJOR <= ours:
            raise Unrestorable(
                f"pg_restore {ours} writes what PostgreSQL {servers} does not take: "
                f"name the programs of PostgreSQL {servers} in PG_BIN"
            )

    async def users(self) -> int:
        """Return how many other sessions of this program use the database now."""
        question = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() "
            "AND application_name = current_setting('application_name')"
        )
        async with self._database.transaction() as connection:
            return int((await connection.execute(question)).scalar_one())

    async def revision(self) -> str | None:
        """Return the database's schema, None where it has none of ours."""
        tables = await self._stored_tables()
        if VERSION_TABLE not in tables:
            return None
        question = text(f"SELECT max(version_num) FROM {tables[VERSION_TABLE]}")  # noqa: S608 - the server's own spelling of our table
        async with self._database.transaction() as connection:
            found: str | None = (await connection.execute(question)).scalar_one()
            return found

    async def count_rows(self) -> dict[str, int]:
        """Return the rows of each of our tables that are there, partitions included."""
        tables = await self._stored_tables()
        async with self._database.transaction(timeout_s=LONG_QUESTION_S) as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            return {
                name: await _count(connection, spelling)
                for name, spelling in tables.items()
            }

    async def restore(self, file: Path) -> None:
        """Put the file's tables in place of ours: all of them, or nothing is changed.

        Servers that start meanwhile wait for it before they look at the schema.

        Raises:
            ClientFailed: a program or the server refused; everything is as it was.
        """
        dropped = ", ".join((await self._stored_tables()).values())
        first = f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'; "
        first += f"SELECT pg_advisory_xact_lock({LOCK_KEY}); "
        first += f"DROP TABLE {dropped};" if dropped else ""
        reading = [
            *(self._program("pg_restore"), "--no-owner", "--no-privileges"),
            *("--file=-", str(file)),
        ]
        writing = [
            *(self._program("psql"), "--no-psqlrc", "--quiet"),
            *("--no-password", "--set=ON_ERROR_STOP=1"),
            *("--command=BEGIN", f"--command={first}", "--file=-"),
        ]
        # Only once all of the file was read without a fault: without this word the
        # server rolls everything back, whoever died on the way.
        await pour(reading, writing, self._environment(), last=b"\nCOMMIT;\n")

    async def analyze(self) -> None:
        """Renew the planner's statistics of our tables."""
        tables = await self._stored_tables()
        async with self._database.transaction(timeout_s=LONG_QUESTION_S) as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            for spelling in tables.values():
                await connection.execute(text(f"ANALYZE {spelling}"))

    async def _stored_tables(self) -> dict[str, str]:
        """Return our tables that are there, with schema and quotes as SQL has them."""
        question = text(
            "SELECT c.relname, format('%I.%I', n.nspname, c.relname) AS spelling "
            "FROM unnest(CAST(:names AS text[])) AS wanted(name) "
            "JOIN pg_class c ON c.oid = to_regclass(quote_ident(wanted.name)) "
            "JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1"
        )
        async with self._database.transaction() as connection:
            rows = await connection.execute(question, {"names": list(TABLES)})
            return {row.relname: row.spelling for row in rows}

    async def _releases(self) -> tuple[int, int]:
        """Return the majors of the client programs and of the server."""
        command = [self._program("pg_dump"), "--version"]
        told = (await output_of(command, os.environ)).decode("ascii", "replace")
        found = re.search(r"\(PostgreSQL\) (\d+)", told)
        if found is None:
            raise ClientFailed(f"{command[0]} is no pg_dump ({told.strip()})")
        question = text("SELECT current_setting('server_version_num')")
        async with self._database.transaction() as connection:
            number = (await connection.execute(question)).scalar_one()
        return int(found[1]), int(number) // 10_000

    async def _revision_of(self, file: Path) -> str:
        listed = await self._read_archive(
            "--data-only", f"--table={VERSION_TABLE}", "--file=-", file=file
        )
        copied = re.search(rb"^COPY [^\n]*;\n([^\n]*)\n", listed, re.MULTILINE)
        return copied[1].decode("utf-8", "replace") if copied else "none"

    async def _read_archive(self, *arguments: str, file: Path) -> bytes:
        command = [self._program("pg_restore"), *arguments, str(file)]
        try:
            return await output_of(command, self._environment())
        except ClientFailed as exc:
            raise Unrestorable(f"{file} cannot be read as a backup ({exc})") from exc

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _environment(self) -> Mapping[str, str]:
        return libpq_environment(self._database.url.dsn)


async def _count(connection: AsyncConnection, spelling: str) -> int:
    question = text(f"SELECT count(*) FROM {spelling}")  # noqa: S608 - the server's own spelling of our table
    return int((await connection.execute(question)).scalar_one())
