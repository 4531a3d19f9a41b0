"""A trade: who took which side, when, at what price."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Side(StrEnum):
    """What the taker did."""

    BUY = "BUY"
    SELL = "SELL"


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade; `id` is unique within the market, `at_ms` the venue's stamp."""

    market: str
    id: str
    at_ms: int
    price: Decimal
    volume: Decimal
    side: Side
