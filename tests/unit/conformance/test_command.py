import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.environment import CannotBuild
from conformance import command, environment, server, stock
from conformance.audit import Audit
from conformance.case import Client, ClientFailed, Place, Row, Told
from conformance.client import CLIENTS

ROW = Row("gql", "4.4.0", "HTTP", ("query",), ())
AUDIT = Audit("A", "MUST be", None)

Found = tuple[list[Row], list[Audit], list[Audit]]


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command finds and puts its page."""
    path = tmp_path / "CONFORMANCE.md"
    monkeypatch.setattr(command, "DOCUMENT", path)
    return path


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the command measure this."""

    def let(*rows: Row, audits: Sequence[Audit] = (AUDIT,)) -> None:
        found: Found = (list(rows), list(audits), list(audits))
        monkeypatch.setattr(command, "measure", lambda _names, _cases: found)

    return let


def test_the_whole_table_is_written(
    document: Path, finds: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    finds(ROW)
    assert command.main([]) == 0
    assert "| gql | 4.4.0 | HTTP | query | pass |" in document.read_text()
    assert capsys.readouterr().out == "1 of 1 rows, 1 of 1 audits pass\n"


def test_a_true_document_passes_the_check(
    document: Path, finds: Callable[..., None]
) -> None:
    finds(ROW)
    command.main([])
    assert command.main(["--check"]) == 0


def test_a_document_that_differs_fails_the_check_with_the_difference(
    document: Path, finds: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    finds(ROW)
    command.main([])
    before = document.read_text()
    finds(dataclasses.replace(ROW, version="5.0.0"))
    assert command.main(["--check"]) == 1
    told = capsys.readouterr().out
    assert "-| gql | 4.4.0 | HTTP | query | pass |" in told
    assert "+| gql | 5.0.0 | HTTP | query | pass |" in told
    assert document.read_text() == before


def test_a_missing_document_fails_the_check(
    document: Path, finds: Callable[..., None]
) -> None:
    finds(ROW)
    assert command.main(["--check"]) == 1
    assert not document.exists()


def test_some_clients_are_shown_and_not_written(
    document: Path, finds: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    finds(ROW)
    assert command.main(["--client", "gql"]) == 0
    assert "| gql | 4.4.0 |" in capsys.readouterr().out
    assert not document.exists()


@pytest.mark.parametrize(
    ("row", "audit"),
    [
        (dataclasses.replace(ROW, failures=("query: no",)), AUDIT),
        (ROW, dataclasses.replace(AUDIT, failure="error: no")),
    ],
)
def test_a_failure_is_written_and_fails_the_command(
    document: Path, finds: Callable[..., None], row: Row, audit: Audit
) -> None:
    finds(row, audits=[audit])
    assert command.main([]) == 1
    assert "**FAIL**" in document.read_text()


def test_a_client_that_cannot_be_had_is_told_and_nothing_is_written(
    document: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(_names: Sequence[str], _cases: int) -> Found:
        raise CannotBuild("no Node.js with npm here")

    monkeypatch.setattr(command, "measure", fail)
    assert command.main([]) == 1
    assert capsys.readouterr().err == "conformance: no Node.js with npm here\n"
    assert not document.exists()


@contextmanager
def _serving(**settings: str) -> Iterator[str]:
    yield "closed" if settings else "open"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Servers and clients that are none; gives the addresses that were audited."""
    audited: list[str] = []

    def audits(_node: Path, url: str) -> list[Audit]:
        audited.append(url)
        return [AUDIT]

    def run(place: Place) -> Iterator[Told]:
        yield "HTTP", "query", None if place.cases == 7 else "cases"
        if place.closed_url != "closed":
            raise ClientFailed("no closed server")

    client = Client("gql", "4.4.0", {"HTTP": ("query",)}, run)
    monkeypatch.setattr(command, "CLIENTS", (client,))
    monkeypatch.setattr(command, "audits", audits)
    monkeypatch.setattr(environment, "node_folder", lambda: tmp_path)
    monkeypatch.setattr(server, "serving", _serving)
    monkeypatch.setattr(stock, "serving", _serving)
    return audited


def test_clients_are_asked_by_name_with_the_number_of_cases(world: list[str]) -> None:
    assert command.measure(["gql"], 7) == ([ROW], [], [])
    assert world == []


def test_audits_are_of_ours_and_of_stock(world: list[str]) -> None:
    assert command.measure([command.AUDITS], 7) == ([], [AUDIT], [AUDIT])
    assert world == ["open", "open"]


def test_every_client_can_be_named() -> None:
    names = [client.name for client in CLIENTS]
    assert len(set(names)) == len(names)
    assert command.AUDITS not in names
