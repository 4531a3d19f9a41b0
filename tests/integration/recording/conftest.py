"""A simulator whose clock the test turns, and settings that point at a port."""

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import pytest

from adapters.simulator.server import Simulator, SimulatorOptions
from app.settings import Settings
from app.venue_setting import BinanceSettings, FxSettings, UpbitSettings

FRIDAY_MS = 1_795_154_400_000
"""2026-11-20 06:00:00 UTC, 15:00 in Seoul."""


@pytest.fixture
def clock() -> SimpleNamespace:
    """The venues' time; `clock.ms` is set by the test."""
    return SimpleNamespace(ms=FRIDAY_MS)


@pytest.fixture
async def simulator(clock: SimpleNamespace) -> AsyncIterator[Simulator]:
    """Twelve coins; only what the test asks for trades."""
    options = SimulatorOptions(rate=0, coins=12)
    async with Simulator(options, now_ms=lambda: clock.ms) as running:
        yield running


@pytest.fixture
def settings_for() -> Callable[[str], Settings]:
    """Return settings of which all upstreams are at a simulator or replay."""

    def make(base_url: str) -> Settings:
        stream = base_url.replace("http", "ws", 1)
        return Settings(
            upbit=UpbitSettings(
                rest_url=f"{base_url}/upbit", ws_url=f"{stream}/upbit/websocket/v1"
            ),
            binance=BinanceSettings(
                rest_url=f"{base_url}/binance", ws_url=f"{stream}/binance"
            ),
            fx=FxSettings(
                dunamu_url=f"{base_url}/fx",
                frankfurter_url=f"{base_url}/fx",
                open_er_api_url=f"{base_url}/fx",
            ),
        )

    return make
