"""Opaque global IDs (GraphQL Global Object Identification): type and symbol."""

import base64
import binascii
from enum import StrEnum

from api.limit import MAX_ID
from domain.model.error import InvalidArgument


class NodeType(StrEnum):
    """What an ID can stand for."""

    COIN = "Coin"
    PREMIUM = "Premium"


def make_id(kind: NodeType, symbol: str) -> str:
    """Return the ID of a coin or its premium."""
    return base64.b64encode(f"{kind}:{symbol}".encode()).decode("ascii")


def read_id(text: str) -> tuple[NodeType, str]:
    """Return what an ID stands for.

    Raises:
        InvalidArgument: not an ID that `make_id` returned.
    """
    try:
        if len(text) > MAX_ID:
            raise ValueError("too long")
        raw = base64.b64decode(text.encode("ascii"), validate=True).decode()
        kind, separator, symbol = raw.partition(":")
        if not separator or not symbol:
            raise ValueError("no symbol")
        return NodeType(kind), symbol
    except (binascii.Error, ValueError) as exc:
        raise InvalidArgument("id", "must be an ID that this server returned") from exc
