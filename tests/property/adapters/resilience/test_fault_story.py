"""Hundreds of stories of outages and limits, counted at the venue's side.

The machine plays a venue that dies, throttles, bans and closes what it accepts; the
client beside it is the shell's loop in a few lines over the real schedule, budget and
breaker. Asserted is what the venue sees, and how soon it is heard again.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from multidict import CIMultiDict

from adapters.resilience.backoff import Backoff
from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.budget import LimitRule, RequestBudget
from adapters.resilience.error import (
    BreakerOpen,
    RateLimited,
    RequestRejected,
    ServerFailed,
)
from domain.model.health import BreakerState

EXAMPLES = 400
STEPS = 20
GROUPS = ("ticker", "candles")
LIMIT = 10
POLL_S = 2.0
OPEN_S = 60.0
# The longest wait of the first ten minutes, and of any time, with their jitter.
STEADY_S, LONGEST_S = 4.4, 33.0
PATIENT_S = 600.0
# Floats add up; a microsecond is nobody's limit.
TINY_S = 1e-6
jitters = st.sampled_from([0.0, 0.5, 0.999])


class HandClock:
    """A clock moved by the rules."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def now_ms(self) -> int:
        return round(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"pure parts never wait, not even {seconds} s")


class Venue:
    """What a venue does now, and what it has seen."""

    def __init__(self) -> None:
        self.stream = "well"
        self.rest = "well"
        self.told_s = 0.0
        self.held_s: dict[str, float] = {}
        self.banned_s = 0.0
        self.dials: list[float] = []
        self.requests: dict[str, list[float]] = {group: [] for group in GROUPS}

    def ask(self, group: str, now_s: float) -> tuple[int, dict[str, str]]:
        """Answer a request; one before a time that was named breaks the rules."""
        assert now_s >= self.banned_s - TINY_S, "sent while banned"
        assert now_s >= self.held_s.get(group, 0.0) - TINY_S, "sent while held"
        seen = self.requests[group]
        seen.append(now_s)
        inside = sum(at_s > now_s - 1.0 + TINY_S for at_s in seen[-LIMIT - 1 :])
        assert inside <= LIMIT, "more in a second than the venue allows"
        headers = {"Retry-After": f"{self.told_s:.0f}"}
        if self.rest == "throttles":
            self.held_s[group] = now_s + self.told_s
            return 429, headers
        if self.rest == "bans":
            self.banned_s = now_s + self.told_s
            return 418, headers
        return (503, {}) if self.rest == "dead" else (200, {})


