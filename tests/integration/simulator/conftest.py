"""A simulator on a free port whose clock the test turns."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import pytest

from adapters.simulator.server import Simulator, SimulatorOptions

FRIDAY_MS = 1_795_154_400_000
"""2026-11-20 06:00:00 UTC, 15:00 in Seoul."""


@pytest.fixture
def clock() -> SimpleNamespace:
    """The time; `clock.ms` is set by the test."""
    return SimpleNamespace(ms=FRIDAY_MS)


@pytest.fixture
async def simulator(clock: SimpleNamespace) -> AsyncIterator[Simulator]:
    """Twelve coins; only what the test asks for trades."""
    options = SimulatorOptions(rate=0, coins=12)
    async with Simulator(options, now_ms=lambda: clock.ms) as running:
        yield running


@pytest.fixture
async def full_simulator(clock: SimpleNamespace) -> AsyncIterator[Simulator]:
    """All coins; only what the test asks for trades."""
    options = SimulatorOptions(rate=0)
    async with Simulator(options, now_ms=lambda: clock.ms) as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        yield session
