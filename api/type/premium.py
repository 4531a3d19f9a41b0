"""Coins and their premiums: they link both ways, so they live together."""

from decimal import Decimal
from typing import Self
from urllib.parse import quote as escape

import strawberry
from strawberry import UNSET

from api.argument import (
    DEFAULT_BARS,
    DEFAULT_FIRST,
    DEFAULT_SPARKLINE,
    bars_asked,
    page_request,
    snapshots_asked,
)
from api.global_id import NodeType, make_id
from api.moment import Moment
from api.scalar import UnixMs, optional_ms
from api.type.bar import PremiumBarConnection
from api.type.fx import BasisPremium
from api.type.listing import Listing
from api.type.node import Node
from api.type.question import (
    After,
    Basis,
    Begin,
    End,
    FirstDay,
    LastDay,
    Length,
    Points,
    Rows,
    Way,
    Window,
)
from api.type.quote import Quote
from api.type.resolver import resolver
from api.type.snapshot import DailySnapshotConnection
from api.type.stats import PremiumStats, SparklinePoint
from api.type.vocabulary import (
    Direction,
    Interval,
    MarketWarning,
    PremiumBasis,
    Quality,
    Reason,
    StatsWindow,
)
from domain.model import coin as coin_model
from domain.model import fx as fx_model
from domain.model import premium as model
from domain.model import premium_stats as stats_model

# A premium has all bases, in the order of the vocabulary.
_PLACES = {basis: place for place, basis in enumerate(PremiumBasis)}


@strawberry.type(
    description=(
        "One asset under its canonical symbol, with every market we know of it. Every "
        "asset that has or had a won market on Upbit is one."
    )
)
class Coin(Node):
    """View of the domain's `Coin`."""

    value: strawberry.Private[coin_model.Coin]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: coin_model.Coin, moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("Opaque and stable; `Query.node` takes it.")
    def id(self) -> strawberry.ID:
        """The global ID."""
        return strawberry.ID(make_id(NodeType.COIN, self.value.symbol))

    @resolver("The canonical symbol: `BTC`.")
    def symbol(self) -> str:
        """The canonical symbol."""
        return self.value.symbol

    @resolver("The Korean name: 비트코인.")
    def korean_name(self) -> str:
        """The Korean name."""
        return self.value.korean_name

    @resolver("The English name: Bitcoin.")
    def english_name(self) -> str:
        """The English name."""
        return self.value.english_name

    @resolver(
        "A picture of the coin on this server, an absolute path such as "
        "`/icons/BTC`; works offline."
    )
    def icon_url(self) -> str | None:
        """The path of the picture."""
        return f"/icons/{escape(self.value.symbol, safe='')}"

    @resolver("Its markets, present and past.")
    def listings(self) -> list[Listing]:
        """Its markets."""
        return [Listing.from_domain(listing) for listing in self.value.listings]

    @resolver("The warnings of all its present markets.")
    def warnings(self) -> list[MarketWarning]:
        """The warnings of its markets."""
        return [MarketWarning(warning) for warning in self.value.warnings]

    @resolver(
        "Its live premium; null while it has no won market on Upbit.", moving=True
    )
    def premium(self) -> "Premium | None":
        """Its live premium."""
        found = self.moment.board.premium(self.value.symbol)
        return None if found is None else Premium.from_domain(found, self.moment)

    @resolver(
        "Its premium over time on one basis: minutes as recorded, longer bars derived "
        "from them, or from the venues' candles where minutes are missing. Bars with "
        "`from` ≤ openedAt < `to`; not in subscriptions."
    )
    async def premium_history(
        self,
        begin: Begin,
        end: End,
        interval: Length = Interval.M1,
        basis: Basis = PremiumBasis.OFFICIAL_FX,
        direction: Way = Direction.ASC,
        rows: Rows = DEFAULT_BARS,
        after: After = UNSET,
    ) -> PremiumBarConnection:
        """Its premium over time."""
        symbol, request = self.value.symbol, page_request(rows, after, DEFAULT_BARS)
        span = (begin, end)
        asked = bars_asked(symbol, interval, basis, span, direction, request)
        page = await self.moment.past(request.first).bars(asked)
        return PremiumBarConnection.from_domain(page)

    @resolver(
        "What it cost at the end of each day in Seoul; both ends inclusive. Not in "
        "subscriptions."
    )
    async def daily_snapshots(
        self,
        begin: FirstDay = UNSET,
        end: LastDay = UNSET,
        direction: Way = Direction.ASC,
        rows: Rows = DEFAULT_FIRST,
        after: After = UNSET,
    ) -> DailySnapshotConnection:
        """Its daily snapshots."""
        symbol, request = self.value.symbol, page_request(rows, after)
        asked = snapshots_asked(symbol, (begin, end), direction, request)
        page = await self.moment.past(request.first).snapshots(asked)
        return DailySnapshotConnection.from_domain(page)


