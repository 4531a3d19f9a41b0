"""What the twins of the asked ports remember and refuse."""

import pytest

from adapters.memory.clock import FakeClock
from adapters.memory.fx_source import MemoryFxSource
from adapters.memory.market_source import MAX_ASKED, MemoryMarketSource
from adapters.memory.upstream import MemoryUpstream
from domain.model.error import UpstreamUnavailable
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.market import Exchange, VenueMarket

BTC = VenueMarket(Exchange.UPBIT, "KRW-BTC", "BTC", "KRW", True, "비트코인", "Bitcoin")


async def test_a_rate_source_without_a_rate_is_unavailable() -> None:
    with pytest.raises(UpstreamUnavailable, match=r"fx\.memory: has no rate yet"):
        await MemoryFxSource().latest()


async def test_a_venue_remembers_the_last_questions() -> None:
    source = MemoryMarketSource(Exchange.UPBIT, FakeClock(), [BTC])
    for _ in range(MAX_ASKED):
        await source.markets()
    await source.quotes(["KRW-ETH", "KRW-BTC"])
    assert len(source.asked) == MAX_ASKED
    assert source.asked[-1] == ("quotes", "KRW-BTC KRW-ETH")


async def test_a_question_that_fails_was_asked_all_the_same() -> None:
    source = MemoryMarketSource(Exchange.BINANCE, FakeClock())
    source.down = "closed for the day"
    with pytest.raises(UpstreamUnavailable, match=r"binance\.rest: closed for the day"):
        await source.price_points("BTCUSDT")
    assert list(source.asked) == [("price_points", "BTCUSDT")]


async def test_a_market_that_was_closed_is_listed_no_more() -> None:
    source = MemoryMarketSource(Exchange.UPBIT, FakeClock(), [BTC])
    assert list(await source.markets()) == [BTC]
    source.close("KRW-BTC")
    source.close("KRW-BTC")
    assert list(await source.markets()) == []


def test_an_upstreams_status_takes_the_place_of_its_last() -> None:
    upstream = MemoryUpstream(UpstreamStatus("a", ServiceStatus.HEALTHY, None))
    later = UpstreamStatus("a", ServiceStatus.DEGRADED, None)
    upstream.set(later)
    assert list(upstream.statuses()) == [later]
