"""A venue's live side."""

from collections.abc import Callable, Collection
from typing import Protocol

from domain.model.event import FeedEvent
from domain.model.market import Exchange

FeedSink = Callable[[FeedEvent], None]


class MarketStream(Protocol):
    """A subscription that reconnects for ever and tells its own ups and downs."""

    @property
    def exchange(self) -> Exchange:
        """The venue."""
        ...

    def watch(self, markets: Collection[str]) -> None:
        """Set all markets wanted, by the venue's codes; may change later."""
        ...

    async def run(self, sink: FeedSink) -> None:
        """Feed the sink until cancelled; expected failures become FeedDown events."""
        ...
