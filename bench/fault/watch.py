"""When each thing happened to the coins that a fault befalls."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bench.fault.case import Side
from bench.subscriber import Coins

PRIMARY_RATE = "dunamu"


def leg_of(coin: dict[str, Any], side: Side) -> dict[str, Any] | None:
    """Return the leg or rate on a side."""
    found: dict[str, Any] | None
    found = coin["bases"][0]["fx"] if side == "rate" else coin[side]
    return found


def is_primary(coin: dict[str, Any], side: Side) -> bool:
    """Whether a coin is LIVE by the way that serves it on quiet days."""
    leg = leg_of(coin, side)
    if coin["quality"] != "LIVE" or leg is None:
        return False
    if side == "rate":
        return bool(leg["source"] == PRIMARY_RATE and leg["quality"] == "LIVE")
    return bool(leg["channel"] == "WEBSOCKET")


def is_second(coin: dict[str, Any], side: Side) -> bool:
    """Whether a coin is LIVE by the way that stands in."""
    leg = leg_of(coin, side)
    if coin["quality"] != "LIVE" or leg is None:
        return False
    return bool(
        leg["source"] != PRIMARY_RATE if side == "rate" else leg["channel"] == "REST"
    )


def stamp_ms(coin: dict[str, Any], side: Side) -> float:
    """Return the instant of a side's price, Unix ms."""
    leg = leg_of(coin, side)
    if leg is None:
        return 0.0
    text = leg["asOf" if side == "rate" else "exchangeTime"]
    return datetime.fromisoformat(text).timestamp() * 1000


@dataclass
class Watch:
    """Fed with every event from the moment a fault begins; instants are monotonic.

    `left_s`: the first coin left LIVE. `honest_s`: nothing that stood on the lost way
    says LIVE by it any more. `second_s`: all are LIVE by the way that stands in.
    """

    side: Side
    coins: frozenset[str]
    left_s: float | None = None
    honest_s: float | None = None
    second_s: float | None = None
    worst: int = 0
    before: dict[str, float] = field(default_factory=dict)

    @staticmethod
    def of(coins: Coins, side: Side) -> "Watch":
        """Return a watch over the coins that are LIVE now."""
        live = {s for s, coin in coins.items() if coin["quality"] == "LIVE"}
        before = {
            symbol: stamp_ms(coins[symbol], side)
            for symbol in live
            if is_primary(coins[symbol], side)
        }
        return Watch(side, frozenset(live), before=before)

    @property
    def lost(self) -> bool:
        """Whether anything left LIVE, or the way that served it."""
        return self.left_s is not None or self.second_s is not None

    def look(self, coins: Coins, at_s: float) -> None:
        """Take the board after an event."""
        live = sum(
            symbol in coins and coins[symbol]["quality"] == "LIVE"
            for symbol in self.coins
        )
        self.worst = max(self.worst, len(self.coins) - live)
        if live < len(self.coins) and self.left_s is None:
            self.left_s = at_s
        if self.honest_s is None and self.before and not self._claims(coins):
            self.honest_s = at_s
        if (
            self.second_s is None
            and self.before
            and all(
                symbol in coins and is_second(coins[symbol], self.side)
                for symbol in self.before
            )
        ):
            self.second_s = at_s

    def _claims(self, coins: Coins) -> bool:
        """Whether a price from before the fault is still told as LIVE and primary."""
        return any(
            symbol in coins
            and is_primary(coins[symbol], self.side)
            and stamp_ms(coins[symbol], self.side) <= before_ms
            for symbol, before_ms in self.before.items()
        )

    def recovered(self, since_ms: float) -> Callable[[Coins], bool]:
        """Return whether all are LIVE and the primary way has told of something new."""
        # A rate's own instant is older than its poll: its source says it all.
        since_ms = 0.0 if self.side == "rate" else since_ms

        def holds(coins: Coins) -> bool:
            mine = [coins[symbol] for symbol in self.coins if symbol in coins]
            return all(coin["quality"] == "LIVE" for coin in mine) and any(
                is_primary(coin, self.side) and stamp_ms(coin, self.side) > since_ms
                for coin in mine
            )

        return holds
