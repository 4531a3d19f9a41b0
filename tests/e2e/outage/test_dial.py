"""Lost, refused and hanging connections: dialled by the schedule, never a storm.

The planned renewal before Binance's 24 hours has no setting that would make it short:
tests/unit/adapters/resilience/test_dialer_renewal.py turns the clock.
"""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import pytest

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import (
    CUT_LIMIT_S,
    RECOVERY_LIMIT_S,
    SIDES,
    SLACK_S,
    Play,
    checks,
    kimp,
    serves,
    upstreams,
    watching,
)
from tests.e2e.outage.stage import Script, Stage, hanging, saying
from tests.e2e.semantics.server import until
from tests.e2e.semantics.venue import stamp_ms

# design.md: first at once, then these waits; jitter only lengthens them, by a tenth.
WAITS_S: Final = (0.5, 1.0, 2.0, 4.0)
JITTER: Final = 0.1
EARLY_S: Final = 0.05
VENUES: Final = ("upbit", "binance")


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("dial")
    with Stage() as stage, kimp(folder, stage, postgres_server) as server:
        yield Play(server, stage)


@pytest.fixture
def play(running: Play) -> Play:
    running.heal()
    return running


@pytest.mark.parametrize("name", VENUES)
def test_a_cut_is_over_within_three_seconds_and_the_other_venue_sees_nothing(
    play: Play, name: str
) -> None:
    stage = play.stage
    (other,) = set(VENUES) - {name}
    (theirs,) = stage.scripts[other].open
    with watching(play.server) as diary:
        began_s = time.monotonic()
        stage.do(stage.venue(name).cut())
        # STALE may be too short to be seen: a reconnect can be quicker than a tick.
        until(lambda: stage.scripts[name].dials_since(began_s), "dialled")
        play.wait_primary(name, CUT_LIMIT_S + SLACK_S)
        assert len(stage.scripts[name].open) == 1
        told = {p[SIDES[other]]["quality"] for _, p in diary.pages}
    assert told == {"LIVE"}
    assert stage.scripts[other].open == [theirs]
    assert len(stage.scripts[name].dials_since(began_s)) <= 2


def keeps_the_schedule(script: Script, began_s: float) -> None:
    """Check the waits between dials, the first one at once."""
    dials = script.dials_since(began_s)
    assert dials[0] - began_s < 1.0 + SLACK_S, "at once"
    waits = [late - early for early, late in pairwise(dials)]
    for waited_s, told_s in zip(waits, [*WAITS_S, *[WAITS_S[-1]] * 9], strict=False):
        assert waited_s >= told_s - EARLY_S, waits
        assert waited_s <= told_s * (1 + JITTER) + SLACK_S, waits


def test_doors_that_shut_again_are_not_stormed_while_rest_stands_in(
    play: Play,
) -> None:
    stage, server = play.stage, play.server
    upbit, binance = stage.scripts["upbit"], stage.scripts["binance"]
    with watching(server) as diary:
        began_s = time.monotonic()
        upbit.hangs_up = True  # accepts, then closes
        binance.handshake = saying(503)  # does not even accept
        for name in VENUES:
            stage.do(stage.venue(name).cut())
        for name in VENUES:
            diary.first(began_s, serves(name, "REST"), f"{name} by REST", 5 + SLACK_S)
        for script in (upbit, binance):
            until(
                lambda s=script: len(s.dials_since(began_s)) >= 5,  # type: ignore[misc]  # bound now
                "five dials",
                sum(WAITS_S) * (1 + JITTER) + len(WAITS_S) * SLACK_S,
            )
            keeps_the_schedule(script, began_s)
        told = upstreams(server)
        for name in VENUES:
            assert told[f"{name}.stream"]["status"] != "HEALTHY"
            assert told[f"{name}.rest"]["status"] == "HEALTHY"
        assert told["binance.stream"]["retryAt"] is not None
        assert server.premium("BTC")["quality"] == "LIVE", "REST stands in"
        healed_s = time.monotonic()
        for name in VENUES:
            stage.revive(name)
        for name in VENUES:
            limit_s = RECOVERY_LIMIT_S + SLACK_S
            play.wait_primary(name, healed_s + limit_s - time.monotonic())
        assert all(diary.goes_forward(side) for side in SIDES.values())


