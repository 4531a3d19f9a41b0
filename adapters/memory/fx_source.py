"""A rate source without a network."""

from decimal import Decimal

from domain.model.error import UpstreamUnavailable
from domain.model.fx import FxQuote


class MemoryFxSource:
    """`FxSource` that says what it was told; without a rate it is unavailable.

    While `down` holds a reason, asking raises `UpstreamUnavailable` with it. `asked`
    counts the questions.
    """

    def __init__(self, name: str = "memory", poll_interval_s: float = 60.0) -> None:
        self._name = name
        self._poll_interval_s = poll_interval_s
        self._latest: FxQuote | None = None
        self.down: str | None = None
        self.asked = 0
        self.next_ms: int | None = None

    def set_rate(self, rate: Decimal, as_of_ms: int) -> None:
        """Set what it says: won per US dollar at an instant (Unix ms)."""
        self._latest = FxQuote(self._name, rate, as_of_ms)

    @property
    def name(self) -> str:
        """The source's name in settings and answers."""
        return self._name

    @property
    def poll_interval_s(self) -> float:
        """How often to ask."""
        return self._poll_interval_s

    def will_ask(self, at_ms: int) -> None:
        """Remember when the next question comes, Unix ms."""
        self.next_ms = at_ms

    async def latest(self) -> FxQuote:
        """Return the newest rate.

        Raises:
            UpstreamUnavailable: it is down, or has no rate yet.
        """
        self.asked += 1
        if self.down is not None:
            raise UpstreamUnavailable(f"fx.{self._name}", self.down)
        if self._latest is None:
            raise UpstreamUnavailable(f"fx.{self._name}", "has no rate yet")
        return self._latest