def finish(coroutine: Any) -> object:
    """Drive a coroutine that never waits; return its result or its exception."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    except Exception as exc:  # noqa: BLE001 - any outcome is looked at
        return exc
    raise AssertionError("it waits")


class UpstreamStory(RuleBasedStateMachine):
    """One venue and the loops that live on it."""

    @initialize()
    def begin(self) -> None:
        self.clock = HandClock()
        self.venue = Venue()
        self.backoff = Backoff()
        self.breaker = AsyncBreaker("u", clock=self.clock, failures=5, open_s=OPEN_S)
        self.budget = RequestBudget(LimitRule(LIMIT, 1.0, per_address=False))
        self.connected = False
        self.jitter = 0.0
        self.failed_s: deque[float] = deque(maxlen=5)
        self.asked_s = 0.0

    # What befalls the venue

    @rule(stream=st.sampled_from(["well", "refuses", "one message"]), jitter=jitters)
    def stream_turns(self, stream: str, jitter: float) -> None:
        self.venue.stream, self.jitter = stream, jitter
        if stream != "well" and self.connected:
            self._lose()

    @rule()
    def connection_is_cut(self) -> None:
        if self.connected:
            self._lose()

    @rule(
        rest=st.sampled_from(["well", "dead", "throttles", "bans"]),
        told_s=st.sampled_from([1.0, 5.0, 90.0]),
    )
    def rest_turns(self, rest: str, told_s: float) -> None:
        self.venue.rest, self.venue.told_s = rest, told_s

    # What we do meanwhile

    @rule(seconds=st.sampled_from([0.3, 1.0, 4.0, 15.0, 900.0]))
    def time_passes(self, seconds: float) -> None:
        self._live_until(self.clock.now_s + seconds)

    @rule(group=st.sampled_from(GROUPS), times=st.sampled_from([1, 3, 12]))
    def callers_ask(self, group: str, times: int) -> None:
        for _ in range(times):
            self._request(group, probe=False)

    @rule(group=st.sampled_from(GROUPS))
    def caller_asks_as_soon_as_it_may(self, group: str) -> None:
        wait_s = self.budget.wait_s(group, 1, self.clock.now_s)
        self._live_until(self.clock.now_s + wait_s)
        self._request(group, probe=False)

    @rule(seconds=st.sampled_from([0.0, 2.0]))
    def everything_is_well_again(self, seconds: float) -> None:
        """Outages up to ten minutes are over within five seconds of their end."""
        since_s = self.backoff.outage_since_s
        lasted_s = 0.0 if since_s is None else self.clock.now_s - since_s
        self.venue.stream = self.venue.rest = "well"
        # Held by a limit, a poll comes when it may; the stream does not wait for it.
        patience_s = 5.0 if lasted_s <= PATIENT_S - 5.0 else LONGEST_S + 1.0
        self._live_until(self.clock.now_s + patience_s)
        assert self.connected, f"after an outage of {lasted_s:.0f} s"
        self._live_until(self.clock.now_s + seconds)

    # What holds

    @invariant()
    def next_dial_is_within_its_bounds(self) -> None:
        if not hasattr(self, "backoff") or self.connected:
            return
        now_s, since_s = self.clock.now_s, self.backoff.outage_since_s
        early = since_s is None or now_s - since_s <= PATIENT_S
        longest_s = STEADY_S if early else LONGEST_S
        assert 0 <= self.backoff.due_s(now_s) - now_s <= longest_s + TINY_S

    @invariant()
    def breaker_says_no_longer_than_it_may(self) -> None:
        if hasattr(self, "breaker") and self.breaker.state is BreakerState.OPEN:
            retry_at_ms = self.breaker.retry_at_ms
            assert retry_at_ms is not None
            assert 0 < retry_at_ms - self.clock.now_ms() <= OPEN_S * 1000

    # How: the loops of dialler and feed, without their sockets

    def _live_until(self, end_s: float) -> None:
        while True:
            due: list[tuple[float, Callable[[], None]]] = [
                (max(self.clock.now_s, self.asked_s + POLL_S), self._poll)
            ]
            if not self.connected:
                due.append((self.backoff.due_s(self.clock.now_s), self._dial))
            at_s, act = min(due, key=lambda item: item[0])
            if at_s > end_s:
                self.clock.now_s = end_s
                return
            self.clock.now_s = max(self.clock.now_s, at_s)
            act()

    def _dial(self) -> None:
        now_s = self.clock.now_s
        dials = self.venue.dials
        dials.append(now_s)
        # The four quick tries, then one in four seconds, whatever it answers.
        assert len(dials) < 6 or now_s - dials[-6] >= 4.0 - TINY_S, "a storm of dials"
        self.backoff.dialled(now_s)
        self.connected = True
        if self.venue.stream != "refuses":
            self.backoff.delivered()
        if self.venue.stream != "well":
            self._lose()

    def _lose(self) -> None:
        self.connected = False
        self.backoff.failed(self.clock.now_s, self.jitter)

    def _poll(self) -> None:
        self.asked_s = self.clock.now_s
        self._request("ticker", probe=True)

    def _request(self, group: str, *, probe: bool) -> None:
        now_s, state = self.clock.now_s, self.breaker.state
        seen = len(self.venue.requests[group])

        async def request() -> str:
            if self.budget.wait_s(group, 1, now_s) > 0:
                raise RateLimited("u", 0)
            self.budget.take(group, 1, now_s)
            status, headers = self.venue.ask(group, now_s)
            told = CIMultiDict(headers)
            self.budget.answered(group, status, told, now_ms=0, now_s=now_s)
            if status == 503:
                raise ServerFailed("u", status)
            if status != 200:
                raise RateLimited("u", 0)
            return "good"

        outcome = finish(self.breaker.call(request, probe=probe))
        known = ("good",), (ServerFailed, RateLimited, RequestRejected, BreakerOpen)
        assert outcome in known[0] or isinstance(outcome, known[1]), repr(outcome)
        sent = len(self.venue.requests[group]) > seen
        if isinstance(outcome, ServerFailed):
            self._count_failure(state, probe=probe)
        elif outcome == "good":
            self.failed_s.clear()
        if state is BreakerState.OPEN:
            assert probe or not sent, "an open breaker let a caller through"

    def _count_failure(self, state: BreakerState, *, probe: bool) -> None:
        """Five in a row open it; from then on a dead venue is asked once in 4 s."""
        now_s = self.clock.now_s
        if state is BreakerState.OPEN and probe and self.failed_s:
            assert now_s - self.failed_s[-1] >= 4.0 - TINY_S
        self.failed_s.append(now_s)
        if len(self.failed_s) == 5:
            assert self.breaker.state is BreakerState.OPEN


TestUpstreamStory = UpstreamStory.TestCase
TestUpstreamStory.settings = settings(
    deadline=None, max_examples=EXAMPLES, stateful_step_count=STEPS
)
