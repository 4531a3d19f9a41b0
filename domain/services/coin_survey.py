"""Which coins there are, asked once: what is stored and what both venues list now."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final

from domain.model.catalog import addressed, reconcile
from domain.model.coin import Coin
from domain.model.error import InvalidArgument, UpstreamUnavailable
from domain.model.identity import IdentityTable
from domain.model.market import VenueMarket
from domain.ports.clock import Clock
from domain.ports.market_source import MarketSource
from domain.ports.store import CoinRepository

# A venue that does not tell its markets is asked again after these waits.
WAITS_S: Final = (1.0, 2.0, 4.0)
# A time to come back that is further away than this is not waited for.
MAX_HOLD_S: Final = 15.0


class VenuesSilent(Exception):
    """A venue does not tell which markets it has; one line per venue."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))


@dataclass(frozen=True, slots=True)
class Survey:
    """Every coin that has or had a KRW market, and those that are not stored so yet."""

    coins: Mapping[str, Coin]
    fresh: Sequence[Coin]

    def chosen(self, symbols: Collection[str] | None) -> Sequence[Coin]:
        """Return coins by their symbols; None: all that have both markets now.

        Raises:
            InvalidArgument: a symbol that no coin has; names those there are.
        """
        if symbols is None:
            return self._paired()
        unknown = sorted(set(symbols) - self.coins.keys())
        if unknown:
            raise InvalidArgument("--symbols", self._unknown(unknown))
        return [self.coins[symbol] for symbol in sorted(set(symbols))]

    def _paired(self) -> Sequence[Coin]:
        return [
            coin
            for _, coin in sorted(self.coins.items())
            if coin.domestic is not None and coin.global_ is not None
        ]

    def _unknown(self, symbols: Sequence[str]) -> str:
        near = get_close_matches(symbols[0], self.coins, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        allowed = ", ".join(coin.symbol for coin in self._paired())
        return f"{', '.join(symbols)}: no such coin{hint}; allowed: {allowed}"


class CoinSurvey:
    """Asks the store and the venues, and stores what is new."""

    def __init__(
        self,
        repository: CoinRepository,
        sources: Sequence[MarketSource],
        identity: IdentityTable,
        clock: Clock,
        icon_url: str = "",
    ) -> None:
        """Compose; `icon_url` is the address kept for a coin without one."""
        self._repository = repository
        self._sources = sources
        self._identity = identity
        self._clock = clock
        self._icon_url = icon_url

    async def take(self) -> Survey:
        """Return what is known now; nothing is stored yet.

        Raises:
            VenuesSilent: a venue gave no usable answer to several questions.
            StoreUnavailable: the database is away.
        """
        stored = await self._repository.load()
        answers = await asyncio.gather(
            *(self._markets(source) for source in self._sources)
        )
        silent = [str(answer) for answer in answers if isinstance(answer, Exception)]
        if silent:
            raise VenuesSilent(silent)
        heard = {
            source.exchange: answer
            for source, answer in zip(self._sources, answers, strict=True)
            if not isinstance(answer, Exception)
        }
        now = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        found = reconcile(stored, heard, self._identity, now)
        fresh = [addressed(coin, self._icon_url) for coin in found.changed]
        coins = {**found.coins, **{coin.symbol: coin for coin in fresh}}
        return Survey(coins, fresh)

    async def save(self, survey: Survey) -> None:
        """Store what is new, so that bars have their coins.

        Raises:
            StoreUnavailable: the database is away.
        """
        if survey.fresh:
            await self._repository.save(survey.fresh)

    async def _markets(
        self, source: MarketSource
    ) -> Sequence[VenueMarket] | UpstreamUnavailable:
        waits = iter(WAITS_S)
        while True:
            try:
                return await source.markets()
            except UpstreamUnavailable as exc:
                wait_s, held_s = next(waits, None), self._held_s(exc)
                if wait_s is None or held_s > MAX_HOLD_S:
                    return exc
            await self._clock.sleep(max(wait_s, held_s))

    def _held_s(self, exc: UpstreamUnavailable) -> float:
        if exc.retry_at_ms is None:
            return 0.0
        return (exc.retry_at_ms - self._clock.now_ms()) / 1000
