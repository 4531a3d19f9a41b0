"""A venue that is wholly away, from the start or for long: all that is known stays.

The breaker is made quick here, so that half a minute is like an hour: it has opened
and every loop of ours has come to its steady wait.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import (
    RECOVERY_LIMIT_S,
    SIDES,
    SLACK_S,
    STALE,
    Play,
    ask_everything,
    checks,
    kimp,
    side_by_side,
    upstreams,
    watching,
)
from tests.e2e.outage.stage import Stage, vanishing
from tests.e2e.semantics.server import until

# design.md: a dead venue is asked once in 4 s per channel, after the first few tries.
STEADY_S = 4.0
STEADY_AFTER_S = 6.0
WATCHED_S = 7.0
QUICK_BREAKER = {"KIMP_RESILIENCE__BREAKER_FAILURES": "2"}


def lose(stage: Stage, name: str) -> None:
    """Let nothing of a venue answer: connections vanish without a word."""
    script = stage.scripts[name]
    script.rest[""] = vanishing
    script.handshake = vanishing
    stage.do(stage.venue(name).cut())


def tells_when(told: dict[str, Any], name: str) -> bool:
    """Return whether health says that a venue is away, and when it is asked again."""
    rest, stream = told[f"{name}.rest"], told[f"{name}.stream"]
    return (
        rest["status"] == stream["status"] == "UNAVAILABLE"
        and rest["breaker"] == "OPEN"
        and rest["retryAt"] is not None
        and stream["retryAt"] is not None
    )


@contextmanager
def one_each(
    folder: Path, postgres: PostgresServer, *, lost: bool
) -> Iterator[dict[str, Play]]:
    """Run a server for each venue that is lost, from its start on or later."""
    with ExitStack() as stack:
        plays = {}
        for name in SIDES:
            stage = stack.enter_context(Stage())
            if lost:
                lose(stage, name)
            server = stack.enter_context(kimp(folder, stage, postgres, **QUICK_BREAKER))
            plays[name] = Play(server, stage)
        yield plays


def is_well(play: Play, name: str) -> bool:
    """Return whether health says that a venue is back."""
    told = upstreams(play.server)
    return {told[f"{name}.{c}"]["status"] for c in ("rest", "stream")} == {"HEALTHY"}


def board_without(play: Play, name: str) -> Any:
    """Check what the board says while a venue is away; return BTC's premium."""
    (other,) = set(SIDES) - {name}
    data = ask_everything(play.server)
    premium = data["premium"]
    assert (premium["quality"], premium["reason"]) == ("STALE", STALE[name])
    assert premium["percent"] is not None
    assert premium[SIDES[other]]["quality"] == "LIVE"
    assert premium[SIDES[name]]["price"] is not None
    assert data["premiums"]["summary"]["live"] == 0
    assert data["health"]["status"] == "DEGRADED"
    return premium


def asked_rarely(play: Play, name: str, since_s: float) -> None:
    """Check that a dead venue was asked in its steady pace, on both channels."""
    script = play.stage.scripts[name]
    polls = [request.at_s for request in script.since(since_s)]
    for times in (polls, script.dials_since(since_s)):
        assert 1 <= len(times) <= WATCHED_S / STEADY_S + 2, times


def away_for_long(play: Play, name: str) -> None:
    """Lose a venue, watch the board without it, and let it return."""
    server, stage = play.server, play.stage
    (other,) = set(SIDES) - {name}
    with watching(server) as diary:
        lost_s = time.monotonic()
        lose(stage, name)
        server.premium_when("BTC", lambda p: p["reason"] == STALE[name])
        until(lambda: tells_when(upstreams(server), name), "health tells", 15.0)
        held = board_without(play, name)
        while time.monotonic() < lost_s + STEADY_AFTER_S + WATCHED_S:
            assert board_without(play, name)["percent"] == held["percent"]
        # The other leg moves; the numbers stay those of two fresh legs.
        stage.push(other, "BTC", "40000")
        moved = server.at_price("BTC", "40000", SIDES[other])
        assert moved["percent"] == held["percent"]
        spelled = checks(server)[f"{name}.rest"]
        assert spelled["circuit_breaker_state"] in ("open", "half-open")
        last = datetime.fromisoformat(spelled["last_success_at"])
        assert last.timestamp() < time.time() - WATCHED_S
        asked_rarely(play, name, lost_s + STEADY_AFTER_S)
        back_s, limit_s = time.monotonic(), RECOVERY_LIMIT_S + SLACK_S
        stage.revive(name)
        diary.first(back_s, lambda p: p["quality"] == "LIVE", "all is LIVE", limit_s)
        until(lambda: is_well(play, name), "health says so", limit_s)
        assert all(diary.goes_forward(side) for side in SIDES.values())


@pytest.mark.slow
def test_a_venue_away_for_long_costs_only_what_it_alone_knows(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with one_each(tmp_path, postgres_server, lost=False) as plays:
        for play in plays.values():
            play.heal()
        side_by_side(lambda name: away_for_long(plays[name], name))


def away_from_the_start(play: Play, name: str) -> None:
    """Watch an empty board without a venue, and let it come."""
    server = play.server
    began_s, data = time.monotonic(), ask_everything(server)
    while time.monotonic() < began_s + WATCHED_S:
        data = ask_everything(server)
        if name == "upbit":
            assert data["premium"] is None, "no coin is known"
            assert data["coins"]["totalCount"] == 0
        elif data["premium"] is not None:
            premium = data["premium"]
            assert (premium["quality"], premium["percent"]) == ("UNAVAILABLE", None)
            # The listings of that venue are not known: not NO_GLOBAL_MARKET.
            assert premium["reason"] in ("DOMESTIC_MISSING", "GLOBAL_MISSING")
    told = upstreams(server)
    assert told[f"{name}.rest"]["status"] == "UNAVAILABLE"
    assert told[f"{name}.rest"]["retryAt"] is not None
    if name == "binance":
        assert data["premium"]["domestic"]["quality"] == "LIVE"
    play.stage.revive(name)
    limit_s = RECOVERY_LIMIT_S + SLACK_S
    server.premium_when("BTC", lambda p: p["quality"] == "LIVE", "all LIVE", limit_s)


@pytest.mark.slow
def test_a_venue_away_from_the_first_start_on_is_back_within_seconds(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with one_each(tmp_path, postgres_server, lost=True) as plays:
        side_by_side(lambda name: away_from_the_start(plays[name], name))


def test_both_venues_away_leave_the_board_as_it_was(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with Stage() as stage, kimp(tmp_path, stage, postgres_server) as server:
        play = Play(server, stage)
        play.heal()
        before = server.board()
        for name in SIDES:
            lose(stage, name)
        server.premium_when("BTC", lambda p: p["reason"] == "DOMESTIC_STALE")
        after = server.board()
        assert set(after) == set(before)
        for symbol, premium in after.items():
            held = before[symbol]
            assert premium["quality"] != "LIVE"
            assert (premium["percent"] is None) == (held["percent"] is None)
        ask_everything(server)
        assert server.get("/ready")[0] == 200
        back_s = time.monotonic()
        for name in SIDES:
            stage.revive(name)
        limit_s = RECOVERY_LIMIT_S + SLACK_S
        for symbol in ("BTC", "ETH", "DOGE"):
            server.premium_when(
                symbol,
                lambda p: p["quality"] == "LIVE",
                "LIVE",
                max(0.1, back_s + limit_s - time.monotonic()),
            )
