"""What things are worth, as pure functions of (seed, instant).

Dollar prices follow one common factor and a walk per coin; won prices are
dollars × USD/KRW × (1 + common premium + the coin's own).
"""

from collections.abc import Iterable
from math import exp

from adapters.simulator.coin import Coin
from adapters.simulator.walk import Walk, brownian, lattice, salt

FX_LEVEL = 1_400.0
COMMON_PREMIUM = 0.02
FACTOR_VOLATILITY = 0.015
# Below this a coin is money (USDT, USDC, EUR): the crypto factor leaves it alone.
MONEY_VOLATILITY = 0.005

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
# At most ±1.7 % around the level.
_FX_OCTAVES = (
    (_MINUTE, 0.00005),
    (30 * _MINUTE, 0.0004),
    (6 * _HOUR, 0.0015),
    (3 * _DAY, 0.005),
    (30 * _DAY, 0.01),
)
# At most ±0.93 points around +2 %.
_COMMON_OCTAVES = (
    (20 * _SECOND, 0.0001),
    (5 * _MINUTE, 0.0003),
    (_HOUR, 0.0009),
    (6 * _HOUR, 0.003),
    (3 * _DAY, 0.005),
)
_OWN_OCTAVES = (
    (30 * _SECOND, 0.0002),
    (30 * _MINUTE, 0.0009),
    (6 * _HOUR, 0.0014),
)
_OWN_OFFSET = 0.0015
# The liquid ones stray less from the common premium.
_LIQUID_ACTIVITY = 40.0
_LIQUID_SHARE = 0.25
# Candles of all markets ask the shared walks for the same instants: a page of 1,000
# with four points each.
_REMEMBERED = 4_096


class Asset:
    """One coin's worth in dollars and its own share of the premium."""

    __slots__ = (
        "_beta",
        "_factor",
        "_own",
        "_own_offset",
        "_own_share",
        "_price",
        "_t",
        "_usd",
        "_walk",
        "coin",
    )

    def __init__(self, seed: int, coin: Coin, factor: Walk) -> None:
        self.coin = coin
        self._factor = factor
        self._beta = 0.0 if coin.volatility < MONEY_VOLATILITY else 1.0
        common = self._beta * FACTOR_VOLATILITY
        alone = max(coin.volatility**2 - common**2, 0.0) ** 0.5
        self._walk = Walk(seed, f"usd/{coin.symbol}", brownian(alone))
        self._own = Walk(seed, f"premium/{coin.symbol}", _OWN_OCTAVES)
        liquid = coin.activity >= _LIQUID_ACTIVITY or not self._beta
        self._own_share = _LIQUID_SHARE if liquid else 1.0
        noise = lattice(salt(seed, f"offset/{coin.symbol}"), 0) * _OWN_OFFSET
        self._own_offset = coin.premium_bp / 10_000 + noise * self._own_share
        self._price = coin.price_usd
        self._t = -1
        self._usd = 0.0

    def usd(self, t_ms: int) -> float:
        """Return dollars per coin at an instant."""
        if t_ms != self._t:
            move = self._walk.at(t_ms) + self._beta * self._factor.at(t_ms)
            self._usd = self._price * exp(move)
            self._t = t_ms
        return self._usd

    def own_premium(self, t_ms: int) -> float:
        """Return what the coin's premium differs from the common one (fraction)."""
        return self._own_offset + self._own_share * self._own.at(t_ms)


class Economy:
    """All coins, the dollar in won and the premium that all coins share."""

    def __init__(self, seed: int, coins: Iterable[Coin]) -> None:
        self._fx = Walk(seed, "fx", _FX_OCTAVES, _REMEMBERED)
        self._common = Walk(seed, "common premium", _COMMON_OCTAVES, _REMEMBERED)
        factor = Walk(seed, "factor", brownian(FACTOR_VOLATILITY), _REMEMBERED)
        self._seed, self._factor = seed, factor
        self.asset = {coin.symbol: Asset(seed, coin, factor) for coin in coins}

    def issue(self, coin: Coin, series: int = 0) -> Asset:
        """Return the worth of a coin that is not in the table.

        It is the same for the same coin and series; another series of an equal ticker
        goes its own way.
        """
        return Asset(self._seed + series, coin, self._factor)

    def fx(self, t_ms: int) -> float:
        """Return won per dollar between banks."""
        return FX_LEVEL * exp(self._fx.at(t_ms))

    def common_premium(self, t_ms: int) -> float:
        """Return the premium all coins share, as a fraction (0.02 is +2 %)."""
        return COMMON_PREMIUM + self._common.at(t_ms)
