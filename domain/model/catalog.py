"""Which coins exist: what is stored, reconciled with what the venues list now.

Source: semantics.md "Premiums" (coins and the board), design.md "Identity". Nothing is
ever deleted: a market that its venue no longer lists is closed with a date, and opened
anew where it comes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from domain.model.coin import DOMESTIC, GLOBAL, Coin, Listing
from domain.model.hangul import has_hangul
from domain.model.identity import IdentityTable
from domain.model.market import Exchange, MarketKey, VenueMarket


@dataclass(frozen=True, slots=True)
class Reconciled:
    """All coins after a look at the venues, and which of them differ from before."""

    coins: Mapping[str, Coin]
    changed: tuple[Coin, ...]
    opened: tuple[MarketKey, ...]
    closed: tuple[MarketKey, ...]
    conflicts: tuple[VenueMarket, ...]


def better_name(known: str, told: str, symbol: str) -> str:
    """Return the name to keep: a good one is never overwritten by a worse one.

    Worse is an empty name, the bare ticker, or one without Korean letters where we
    have them.
    """
    told = told.strip()
    if not told:
        return known
    if known and known != symbol and told == symbol:
        return known
    if has_hangul(known) and not has_hangul(told):
        return known
    return told


def better_english_name(known: str, told: str, symbol: str) -> str:
    """Return the English name to keep; an empty one or the bare ticker is worse."""
    told = told.strip()
    if not told or (known and known != symbol and told == symbol):
        return known
    return told


def reconcile(
    stored: Iterable[Coin],
    venues: Mapping[Exchange, Sequence[VenueMarket]],
    identity: IdentityTable,
    now: datetime,
) -> Reconciled:
    """Return the coins as the venues' lists and the stored past make them together.

    A venue that is missing from `venues`, or whose list is empty, was not heard:
    nothing of it changes. Only assets that have or had a KRW market become coins.
    """
    work = _Reconciliation(stored, identity, now)
    heard = {exchange: markets for exchange, markets in venues.items() if markets}
    if Exchange.UPBIT in heard:
        work.take(DOMESTIC, heard[Exchange.UPBIT])
    if Exchange.BINANCE in heard:
        work.take(GLOBAL, heard[Exchange.BINANCE])
    return work.result()


def addressed(coin: Coin, icon_url: str) -> Coin:
    """Return the coin with an icon address, made where none is known.

    `{symbol}` in `icon_url` stands for the domestic venue's ticker; empty: none is
    made.
    """
    side = coin.domestic
    if coin.icon_url is not None or side is None or not icon_url:
        return coin
    address = icon_url.replace("{symbol}", quote(side.base_symbol, safe=""))
    return replace(coin, icon_url=address)


def taken_over(known: Coin | None, stored: Coin) -> Coin:
    """Return a coin with what another process has stored of it.

    Its icon, and markets of which nothing was known here.
    """
    if known is None:
        return stored
    ours = {listing.key for listing in known.listings}
    more = [listing for listing in stored.listings if listing.key not in ours]
    icon_url = known.icon_url if stored.icon_url is None else stored.icon_url
    if not more and icon_url == known.icon_url:
        return known
    return replace(known, listings=(*known.listings, *more), icon_url=icon_url)


class _Reconciliation:
    def __init__(
        self, stored: Iterable[Coin], identity: IdentityTable, now: datetime
    ) -> None:
        self._before = {coin.symbol: coin for coin in stored}
        self._coins = dict(self._before)
        self._identity = identity
        self._now = now
        self._opened: list[MarketKey] = []
        self._closed: list[MarketKey] = []
        self._conflicts: list[VenueMarket] = []

    def take(self, side: tuple[Exchange, str], markets: Sequence[VenueMarket]) -> None:
        """Take one venue's list: names, listings, and what is gone."""
        exchange, quote = side
        first_look = not any(
            item.exchange is exchange
            for coin in self._coins.values()
            for item in coin.listings
        )
        owned: dict[str, list[tuple[VenueMarket, Listing]]] = {}
        for market in markets:
            if market.quote != quote:
                continue
            found = self._identity.resolve(exchange, market.base_symbol, self._now)
            listing = Listing(
                exchange=exchange,
                market=market.market,
                base_symbol=market.base_symbol,
                quote=quote,
                multiplier=found.multiplier,
                tradable=market.tradable,
                warnings=market.warnings,
                since=None if first_look else self._now,
                curated=found.curated,
            )
            owned.setdefault(found.asset, []).append((market, listing))
        if side == DOMESTIC:
            self._take_names(owned)
        self._take_listings(side, owned)

    def result(self) -> Reconciled:
        """Return what has become of the coins."""
        changed = tuple(
            coin
            for symbol, coin in self._coins.items()
            if self._before.get(symbol) != coin
        )
        return Reconciled(
            self._coins,
            changed,
            tuple(self._opened),
            tuple(self._closed),
            tuple(self._conflicts),
        )

    def _take_names(
        self, owned: Mapping[str, list[tuple[VenueMarket, Listing]]]
    ) -> None:
        for asset, found in owned.items():
            market, _ = min(found, key=lambda pair: not pair[1].curated)
            coin = self._coins.get(asset, Coin(asset, "", ""))
            korean = better_name(coin.korean_name, market.korean_name, asset)
            english = better_english_name(coin.english_name, market.english_name, asset)
            self._coins[asset] = replace(
                coin, korean_name=korean or asset, english_name=english or asset
            )

    def _take_listings(
        self,
        side: tuple[Exchange, str],
        owned: Mapping[str, list[tuple[VenueMarket, Listing]]],
    ) -> None:
        for symbol, coin in self._coins.items():
            told = [listing for _, listing in owned.get(symbol, ())]
            curated = [listing for listing in told if listing.curated]
            if curated and len(curated) < len(told):
                # A guess by equal ticker never stands beside a checked market.
                self._conflicts += [
                    market for market, item in owned[symbol] if not item.curated
                ]
                told = curated
            listings = self._merge(side, coin.listings, told)
            self._coins[symbol] = replace(coin, listings=listings)

    def _merge(
        self,
        side: tuple[Exchange, str],
        known: tuple[Listing, ...],
        told: Sequence[Listing],
    ) -> tuple[Listing, ...]:
        news = {listing.market: listing for listing in told}
        merged = []
        for listing in known:
            if (listing.exchange, listing.quote) != side or not listing.is_open:
                merged.append(listing)
                continue
            fresh = news.pop(listing.market, None)
            if fresh is None:
                self._closed.append(listing.key)
                merged.append(replace(listing, tradable=False, until=self._now))
            else:
                merged.append(replace(fresh, since=listing.since))
        self._opened += [listing.key for listing in news.values()]
        return (*merged, *news.values())
