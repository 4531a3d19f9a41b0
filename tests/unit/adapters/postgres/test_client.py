"""How PostgreSQL's own programs are told where the database is, and run."""

import os
import sys
from pathlib import Path

import pytest

from adapters.postgres.client import (
    ClientFailed,
    complaint_of,
    libpq_environment,
    output_of,
    pour,
)
from adapters.postgres.url import parse_url


def variables(url: str) -> dict[str, str]:
    told = libpq_environment(parse_url(url).dsn, {})
    return {name: value for name, value in told.items() if name.startswith("PG")}


def test_every_part_of_an_address_reaches_libpq_by_the_environment() -> None:
    told = variables("postgres://me%40x:s%2Fcret@db.example:6543/kimp?sslmode=require")
    assert told == {
        "PGUSER": "me@x",
        "PGPASSWORD": "s/cret",
        "PGHOST": "db.example",
        "PGPORT": "6543",
        "PGDATABASE": "kimp",
        "PGSSLMODE": "require",
        "PGAPPNAME": "kimchi-premium",
        "PGCONNECT_TIMEOUT": "10",
    }


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("postgresql://a,b:6000/kimp", "a,b", ",6000"),
        ("postgresql://[::1]:6000/kimp", "::1", "6000"),
        ("postgresql://[::1]/kimp", "::1", None),
        ("postgresql:///kimp?host=/a%20b&port=5433", "/a b", "5433"),
        ("postgresql:///kimp", None, None),
    ],
)
def test_hosts_and_sockets_in_every_spelling(
    url: str, host: str | None, port: str | None
) -> None:
    told = variables(url)
    assert (told.get("PGHOST"), told.get("PGPORT")) == (host, port)


def test_the_database_may_stand_in_a_parameter() -> None:
    assert variables("postgresql://h?database=kimp")["PGDATABASE"] == "kimp"


def test_a_search_path_goes_with_the_options() -> None:
    told = variables("postgresql://h/kimp?options=-c%20jit%3Doff&search_path=mine")
    assert told["PGOPTIONS"] == "-c jit=off -c search_path=mine"


def test_the_rest_of_the_environment_stays() -> None:
    told = libpq_environment(parse_url("postgresql://h/kimp").dsn, {"HOME": "/me"})
    assert told["HOME"] == "/me"


def test_a_password_of_a_key_file_is_refused_and_not_repeated() -> None:
    dsn = parse_url("postgresql://h/kimp?sslpassword=secret").dsn
    with pytest.raises(ClientFailed, match="sslpassword") as caught:
        libpq_environment(dsn, {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("printed", "complaint"),
    [
        (b"pg_dump: error: connection failed\n", "connection failed"),
        (b"psql:<stdin>:7: ERROR:  no such\ttable\nCONTEXT: x\n", "no such table"),
        (b"pg_dump: warning: odd\npg_dump: error: bad\n", "bad"),
        (b"no such library\n", "no such library"),
        (b"", "without a word"),
    ],
)
def test_a_complaint_is_one_line(printed: bytes, complaint: str) -> None:
    assert complaint_of(printed) == complaint


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


async def test_a_program_that_fails_is_an_error_with_its_words() -> None:
    with pytest.raises(ClientFailed, match=r"^broken$"):
        await output_of(python("import sys; sys.exit('error: broken')"), os.environ)


async def test_one_program_is_poured_into_another_with_a_last_word() -> None:
    check = "import sys; sys.exit(0 if sys.stdin.read() == 'all of it\\nend' else 'no')"
    await pour(python("print('all of it')"), python(check), os.environ, last=b"end")


async def test_without_the_last_word_where_the_first_one_fails(tmp_path: Path) -> None:
    took = tmp_path / "took"
    first = python("print('half', flush=True); raise SystemExit('damaged')")
    second = python(
        "import pathlib, sys; told = sys.stdin.read(); "
        f"'end' in told and pathlib.Path({str(took)!r}).touch()"
    )
    with pytest.raises(ClientFailed, match="damaged"):
        await pour(first, second, os.environ, last=b"end")
    assert not took.exists()


async def test_a_second_program_that_ends_early_is_an_error() -> None:
    endless = python("import sys\nwhile True: sys.stdout.write('x' * 65536)")
    with pytest.raises(ClientFailed, match="refused"):
        await pour(
            endless, python("raise SystemExit('refused')"), os.environ, last=b"end"
        )