@strawberry.type(
    description=(
        "What a coin costs in won above its price in dollars. `quality` and `reason` "
        "speak of OFFICIAL_FX; `bases` has all three."
    )
)
class Premium(Node):
    """View of the domain's `Premium`."""

    value: strawberry.Private[model.Premium]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: model.Premium, moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("Opaque and stable; `Query.node` takes it.")
    def id(self) -> strawberry.ID:
        """The global ID."""
        return strawberry.ID(make_id(NodeType.PREMIUM, self.value.symbol))

    @resolver("The coin.")
    def coin(self) -> Coin:
        """The coin."""
        return Coin.from_domain(self.value.coin, self.moment.live)

    @resolver("The coin's canonical symbol: `BTC`.")
    def symbol(self) -> str:
        """The coin's symbol."""
        return self.value.symbol

    @resolver("Upbit, in won; null where no price was ever seen.")
    def domestic(self) -> Quote | None:
        """The side in won."""
        quote = self.value.domestic
        return None if quote is None else Quote.from_domain(quote, self.moment)

    @resolver(
        "Binance, in USDT; null where there is no market or price.",
        name="global",
    )
    def global_(self) -> Quote | None:
        """The side in dollars."""
        quote = self.value.global_
        return None if quote is None else Quote.from_domain(quote, self.moment)

    @resolver(
        "(krw / (usdt · fx) − 1) · 100, rounded half-even to six places. Null "
        "where UNAVAILABLE; the last number from two fresh sides where STALE."
    )
    def percent(self, basis: Basis = PremiumBasis.OFFICIAL_FX) -> Decimal | None:
        """The premium in percent."""
        return self.value.bases[_PLACES[basis]].percent

    @resolver(
        "krw − usdt · fx in won per coin, exact; null where UNAVAILABLE.",
        name="absoluteKrw",
    )
    def absolute_krw(self, basis: Basis = PremiumBasis.OFFICIAL_FX) -> Decimal | None:
        """The premium in won."""
        return self.value.bases[_PLACES[basis]].absolute_krw

    @resolver("All three bases, in the order of `PremiumBasis`.")
    def bases(self) -> list[BasisPremium]:
        """All three bases."""
        return [BasisPremium.from_domain(b, self.moment) for b in self.value.bases]

    @resolver("Whether one basis is above and another below zero.")
    def sign_conflict(self) -> bool:
        """Whether the bases disagree."""
        return self.value.sign_conflict

    @resolver("How far the numbers on OFFICIAL_FX can be trusted.")
    def quality(self) -> Quality:
        """How far to trust it."""
        return Quality(self.value.quality)

    @resolver("Why they are null or not live; null where LIVE.")
    def reason(self) -> Reason | None:
        """Why not live."""
        reason = self.value.reason
        return None if reason is None else Reason(reason)

    @resolver("The instant of the last numbers from two fresh sides.")
    def at(self) -> UnixMs:
        """The instant of the numbers."""
        return UnixMs(self.value.at_ms)

    @resolver("The last instant it was LIVE; null: never yet.")
    def last_live_at(self) -> UnixMs | None:
        """The last instant it was LIVE."""
        return optional_ms(self.value.last_live_ms)

    @resolver(
        "Where it stands among its own closes of a window; null with an error where "
        "the database is away. One question for all coins of a list."
    )
    async def stats(
        self,
        window: Window = StatsWindow.D30,
        basis: Basis = PremiumBasis.OFFICIAL_FX,
    ) -> PremiumStats | None:
        """Where it stands."""
        chosen = stats_model.StatsWindow(window.name)
        past, as_of_ms = self.moment.past(), self.moment.as_of_ms
        told = self.value.bases[_PLACES[basis]]
        found = await past.stats(self.value.symbol, told, chosen, as_of_ms)
        return PremiumStats.from_domain(found)

    @resolver(
        "The last 24 hours for a small picture, oldest first: closes of minutes, "
        "downsampled so that the line looks the same (LTTB), the first and the last "
        "among them. From memory; null with an error under `asOf`.",
        name="sparkline24h",
    )
    async def sparkline_24h(
        self,
        points: Points = DEFAULT_SPARKLINE,
        basis: Basis = PremiumBasis.OFFICIAL_FX,
    ) -> list[SparklinePoint] | None:
        """The last 24 hours."""
        chosen = fx_model.PremiumBasis(basis.name)
        past, symbol = self.moment.trail(), self.value.symbol
        found = await past.sparkline(symbol, chosen, points)
        return [SparklinePoint.from_domain(point) for point in found]

    @resolver(
        "Published versions of this coin, at most one per tick; survives restarts. "
        "A lower number than before: drop what you have. Under `asOf`: 0."
    )
    def seq(self) -> int:
        """Published versions."""
        return self.value.seq
