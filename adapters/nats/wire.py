"""News to bytes and back, exactly. Pure."""

from collections.abc import Mapping

import msgspec

from adapters.nats.row import (
    BasisRow,
    CoinRow,
    ListingRow,
    NewsRow,
    QuoteRow,
    RateRow,
    SignsRow,
    VersionRow,
)
from domain.model.board_news import BoardNews, BoardSigns, BoardState
from domain.model.coin import Coin, Listing
from domain.model.fx import FxRate, PremiumBasis
from domain.model.market import MarketKey
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.quote import Quote

_BASES = tuple(PremiumBasis)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(NewsRow)


class Unreadable(ValueError):
    """Bytes that are no news, or speak of a coin nobody has told of."""


class _Rates:
    """The rates of one message, each once."""

    def __init__(self) -> None:
        self.rows: list[RateRow] = []
        # By identity first: a tick's versions share their rates.
        self._by_id: dict[int, int] = {}
        self._places: dict[FxRate, int] = {}

    def place(self, rate: FxRate | None) -> int | None:
        if rate is None:
            return None
        known = self._by_id.get(id(rate))
        if known is not None:
            return known
        place = self._places.setdefault(rate, len(self.rows))
        if place == len(self.rows):
            self.rows.append(
                RateRow(
                    rate.base,
                    rate.quote,
                    rate.rate,
                    rate.source,
                    rate.as_of_ms,
                    rate.quality,
                )
            )
        self._by_id[id(rate)] = place
        return place


def encode_news(news: BoardNews, known: Mapping[str, Coin]) -> bytes:
    """Return news as bytes; coins that are `known` as they are go without."""
    rates = _Rates()
    coins = (p.coin for p in news.changed if known.get(p.symbol) != p.coin)
    changed = tuple(_version_row(premium, rates) for premium in news.changed)
    signs = None if news.signs is None else _signs_row(news.signs, rates)
    row = NewsRow(
        news.term,
        news.since,
        news.seq,
        news.at_ms,
        tuple(rates.rows),
        tuple(map(_coin_row, coins)),
        changed,
        news.removed,
        signs,
    )
    return _encoder.encode(row)


def decode_news(data: bytes, coins: dict[str, Coin]) -> BoardNews:
    """Return the news that bytes hold; `coins` takes those told of, and gives others.

    Raises:
        Unreadable: no news, or of a coin that is not among `coins`.
    """
    try:
        row = _decoder.decode(data)
        coins.update((each.symbol, _coin(each)) for each in row.coins)
        rates = [_rate(each) for each in row.rates]
        return BoardNews(
            term=row.term,
            since=row.since,
            seq=row.seq,
            at_ms=row.at_ms,
            changed=tuple(_premium(each, coins, rates) for each in row.changed),
            removed=row.removed,
            signs=None if row.signs is None else _signs(row.signs, rates),
        )
    except (msgspec.MsgspecError, LookupError, ValueError) as exc:
        raise Unreadable(f"{type(exc).__name__}: {exc}") from exc


def encode_state(state: BoardState) -> bytes:
    """Return a state as bytes, with all its coins; its position is not among them."""
    news = BoardNews(
        state.term, 0, state.seq, state.at_ms, state.premiums, (), state.signs
    )
    return encode_news(news, {})


def decode_state(data: bytes, position: int, coins: dict[str, Coin]) -> BoardState:
    """Return the state that bytes hold.

    Raises:
        Unreadable: no state.
    """
    news = decode_news(data, coins)
    return BoardState(
        news.term,
        news.seq,
        news.at_ms,
        position,
        news.changed,
        news.signs or BoardSigns(),
    )


def _coin_row(coin: Coin) -> CoinRow:
    listings = (
        ListingRow(
            each.exchange,
            each.market,
            each.base_symbol,
            each.quote,
            each.multiplier,
            each.tradable,
            each.warnings,
            each.since,
            each.until,
            each.curated,
        )
        for each in coin.listings
    )
    return CoinRow(
        coin.symbol,
        coin.korean_name,
        coin.english_name,
        tuple(listings),
        coin.icon_url,
    )


def _coin(row: CoinRow) -> Coin:
    return Coin(
        row.symbol,
        row.korean_name,
        row.english_name,
        tuple(Listing(*msgspec.structs.astuple(each)) for each in row.listings),
        row.icon_url,
    )


def _quote_row(quote: Quote | None) -> QuoteRow | None:
    if quote is None:
        return None
    return QuoteRow(
        quote.exchange,
        quote.market,
        quote.price,
        quote.exchange_ms,
        quote.received_ms,
        quote.channel,
        quote.quality,
        quote.bid,
        quote.ask,
        quote.base_volume_24h,
        quote.quote_volume_24h,
        quote.change_percent_since_utc_midnight,
        quote.change_percent_rolling_24h,
        quote.skew_ms,
    )


def _quote(row: QuoteRow | None) -> Quote | None:
    return None if row is None else Quote(*msgspec.structs.astuple(row))


def _rate(row: RateRow) -> FxRate:
    return FxRate(*msgspec.structs.astuple(row))


def _version_row(premium: Premium, rates: _Rates) -> VersionRow:
    bases = (
        BasisRow(
            each.percent,
            each.absolute_krw,
            rates.place(each.fx),
            each.quality,
            each.reason,
        )
        for each in premium.bases
    )
    return VersionRow(
        premium.symbol,
        _quote_row(premium.domestic),
        _quote_row(premium.global_),
        tuple(bases),
        premium.at_ms,
        premium.last_live_ms,
        premium.seq,
        premium.tick,
    )


def _premium(
    row: VersionRow, coins: Mapping[str, Coin], rates: list[FxRate]
) -> Premium:
    bases = zip(_BASES, row.bases, strict=True)
    return Premium(
        coin=coins[row.symbol],
        domestic=_quote(row.domestic),
        global_=_quote(row.global_),
        bases=tuple(_basis(name, each, rates) for name, each in bases),
        at_ms=row.at_ms,
        last_live_ms=row.last_live_ms,
        seq=row.seq,
        tick=row.tick,
    )


def _basis(name: PremiumBasis, row: BasisRow, rates: list[FxRate]) -> BasisPremium:
    numbers = None
    if row.percent is not None and row.absolute_krw is not None:
        numbers = Numbers(row.percent, row.absolute_krw)
    rate = None if row.rate is None else rates[row.rate]
    return BasisPremium(name, numbers, rate, row.quality, row.reason)


def _signs_row(signs: BoardSigns, rates: _Rates) -> SignsRow:
    places = (rates.place(rate) for rate in signs.rates)
    return SignsRow(
        rates.place(signs.used),
        tuple(place for place in places if place is not None),
        dict(signs.skew_ms),
        tuple((key.exchange, key.market, ms) for key, ms in signs.carried.items()),
        signs.upstreams,
    )


def _signs(row: SignsRow, rates: list[FxRate]) -> BoardSigns:
    return BoardSigns(
        used=None if row.used is None else rates[row.used],
        rates=tuple(rates[place] for place in row.rates),
        skew_ms=row.skew_ms,
        carried={MarketKey(venue, market): ms for venue, market, ms in row.carried},
        upstreams=row.upstreams,
    )


def split(data: bytes, size: int) -> list[bytes]:
    """Return bytes in parts of at most a size, one even where there are none."""
    return [data[at : at + size] for at in range(0, max(1, len(data)), size)]


def learned(known: Mapping[str, Coin], news: BoardNews) -> dict[str, Coin]:
    """Return the coins that readers know after some news."""
    return {**known, **{premium.symbol: premium.coin for premium in news.changed}}
