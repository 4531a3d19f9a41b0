from typing import Any

from adapters.resilience.breaker import AsyncBreaker
from adapters.resilience.recovery import VenueRecovery
from domain.model.health import BreakerState


def test_recovery_closes_the_venue_s_breakers_and_wakes_its_dialler(clock: Any) -> None:
    breakers = [AsyncBreaker(name, clock=clock, failures=1) for name in "ab"]
    for breaker in breakers:
        breaker.failed("down")
    woken: list[str] = []
    recovered = VenueRecovery(breakers)
    recovered.wakes(lambda: woken.append("dialler"))
    recovered()
    assert {breaker.state for breaker in breakers} == {BreakerState.CLOSED}
    assert woken == ["dialler"]
