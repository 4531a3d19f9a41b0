"""An order book: what could be bought and sold on one market at one moment."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BookLevel:
    """A price per venue unit of the market and the volume offered there."""

    price: Decimal
    volume: Decimal


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Bids from the highest, asks from the lowest; `at_ms` is Unix ms.

    `at_ms` is the venue's stamp, the receive time where it gives none (Binance).
    """

    market: str
    at_ms: int
    bids: tuple[BookLevel, ...]
    asks: tuple[BookLevel, ...]
