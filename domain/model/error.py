"""Conditions of the core that a caller can act on."""


class InvalidArgument(ValueError):
    """An argument outside what is allowed; names both.

    `most` is the largest number allowed, told where a larger one was given.
    """

    def __init__(self, argument: str, problem: str, most: int | None = None) -> None:
        super().__init__(f"{argument} {problem}")
        self.argument = argument
        self.problem = problem
        self.most = most


class UnknownCoin(LookupError):
    """No coin has this symbol."""

    def __init__(self, symbol: str) -> None:
        super().__init__(f"no coin has the symbol {symbol!r}")
        self.symbol = symbol


class StoreUnavailable(Exception):
    """The database cannot be reached now; what was asked may be tried again later."""


class UpstreamUnavailable(Exception):
    """A venue or rate source gave no usable answer: down, refused, or garbage.

    `retry_at_ms` (Unix ms) is told where it was not even asked, or refused by its
    limits: nothing is sent before. None: another try may help any time.
    """

    retry_at_ms: int | None = None

    def __init__(self, upstream: str, reason: str) -> None:
        super().__init__(f"{upstream}: {reason}")
        self.upstream = upstream
        self.reason = reason


class UnsupportedRead(Exception):
    """This venue or channel cannot answer such a question; another one may."""


class UnknownMarket(LookupError):
    """The venue has no such market."""

    def __init__(self, exchange: str, market: str) -> None:
        super().__init__(f"{exchange} has no market {market!r}")
        self.exchange = exchange
        self.market = market
