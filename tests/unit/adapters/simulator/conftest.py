"""A small market at a fixed instant."""

import pytest

from adapters.simulator.market import Market

START_MS = 1_795_154_400_000
"""2026-11-20 06:00:00 UTC, a Friday, 15:00 in Seoul."""


@pytest.fixture
def start_ms() -> int:
    return START_MS


@pytest.fixture
def market() -> Market:
    return Market(seed=7, coins=12, start_ms=START_MS)


@pytest.fixture
def still_market() -> Market:
    """A market in which only what is asked for trades."""
    return Market(seed=7, rate=0, coins=12, start_ms=START_MS)
