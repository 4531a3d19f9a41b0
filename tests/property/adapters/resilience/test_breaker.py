"""The breaker against a model of five lines, over any history."""

import asyncio
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.error import BreakerOpen, RateLimited, ServerFailed
from domain.model.health import BreakerState

FAILURES = 3
OPEN_S = 60.0


class HandClock:
    """A clock moved by the rules."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def now_ms(self) -> int:
        return round(self.now_s * 1000)

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("a breaker never waits")


class Turn:
    """Gives the turn back to whoever drives the coroutine."""

    def __await__(self) -> Generator[None, None, None]:
        yield


def finish(coroutine: Any) -> object:
    """Drive a coroutine to its end; return its result or what it raised."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    except BaseException as exc:  # noqa: BLE001 - cancellation is an outcome here
        return exc
    raise AssertionError("it has not ended")


@dataclass(eq=False)
class Call:
    """A call under way, driven by hand: no loop is needed."""

    era: int
    probe: bool
    outcome: list[Any] = field(default_factory=list)
    coroutine: Any = None


class BreakerMachine(RuleBasedStateMachine):
    """Any number of calls start and end in any order while time goes by."""

    @initialize()
    def begin(self) -> None:
        self.clock = HandClock()
        self.breaker = AsyncBreaker(
            "u", clock=self.clock, failures=FAILURES, open_s=OPEN_S
        )
        self.calls: list[Call] = []
        self.state = "closed"
        self.row = 0
        self.era = 0
        self.opened_s = 0.0

    @rule(seconds=st.sampled_from([0.5, 20.0, 60.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.clock.now_s += seconds

    @rule()
    def start(self) -> None:
        call = Call(self.era, probe=False)

        async def request() -> Any:
            while not call.outcome:
                await Turn()
            if isinstance(call.outcome[0], BaseException):
                raise call.outcome[0]
            return call.outcome[0]

        call.coroutine = self.breaker.call(request)
        allowed = self._model_admits(call)
        try:
            call.coroutine.send(None)
        except BreakerOpen:
            assert not allowed
        else:
            assert allowed
            self.calls.append(call)

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), outcome=st.sampled_from(["good", "bad", "limit", "cancel"]))
    def end(self, data: st.DataObject, outcome: str) -> None:
        call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        results: dict[str, Any] = {
            "good": "good",
            "bad": ServerFailed("u", 500),
            "limit": RateLimited("u", 0),
            "cancel": asyncio.CancelledError(),
        }
        wanted = results[outcome]
        call.outcome.append(wanted)
        assert finish(call.coroutine) is wanted, "no outcome is ever replaced"
        self._model_settles(call, outcome)

    @rule()
    def close(self) -> None:
        self.breaker.close()
        if self.state != "closed":
            self._enter("closed")
        self.row = 0

    @invariant()
    def agrees_with_the_model(self) -> None:
        if not hasattr(self, "breaker"):
            return
        over = self.clock.now_s >= self.opened_s + OPEN_S
        expected = {
            "closed": BreakerState.CLOSED,
            "open": BreakerState.HALF_OPEN if over else BreakerState.OPEN,
            "half-open": BreakerState.HALF_OPEN,
        }
        assert self.breaker.state is expected[self.state]

    @invariant()
    def has_at_most_one_probe(self) -> None:
        if self.state == "half-open":
            current = [c for c in self.calls if c.probe and c.era == self.era]
            assert len(current) <= 1

    def teardown(self) -> None:
        for call in getattr(self, "calls", []):
            call.coroutine.close()

    def _model_admits(self, call: Call) -> bool:
        if self.state == "closed":
            return True
        if any(c.probe and c.era == self.era for c in self.calls):
            return False
        if self.state == "open":
            if self.clock.now_s < self.opened_s + OPEN_S:
                return False
            self._enter("half-open")
        call.probe, call.era = True, self.era
        return True

    def _model_settles(self, call: Call, outcome: str) -> None:
        if call.era != self.era or outcome in ("limit", "cancel"):
            return
        if outcome == "good":
            self.row = 0
            if self.state == "half-open":
                self._enter("closed")
            return
        self.row += 1
        if self.state == "half-open" or self.row >= FAILURES:
            self._enter("open")
            self.opened_s = self.clock.now_s

    def _enter(self, state: str) -> None:
        self.state, self.era = state, self.era + 1
        if state == "closed":
            self.row = 0


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = settings(deadline=None, max_examples=300)
