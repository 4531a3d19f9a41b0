"""Days missed while nobody ran are made from the minutes of their own instants."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest

from tests.e2e.history.command import Bench
from tests.e2e.history.missed_day import (
    KNOWN,
    MISSED,
    WRONG,
    evidence,
    insert_known,
    missed_bench,
    wait_caught_up,
)
from tests.e2e.history.question import PAGE, SNAPSHOT, snapshots, snapshots_on
from tests.e2e.history.venue import HistoryWorld
from tests.e2e.semantics.server import Server
from tests.e2e.semantics.test_argument import is_bad_input


@dataclass(frozen=True)
class Caught:
    """The server after it caught up."""

    server: Server
    world: HistoryWorld
    bench: Bench


@pytest.fixture(scope="module")
def caught(
    tmp_path_factory: pytest.TempPathFactory, module_url: str
) -> Iterator[Caught]:
    with HistoryWorld() as world:
        bench = missed_bench(tmp_path_factory.mktemp("caught"), module_url, world)
        # The first start finds an empty database: there is nothing to catch up on.
        with bench.serve() as server:
            server.wait_live("BTC")
        insert_known(bench, world)
        with bench.serve() as server:
            wait_caught_up(server, world)
            yield Caught(server, world, bench)


def test_an_empty_database_is_not_filled_with_days_before_it(caught: Caught) -> None:
    assert snapshots_on(caught.server, "2026-11-13") == {}


@pytest.mark.parametrize("day", MISSED)
def test_a_missed_day_is_what_the_minutes_of_its_end_say(
    caught: Caught, day: str
) -> None:
    rows = snapshots_on(caught.server, day)
    assert len(rows) == 6
    for symbol, row in rows.items():
        wanted = evidence(caught.world, symbol, day)
        assert {name: row[name] for name in wanted} == wanted, (symbol, day)
        assert row["takenAt"] == f"{day}T15:00:00Z"
        assert row["revision"] == 1
        assert row["date"] == day


def test_right_rows_stay_at_revision_1_and_are_verified(caught: Caught) -> None:
    rows = snapshots_on(caught.server, KNOWN)
    for symbol in ("BTC", "DOGE", "SATS", "USDT"):
        assert rows[symbol]["revision"] == 1, rows[symbol]
        assert rows[symbol]["verifiedAt"] is not None
        wanted = evidence(caught.world, symbol, KNOWN)
        assert {name: rows[symbol][name] for name in wanted} == wanted


def test_wrong_rows_are_amended_once_with_what_from_to_and_why(caught: Caught) -> None:
    rows = snapshots_on(caught.server, KNOWN)
    audit = caught.bench.rows("SELECT * FROM snapshot_audit ORDER BY id")
    for symbol, wrong in WRONG.items():
        assert rows[symbol]["revision"] == 2
        assert rows[symbol]["verifiedAt"] is not None
        wanted = evidence(caught.world, symbol, KNOWN)
        assert {name: rows[symbol][name] for name in wanted} == wanted
        ((name, was),) = wrong.items()
        entry = next(e for e in audit if e["symbol"] == symbol and e["field"] == name)
        assert Decimal(entry["was"]) == was
        key = {"domestic_price": "domesticPrice", "global_price": "globalPrice"}[name]
        assert entry["became"] == wanted[key]
        assert entry["revision"] == 2
        assert entry["reason"] == "MINUTE_EVIDENCE"
    assert {entry["symbol"] for entry in audit} == set(WRONG)


def test_another_start_changes_nothing(caught: Caught) -> None:
    before = {day: snapshots_on(caught.server, day) for day in (KNOWN, *MISSED)}
    audits = caught.bench.value("SELECT count(*) FROM snapshot_audit")
    own = caught.bench.folder / "second"
    second = Bench(own, caught.bench.settings, caught.bench.shift_s)
    with second.serve() as server:
        server.wait_live("BTC")
        assert {day: snapshots_on(server, day) for day in before} == before
    assert caught.bench.value("SELECT count(*) FROM snapshot_audit") == audits


def test_both_ends_of_a_coins_snapshots_are_in(caught: Caught) -> None:
    def dates(words: str) -> list[str]:
        return [row["date"] for row in snapshots(caught.server, "BTC", words)]

    whole = [KNOWN, *MISSED]
    assert dates("") == whole
    assert dates('from: "2026-11-15", to: "2026-11-16"') == MISSED[:2]
    assert dates('from: "2026-11-16"') == MISSED[1:]
    assert dates('to: "2026-11-14"') == [KNOWN]
    assert dates("direction: DESC") == whole[::-1]
    assert dates('direction: DESC, from: "2026-11-15", to: "2026-11-15"') == [MISSED[0]]
    assert dates("from: null, to: null, first: null, after: null") == whole
    assert dates('from: "2030-01-01"') == []


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_a_coins_snapshots_come_in_pages(caught: Caught, direction: str) -> None:
    found: list[str] = []
    after = ""
    while True:
        text = f"first: 1, direction: {direction}{after}"
        told = caught.server.ask(
            f'{{ coin(symbol: "BTC") {{ dailySnapshots({text})'
            f" {{ edges {{ node {{ date }} }} {PAGE} }} }} }}"
        )["coin"]["dailySnapshots"]
        found.extend(edge["node"]["date"] for edge in told["edges"])
        if not told["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{told["pageInfo"]["endCursor"]}"'
    assert found == sorted([KNOWN, *MISSED], reverse=direction == "DESC")


def test_a_day_comes_in_pages_by_symbol(caught: Caught) -> None:
    found: list[str] = []
    after = ""
    while True:
        told = caught.server.ask(
            f'{{ dailySnapshots(date: "{MISSED[0]}", first: 4{after})'
            f" {{ edges {{ cursor node {{ {SNAPSHOT} }} }} {PAGE} }} }}"
        )["dailySnapshots"]
        found.extend(edge["node"]["symbol"] for edge in told["edges"])
        if not told["pageInfo"]["hasNextPage"]:
            break
        after = f', after: "{told["pageInfo"]["endCursor"]}"'
    assert found == ["BTC", "DOGE", "ETH", "SATS", "USDT", "XRP"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ('from: "2026-11-17", to: "2026-11-15"', ("from", "to")),
        ("first: 0", ("first", "1000")),
        ("first: 1001", ("first", "1000")),
        ('after: "nonsense"', ("after",)),
        ('from: "2026-11-31"', ()),
        ('from: "2026-11-15T00:00:00Z"', ()),
        ('from: "20261115"', ()),
        ("from: 20261115", ()),
    ],
)
def test_wrong_arguments_are_named(
    caught: Caught, words: str, names: tuple[str, ...]
) -> None:
    text = f'{{ coin(symbol: "BTC") {{ dailySnapshots({words}) {{ __typename }} }} }}'
    is_bad_input(caught.server.error(text), *names)


def test_cursors_of_other_questions_are_refused(caught: Caught) -> None:
    day = caught.server.ask(
        f'{{ dailySnapshots(date: "{MISSED[0]}", first: 1) {{ {PAGE} }} }}'
    )["dailySnapshots"]["pageInfo"]["endCursor"]
    other = f'{{ dailySnapshots(date: "{KNOWN}", after: "{day}") {{ __typename }} }}'
    is_bad_input(caught.server.error(other), "after")
    coin = (
        f'{{ coin(symbol: "BTC") {{ dailySnapshots(after: "{day}")'
        " { __typename } } }"
    )
    is_bad_input(caught.server.error(coin), "after")


def test_a_day_without_snapshots_is_empty(caught: Caught) -> None:
    for day in ("2020-01-01", "2026-11-18", "2999-12-31"):
        assert snapshots_on(caught.server, day) == {}
