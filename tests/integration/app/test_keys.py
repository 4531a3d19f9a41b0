"""`kimp keys` on a real database, as a person and as a script use it."""

import asyncio
from typing import Any

import pytest

from adapters.memory.clock import FakeClock
from adapters.postgres.database import Database
from adapters.postgres.key_repository import PostgresKeyRepository
from app.cli import main
from app.command import keys as command
from domain.model.access import id_of
from domain.services.key_service import KeyService, WrongKey


@pytest.fixture
def kimp(
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Run `kimp keys …`; return its exit code and what it printed."""
    monkeypatch.setenv("KIMP_DATABASE__URL", postgres_url)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["keys", *words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def is_known(url: str, token: str) -> bool:
    """Whether a server on this database takes a key."""

    async def ask() -> bool:
        database = Database(url)
        # Made by the machine's clock, looked at by one that stands long before.
        service = KeyService(PostgresKeyRepository(database), FakeClock())
        await service.look()
        await database.close()
        try:
            return service.find(token).id == id_of(token)
        except WrongKey:
            return False

    return asyncio.run(ask())


def test_a_key_is_made_shown_once_listed_and_revoked(
    kimp: Any, postgres_url: str
) -> None:
    code, out, _ = kimp("list")
    assert (code, "there are no keys" in out) == (0, True)
    code, out, err = kimp(
        "create",
        "My app",
        "--scopes",
        "read",
        "--rate",
        "50",
        "--expires",
        "9999-12-30",
    )
    token = out.removesuffix("\n")
    name = id_of(token)
    assert (code, name is not None) == (0, True)
    assert f"the key {name} of My app" in err
    assert token not in err
    assert is_known(postgres_url, token)
    code, out, err = kimp("list")
    head, row = out.splitlines()
    assert head.split() == [
        "ID",
        "NAME",
        "SCOPES",
        "LIMITS",
        "CREATED",
        "EXPIRES",
        "LAST",
        "USED",
    ]
    assert row.startswith(f"{name}  My app  read    rate=50  ")
    assert "9999-12-30" in row
    assert token.rpartition("_")[2] not in out + err
    code, out, _ = kimp("revoke", str(name))
    assert (code, out) == (0, f"kimp: the key {name} is revoked\n")
    assert not is_known(postgres_url, token)
    assert "no keys" in kimp("list")[1]
    assert kimp("list", "--all")[1].splitlines()[1].endswith("revoked")


def test_whoever_has_the_key_at_hand_may_revoke_by_it(
    kimp: Any, postgres_url: str
) -> None:
    token = kimp("create", "x")[1].strip()
    code, out, err = kimp("revoke", token)
    assert code == 0
    assert token not in out + err
    assert not is_known(postgres_url, token)


def test_what_is_no_key_cannot_be_revoked_and_is_not_repeated(kimp: Any) -> None:
    code, _, err = kimp("revoke", "nobody")
    assert (code, "no key has the ID nobody" in err) == (1, True)
    token = kimp("create", "x")[1].strip()
    code, _, err = kimp("revoke", token[:-1])
    assert (code, "no key has this ID" in err) == (1, True)
    assert token[:-1] not in err


def test_a_key_that_would_never_work_is_not_made(kimp: Any) -> None:
    code, out, err = kimp("create", "x", "--expires", "2020-01-01")
    assert (code, out) == (2, "")
    assert "--expires 2020-01-01 is past" in err
    assert "no keys" in kimp("list", "--all")[1]


def test_there_are_not_more_keys_than_a_server_holds(
    kimp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "MAX_KEYS", 1)
    first = id_of(kimp("create", "a")[1].strip())
    code, out, err = kimp("create", "b")
    assert (code, out) == (1, "")
    assert "there are 1 keys" in err
    kimp("revoke", str(first))
    assert kimp("create", "b")[0] == 0


def test_a_database_that_is_away_is_told_in_one_line(
    kimp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = "postgresql://kimp@/kimp?host=/nowhere"
    monkeypatch.setenv("KIMP_DATABASE__URL", nowhere)
    for words in (("list",), ("create", "x"), ("revoke", "x")):
        code, out, err = kimp(*words)
        assert (code, out) == (1, "")
        assert err.splitlines()[-1].startswith("kimp: ")
