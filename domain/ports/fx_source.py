"""A source of the official US dollar rate."""

from typing import Protocol

from domain.model.fx import FxQuote


class FxSource(Protocol):
    """Says how many won a US dollar costs."""

    @property
    def name(self) -> str:
        """The source's name in settings and answers (`dunamu`)."""
        ...

    @property
    def poll_interval_s(self) -> float:
        """How often to ask."""
        ...

    async def latest(self) -> FxQuote:
        """Return the newest rate.

        Raises:
            UpstreamUnavailable: no usable answer.
        """
        ...

    def will_ask(self, at_ms: int) -> None:
        """Hear when the next question comes (Unix ms), for whoever looks at health."""
        ...
