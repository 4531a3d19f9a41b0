import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.cluster.text import LEADER
from bench.cluster.watch import Stopped, Succession, Watch, leader_of
from bench.process import ServerFailed


@dataclass
class FakeMember:
    """A process as the watch sees it."""

    name: str
    leads: bool = False
    code: int | None = None
    words: str = ""
    log: Path = Path("log")
    process: Any = field(default_factory=lambda: SimpleNamespace(pid=7))

    def figures(self) -> dict[str, float]:
        return {LEADER: float(self.leads)}

    def said(self) -> str:
        return self.words


def members(*given: FakeMember) -> list[Any]:
    return list(given)


def test_waiting_ends_when_the_condition_holds() -> None:
    looks = iter([False, False, True])
    Watch().until(lambda: next(looks), "the third look")
    assert next(looks, None) is None


def test_a_process_that_ends_meanwhile_is_told_with_its_last_words() -> None:
    watch = Watch()
    watch.members = members(
        FakeMember("nats"), FakeMember("ingest 1", code=1, words="kimp: no disk\n")
    )
    with pytest.raises(ServerFailed, match=r"ingest 1: exit code 1: no disk \(log\)"):
        watch.until(lambda: False, "never")


def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.cluster.watch.START_LIMIT_S", 0.0)
    with pytest.raises(ServerFailed, match="the moon: not within 0 s"):
        Watch().until(lambda: False, "the moon")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_every_wait_and_its_handler_goes_with_the_block(
    number: signal.Signals,
) -> None:
    watch, before = Watch(), signal.getsignal(number)
    with watch.signals():
        os.kill(os.getpid(), number)
        with pytest.raises(Stopped):
            watch.until(lambda: False, "never")
        with pytest.raises(Stopped):
            watch.pause()
    assert signal.getsignal(number) is before


def test_who_ends_is_told_until_none_is_left() -> None:
    watch, told = Watch(), list[str]()
    ended = members(
        FakeMember("ingest 1", code=-signal.SIGKILL), FakeMember("api", code=0)
    )
    watch.members = ended
    with pytest.raises(ServerFailed, match="all processes have ended"):
        watch.follow(ended[:1], ended[0], told.append)
    assert told == ["ingest 1 (7) ended: SIGKILL", "api (7) ended: exit code 0"]


def test_the_follower_of_a_dead_leader_is_told_with_the_time_it_took() -> None:
    first, second = FakeMember("ingest 1", leads=True), FakeMember("ingest 2")
    succession, told = (
        Succession(members(first, second), members(first)[0]),
        list[str](),
    )
    first.code = -signal.SIGKILL
    succession.look(told.append)
    assert told == []
    second.leads = True
    succession.look(told.append)
    assert len(told) == 1
    assert told[0].startswith("ingest 2 (7) leads, ")
    succession.look(told.append)
    assert len(told) == 1


def test_a_leader_that_hangs_and_is_followed_is_told_without_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bench.cluster.watch.LOOK_S", 0.0)
    first, second = FakeMember("ingest 1"), FakeMember("ingest 2", leads=True)
    succession, told = (
        Succession(members(first, second), members(first)[0]),
        list[str](),
    )
    succession.look(told.append)
    assert told == ["ingest 2 (7) leads"]


def test_all_is_well_and_nobody_is_asked_before_it_is_time() -> None:
    first = FakeMember("ingest 1")
    second = FakeMember("ingest 2", leads=True)
    told = list[str]()
    Succession(members(first, second), members(first)[0]).look(told.append)
    assert told == []


def test_of_two_that_say_they_lead_the_last_known_counts() -> None:
    one, two = FakeMember("1", leads=True), FakeMember("2", leads=True)
    first, second = asked = members(one, two)
    assert leader_of(asked) is first
    assert leader_of(asked, second) is second
    one.code = 0
    assert leader_of(asked, first) is second
    two.code = 0
    assert leader_of(asked, second) is None
