"""Tickers: quotes of one-off reads, per unit of the market as its venue writes them.

The board's quotes are per coin; these are `Quote`s whose prices and base volume are
per venue unit (1000SATSUSDT: for a thousand).
"""

from dataclasses import replace
from decimal import Decimal

from domain.model.event import QuoteUpdate
from domain.model.feed import FeedSession
from domain.model.market import Channel, Exchange, Quality
from domain.model.number import multiply, per_coin, percent_change
from domain.model.quote import MarketState, Quote


def is_live_on_stream(
    state: MarketState | None, session: FeedSession | None, now_s: float
) -> bool:
    """Whether a market's price is LIVE and came by the stream that is open now.

    `session` is that of the venue's stream, `now_s` monotonic seconds.
    """
    if state is None or session is None or state.carried_s is None:
        return False
    carried = state.channel is Channel.WEBSOCKET and state.carried_s >= session.began_s
    return carried and session.is_fresh(now_s)


def ticker_of_state(
    state: MarketState, quality: Quality, now_ms: int, skew_ms: int
) -> Quote | None:
    """Return what is known of a market, per venue unit; None: no price.

    What is not LIVE is a stored value: its channel is CACHE.
    """
    found = state.quote(quality, now_ms, skew_ms)
    if found is None:
        return None
    unit = state.multiplier
    volume = found.base_volume_24h
    return replace(
        found,
        price=multiply(found.price, unit),
        bid=_times(found.bid, unit),
        ask=_times(found.ask, unit),
        base_volume_24h=None if volume is None else per_coin(volume, unit),
        channel=found.channel if quality is Quality.LIVE else Channel.CACHE,
    )


def ticker_of_update(
    exchange: Exchange,
    update: QuoteUpdate,
    channel: Channel,
    received_ms: int,
    skew_ms: int,
) -> Quote | None:
    """Return what a venue just told; None: no price, or none that could be one."""
    price = update.price
    if price is None or price <= 0:
        return None
    bid, ask = update.bid, update.ask
    usable = bid is not None and ask is not None and 0 < bid <= ask
    return Quote(
        exchange=exchange,
        market=update.market,
        price=price,
        exchange_ms=received_ms if update.exchange_ms is None else update.exchange_ms,
        received_ms=received_ms,
        channel=channel,
        quality=Quality.LIVE,
        bid=bid if usable else None,
        ask=ask if usable else None,
        base_volume_24h=update.base_volume_24h,
        quote_volume_24h=update.quote_volume_24h,
        change_percent_since_utc_midnight=_change(price, update.open_utc),
        change_percent_rolling_24h=_change(price, update.open_24h),
        skew_ms=skew_ms,
    )


def _times(price: Decimal | None, unit: Decimal) -> Decimal | None:
    return None if price is None else multiply(price, unit)


def _change(price: Decimal, base: Decimal | None) -> Decimal | None:
    return percent_change(price, base) if base is not None and base > 0 else None
