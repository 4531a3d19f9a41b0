"""A stream that falls silent: honest at its bound, REST in its place, and back."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import PostgresServer
from tests.e2e.outage.audience import (
    FALLBACK_LIMIT_S,
    RECOVERY_LIMIT_S,
    SIDES,
    SLACK_S,
    STALE,
    Diary,
    Play,
    bounded,
    kimp,
    metrics,
    serves,
    total,
    watching,
)
from tests.e2e.outage.stage import Script, Stage
from tests.e2e.semantics.server import until
from tests.e2e.semantics.venue import Raw

BOUND_S = 1.5
POLLED = {"upbit": "/v1/ticker/all", "binance": "/api/v3/ticker/24hr"}
VENUES = ("upbit", "binance")


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Play]:
    folder = tmp_path_factory.mktemp("silence")
    with Stage() as stage:
        settings = bounded(BOUND_S, BOUND_S)
        with kimp(folder, stage, postgres_server, **settings) as server:
            yield Play(server, stage)


@pytest.fixture
def play(running: Play) -> Play:
    """The server with both streams primary."""
    running.heal()
    return running


def silence(play: Play, name: str) -> float:
    """Let a venue's stream say nothing from now on; return since when."""
    play.stage.venue(name).mute = True
    return time.monotonic()


@pytest.mark.parametrize("name", VENUES)
def test_a_silent_socket_is_closed_before_rest_stands_in_for_it(
    play: Play, name: str
) -> None:
    script = play.stage.scripts[name]
    (socket,) = script.open
    with watching(play.server) as diary:
        began_s = silence(play, name)
        # The last word before was at most one beat earlier.
        honest_s, page = diary.first(
            began_s, lambda p: p["quality"] != "LIVE", "honest", BOUND_S + 1 + SLACK_S
        )
        assert page["reason"] == STALE[name]
        assert honest_s - began_s > BOUND_S - 0.75, "not before its bound"
        polled_s, _ = diary.first(
            began_s, serves(name, "REST"), "REST", BOUND_S + FALLBACK_LIMIT_S + SLACK_S
        )
    assert socket.closed_s is not None
    first = script.since(began_s, POLLED[name])[0]
    assert socket.closed_s <= first.at_s, "the stale socket goes first"
    assert polled_s > honest_s
    assert total(metrics(play.server), "kimp_fallback_active", name) == 1


def test_polls_keep_silent_venues_live_at_half_their_bound_and_end_with_the_silence(
    play: Play,
) -> None:
    stage, scripts = play.stage, play.stage.scripts
    with watching(play.server) as diary:
        began_s = max([silence(play, name) for name in VENUES])
        firsts = [diary.first(began_s, serves(n, "REST"), "REST", 10.0) for n in VENUES]
        polled_s = max(at_s for at_s, _ in firsts)
        for name in VENUES:
            until(
                lambda n=name: len(polls(scripts[n], n, began_s)) >= 5,  # type: ignore[misc]  # bound now
                "five polls",
                15.0,
            )
            spacing_s = spacings(polls(scripts[name], name, began_s))
            mean_s = sum(spacing_s) / len(spacing_s)
            # Each new session of the stream has a question of its own beside the polls.
            assert BOUND_S / 4 < mean_s <= BOUND_S / 2 + 0.15, spacing_s
        told = {page["quality"] for _, page in diary.since(polled_s + 0.5)}
        assert told <= {"LIVE"}, "no poll came too late"
        for name in VENUES:
            stage.revive(name)
        returned_s = time.monotonic()
        for name in VENUES:
            play.wait_primary(name)
            until(lambda n=name: len(scripts[n].open) == 1, "one socket")  # type: ignore[misc]  # bound now
        quiet_s = time.monotonic()
        until(lambda: time.monotonic() > quiet_s + 2 * BOUND_S, "two bounds", 10.0)
        for name in VENUES:
            assert polls(scripts[name], name, quiet_s) == []
        assert {p["quality"] for _, p in diary.since(returned_s)} <= {"LIVE"}
        assert all(diary.goes_forward(side) for side in SIDES.values())


def polls(script: Script, name: str, since_s: float) -> list[float]:
    """Return when a venue's tickers were asked for."""
    return [request.at_s for request in script.since(since_s, POLLED[name])]


def spacings(times: list[float]) -> list[float]:
    """Return the times between."""
    return [late - early for early, late in pairwise(times)]


