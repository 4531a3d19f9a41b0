"""What is asked: the same bodies for every server, as clients send them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

PAGE = 100
SYMBOLS = 100
SIZES = range(51, 151)
"""Coins of boards that are asked for in turn; 100 on average."""
COUNTER = "000000000"
"""Stands in a document of which every request has one of its own; the load client
counts there. It is the default of a variable that is given: the answer is the same, but
neither the text nor its syntax tree, by which Strawberry knows documents."""

_PREMIUM = "symbol percent quality seq domestic { price } global { price }"
_COIN = f"query Coin($symbol: String!) {{ premium(symbol: $symbol) {{ {_PREMIUM} }} }}"
_FRESH = _COIN.replace("String!", f'String! = "{COUNTER}"')
_BOARD = (
    "query Board($first: Int!) "
    f"{{ premiums(first: $first) {{ edges {{ node {{ {_PREMIUM} }} }} }} }}"
)
_COINS = (
    "query Coins($first: Int!) { coins(first: $first) { edges { node { symbol "
    "koreanName englishName iconUrl listings { exchange market quote tradable } } } "
    "pageInfo { hasNextPage endCursor } } }"
)


@dataclass(frozen=True, slots=True)
class Operation:
    """A measurement: a document and the variables that requests have in turn.

    `name` is the part's name on the command line, `title` its heading. `fresh`: every
    request has a document that nobody has sent before.
    """

    name: str
    title: str
    operation_name: str
    query: str
    variables: Sequence[dict[str, Any]]
    fresh: bool = False

    def bodies(self) -> list[str]:
        """Return the requests' bodies, as Apollo Client and urql write them."""
        return [
            json.dumps(
                {
                    "operationName": self.operation_name,
                    "query": self.query,
                    "variables": variables,
                },
                separators=(",", ":"),
            )
            for variables in self.variables
        ]


def operations(symbols: Sequence[str]) -> list[Operation]:
    """Return what is measured on a board with these coins, of which there are 100."""
    page = [{"first": PAGE}]
    sizes = [{"first": first} for first in SIZES]
    each = [{"symbol": symbol} for symbol in symbols[:SYMBOLS]]
    one = each[:1]
    return [
        Operation("coin", "One coin", "Coin", _COIN, one),
        Operation("rotating", "One coin, another each time", "Coin", _COIN, each),
        Operation("board", "The board of 100 coins", "Board", _BOARD, page),
        Operation(
            "boards", "The board, another size each time", "Board", _BOARD, sizes
        ),
        Operation("coins", "`coins`, a page of 100", "Coins", _COINS, page),
        Operation("fresh", "One coin, unknown documents", "Coin", _FRESH, one, True),
    ]


NAMES = tuple(operation.name for operation in operations([""]))
