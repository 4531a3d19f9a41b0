"""Ready once, by migrations and a board, at the latest after 30 s."""

from adapters.memory.clock import FakeClock
from app.readiness import PATIENCE_S, Readiness


async def test_it_waits_for_migrations_and_the_first_board() -> None:
    have = {"migrated": False, "board": False}
    ready = Readiness(lambda: have["migrated"], lambda: have["board"], FakeClock())
    assert not ready.is_ready()
    have["migrated"] = True
    assert not ready.is_ready()
    assert ready.checks() == {"migrations": True, "board": False}
    have["board"] = True
    assert ready.is_ready()


async def test_once_ready_it_stays_so() -> None:
    have = {"migrated": True, "board": True}
    ready = Readiness(lambda: have["migrated"], lambda: have["board"], FakeClock())
    assert ready.is_ready()
    have["migrated"] = have["board"] = False
    assert ready.is_ready()


async def test_after_its_patience_it_is_ready_whatever_is_missing() -> None:
    clock = FakeClock()
    ready = Readiness(lambda: False, lambda: False, clock)
    await clock.advance(PATIENCE_S - 0.1)
    assert not ready.is_ready()
    await clock.advance(0.1)
    assert ready.is_ready()