def test_no_price_goes_back_when_the_stream_returns_with_older_ones(play: Play) -> None:
    stage = play.stage
    upbit = stage.upbit
    with watching(play.server) as diary:
        began_s = silence(play, "upbit")
        diary.first(began_s, serves("upbit", "REST"), "REST", 10.0)
        old = dict(upbit.rows["KRW-BTC"])
        newer = old["trade_timestamp"] + 1_500
        upbit.rows["KRW-BTC"] = {
            **old,
            "trade_price": Raw("52111111"),
            "trade_timestamp": newer,
        }
        play.server.at_price("BTC", "52111111")
        # The stream comes back and tells what was before, again and again.
        upbit.rows["KRW-BTC"] = {**old, "trade_price": Raw("1")}
        stage.revive("upbit")
        until(lambda: len(stage.scripts["upbit"].open) == 1, "dialled", 10.0)
        back_s = time.monotonic()
        for number in range(20):
            frame = upbit.frame(
                "KRW-BTC", "REALTIME", "SIMPLE", trade_timestamp=newer - 20 + number
            )
            stage.do(upbit.raw(frame))
        stage.push("upbit", "ETH", "3456001")
        play.server.at_price("ETH", "3456001")
        told = [price for _, price in diary.prices("domestic")]
        assert "1" not in told
        assert told[-1] == "52111111"
        assert diary.goes_forward("domestic")
        stage.push("upbit", "BTC", "52000001")
        diary.first(
            back_s,
            lambda p: (
                p["domestic"]["price"] == "52000001"
                and p["domestic"]["channel"] == "WEBSOCKET"
                and p["quality"] == "LIVE"
            ),
            "the stream is primary",
            RECOVERY_LIMIT_S + SLACK_S,
        )


def test_heartbeats_are_no_data(play: Play) -> None:
    stage, script = play.stage, play.stage.scripts["upbit"]
    stage.upbit.passes = lambda frame: b"UP" in _bytes(frame)
    began_s = time.monotonic()
    with watching(play.server) as diary:
        while not _told(diary, began_s):
            stage.do(stage.upbit.raw(b'{"status":"UP"}'))
            assert time.monotonic() < began_s + BOUND_S + 1 + SLACK_S, "honest"
        diary.first(began_s, serves("upbit", "REST"), "REST", 12.0)
    # Each new socket with nothing but heartbeats is given up at the bound, too.
    until(lambda: len(script.dials_since(began_s)) >= 2, "dialled again", 12.0)
    assert len(script.open) <= 1


def _bytes(frame: str | bytes) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode()


def _told(diary: Diary, since_s: float) -> bool:
    return any(page["reason"] == STALE["upbit"] for _, page in diary.since(since_s))


@pytest.mark.slow
def test_many_silences_leave_nothing_behind(play: Play) -> None:
    stage, server = play.stage, play.server
    figures: list[tuple[float, float]] = []
    for number in range(3):
        for name in VENUES:
            stage.venue(name).mute = True
        for name in VENUES:
            taken = f'exchange="{name}"'
            until(
                lambda t=taken: (  # type: ignore[misc]  # bound now
                    total(metrics(server), "kimp_fallback_active", t) == 1
                ),
                f"{name} is polled, round {number}",
                12.0,
            )
        for name in VENUES:
            stage.revive(name)
        for name in VENUES:
            play.wait_primary(name)
            until(lambda s=stage.scripts[name]: len(s.open) == 1, "one socket")  # type: ignore[misc]  # bound now
        found = metrics(server)
        figures.append(
            (found["process_open_fds"], found["process_resident_memory_bytes"])
        )
    descriptors = [figure[0] for figure in figures]
    assert max(descriptors[1:]) <= descriptors[0] + 4, descriptors
    assert figures[-1][1] - figures[0][1] < 8 * 2**20, figures


@pytest.mark.slow
def test_the_default_bounds_are_kept_by_both_venues_at_once(
    tmp_path: Any, postgres_server: PostgresServer
) -> None:
    bounds_s = {"upbit": 10.0, "binance": 5.0}
    with Stage() as stage, kimp(tmp_path, stage, postgres_server) as server:
        server.wait_live("BTC")
        with watching(server) as diary:
            play = Play(server, stage)
            for name in VENUES:
                play.wait_primary(name)
            began_s = time.monotonic()
            for name in VENUES:
                stage.venue(name).mute = True
            for name in ("binance", "upbit"):
                side, bound_s = SIDES[name], bounds_s[name]
                stale_s, _ = diary.first(
                    began_s,
                    lambda p, s=side: p[s]["quality"] == "STALE",  # type: ignore[misc]  # bound now
                    f"{name} is honest",
                    bound_s + 1 + SLACK_S,
                )
                assert stale_s - began_s > bound_s - 0.75
                diary.first(
                    stale_s, serves(name, "REST"), "REST", FALLBACK_LIMIT_S + SLACK_S
                )
