"""Figures of what clients ask: plain numbers here, made into metrics elsewhere.

Everything is counted under labels of a closed list: a client cannot make new ones.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sized
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import Final, Protocol

from api.limit import Bound
from domain.model.histogram import ANSWER_BOUNDS_S, LAG_BOUNDS_S, Histogram

OK: Final = "OK"
"""The outcome of an operation without errors; others are of `api.error.ErrorCode`."""

OTHER: Final = "other"
"""Stands for paths and methods that are none of ours."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "OPTIONS"})


# Close codes that speak of a bound.
_CLOSING: Final = {1009: Bound.MESSAGE_BYTES, 4408: Bound.INIT_TIMEOUT_S}


class LiveReporter(Protocol):
    """What the subscription engine tells of itself."""

    @property
    def groups(self) -> Sized:
        """Groups of subscriptions that are told alike."""
        ...

    @property
    def lagging(self) -> int:
        """Members that wait for room in their sockets."""
        ...

    @property
    def failed(self) -> int:
        """Groups that ended because an event could not be written."""
        ...

    @property
    def ordinary(self) -> Mapping[str, int]:
        """Operations on sockets and streams that no group could run, by why."""
        ...


class NoneLive:
    """Stands for the engine where there is none."""

    groups: Sized = ()
    lagging = 0
    failed = 0
    ordinary: Mapping[str, int] = MappingProxyType({})


class Traffic:
    """Counts since the start, and what is open now."""

    def __init__(self) -> None:
        # (method, route, status)
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.request_s: dict[str, Histogram] = defaultdict(_answer)
        # (kind, transport, code) and (kind, transport)
        self.operations: Counter[tuple[str, str, str]] = Counter()
        self.operation_s: dict[tuple[str, str], Histogram] = defaultdict(_answer)
        self.errors: Counter[str] = Counter()
        # What was refused for a bound, by the bound.
        self.refused: Counter[str] = Counter()
        self.sockets = 0
        self.sockets_opened = 0
        self.closes: Counter[str] = Counter()
        # (field, transport)
        self.subscriptions: Counter[tuple[str, str]] = Counter()
        self.events: Counter[tuple[str, str]] = Counter()
        # field
        self.lag_s: dict[str, Histogram] = defaultdict(_lag)
        self.merged: Counter[str] = Counter()
        self.direct = 0
        self.live: LiveReporter = NoneLive()

    def request(
        self, method: str, route: str, status: int, seconds: float | None
    ) -> None:
        """Count an HTTP answer; `seconds` is None for one that is a stream."""
        known = method if method in METHODS else OTHER
        self.requests[known, route, str(status)] += 1
        if seconds is not None:
            self.request_s[route].observe(seconds)

    def operation(self, kind: str, transport: str, code: str, seconds: float) -> None:
        """Count an operation that was answered, a subscription by its first event."""
        self.operations[kind, transport, code] += 1
        self.operation_s[kind, transport].observe(seconds)

    def told(self, extensions: Mapping[str, object]) -> None:
        """Count an error that is told, and the bound that it names."""
        self.errors[str(extensions["code"])] += 1
        bound = extensions.get("limit")
        if isinstance(bound, str):
            self.refused[bound] += 1

    def refuse(self, bound: Bound) -> None:
        """Count what a bound refused, of which no error tells."""
        self.refused[bound.value] += 1

    def closed(self, code: int) -> None:
        """Count a WebSocket that we close with a code."""
        self.closes[str(code)] += 1
        bound = _CLOSING.get(code)
        if bound is not None:
            self.refuse(bound)

    def handed(self, field: str, transport: str) -> None:
        """Count an event that the transport has taken."""
        self.events[field, transport] += 1

    def lagged(self, field: str, lag_s: float, merged: int) -> None:
        """Tell how long after its tick an event was handed over.

        `merged` ticks were published meanwhile beyond the next one: they come as one.
        """
        self.lag_s[field].observe(max(0.0, lag_s))
        if merged > 0:
            self.merged[field] += merged

    def delivered(
        self, field: str, transport: str, count: int, lag_s: float | None
    ) -> None:
        """Count an event that was handed to so many at once.

        `lag_s` is how long after its tick; None: a first event, of no tick.
        """
        self.events[field, transport] += count
        if lag_s is not None:
            self.lag_s[field].observe(max(0.0, lag_s), count)

    def fell_behind(self, field: str, ticks: int) -> None:
        """Count the ticks that a reader was too slow for: they come as one event."""
        if ticks > 0:
            self.merged[field] += ticks

    def socket_opened(self) -> None:
        """Count a WebSocket that is open now."""
        self.sockets += 1
        self.sockets_opened += 1

    def socket_closed(self) -> None:
        """Count it no longer."""
        self.sockets -= 1

    @contextmanager
    def subscription(self, field: str, transport: str) -> Iterator[None]:
        """Count a subscription for as long as it runs."""
        self.subscriptions[field, transport] += 1
        try:
            yield
        finally:
            self.subscriptions[field, transport] -= 1


_answer = partial(Histogram, ANSWER_BOUNDS_S)
_lag = partial(Histogram, LAG_BOUNDS_S)