def test_a_handshake_answered_429_is_not_repeated_before_its_time(play: Play) -> None:
    stage, held_s = play.stage, 4.0
    upbit = stage.scripts["upbit"]
    began_s = time.monotonic()
    upbit.handshake = saying(429, Retry_After=str(int(held_s)))
    stage.do(stage.upbit.cut())
    until(lambda: upbit.dials_since(began_s), "refused")
    refused_s = upbit.dials_since(began_s)[0]
    upbit.handshake = None
    # REST goes on: its limit is another one.
    play.server.premium_when("BTC", serves("upbit", "REST"), "REST", 8.0)
    assert checks(play.server)["upbit.stream"]["retry_at"] is not None
    until(lambda: len(upbit.dials_since(began_s)) > 1, "dialled again", held_s + 5)
    again_s = upbit.dials_since(began_s)[1]
    assert again_s - refused_s >= held_s - EARLY_S
    assert again_s - refused_s <= held_s + 1 + SLACK_S
    play.wait_primary("upbit", 10.0)


def test_dials_that_hang_do_not_keep_the_next_one_waiting(play: Play) -> None:
    stage = play.stage
    binance = stage.scripts["binance"]
    began_s = time.monotonic()
    binance.handshake = hanging
    stage.do(stage.binance.cut())
    play.server.premium_when("BTC", serves("binance", "REST"), "REST", 8.0)
    until(lambda: len(binance.dials_since(began_s)) >= 2, "overtaken", 8.0)
    assert len(binance.dials_since(began_s)) <= 3
    binance.handshake = None
    play.wait_primary("binance", RECOVERY_LIMIT_S + SLACK_S)


def test_server_shutdown_renews_with_overlap_and_nothing_is_stale_for_a_moment(
    play: Play,
) -> None:
    stage, binance = play.stage, play.stage.scripts["binance"]
    (old,) = binance.open
    reconnects = upstreams(play.server)["binance.stream"]["reconnects"]
    # The first dial of the heir is refused: the old one serves on.
    binance.handshake = saying(503)
    began_s = time.monotonic()
    with watching(play.server) as diary:
        farewell = {"e": "serverShutdown", "E": stamp_ms()}
        stage.do(stage.binance.stream("!serverShutdown", farewell))
        until(lambda: binance.dials_since(began_s), "the heir is dialled")
        assert old in binance.open
        binance.handshake = None
        until(lambda: old not in binance.open, "the old one goes", 10.0)
        opened = [s.opened_s for s in binance.sockets if s.asked_s > began_s]
        (heir_s,) = [at_s for at_s in opened if at_s is not None]
        assert old.closed_s is not None
        assert heir_s < old.closed_s, "the new one is up before"
        stage.push("binance", "BTC", "39500")
        play.server.at_price("BTC", "39500", "global")
        qualities = {p["global"]["quality"] for _, p in diary.since(began_s)}
        channels = {p["global"]["channel"] for _, p in diary.since(began_s)}
    assert qualities == {"LIVE"}
    assert channels == {"WEBSOCKET"}
    assert len(binance.open) == 1
    told = upstreams(play.server)["binance.stream"]
    assert told["status"] == "HEALTHY"
    assert told["reconnects"] == reconnects, "a renewal is no reconnect"


def test_a_farewell_of_a_venue_that_takes_nobody_keeps_to_the_schedule(
    play: Play,
) -> None:
    stage, binance = play.stage, play.stage.scripts["binance"]
    binance.handshake = saying(503)
    began_s = time.monotonic()
    for _ in range(5):
        farewell = {"e": "serverShutdown", "E": stamp_ms()}
        stage.do(stage.binance.stream("!serverShutdown", farewell))
    until(lambda: len(binance.dials_since(began_s)) >= 4, "four dials", 12.0)
    keeps_the_schedule(binance, began_s)
    assert play.server.premium("BTC")["quality"] == "LIVE", "the old one serves"
