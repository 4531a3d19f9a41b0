"""When a venue is asked by REST: seeds for its stream, polls in place of it. Pure.

Source: design.md "Channels and failover", semantics.md "Quotes". Times are seconds of
the monotonic clock, `*_ms` are exchange stamps (Unix ms).
"""

from dataclasses import dataclass, field

from domain.model.patience import Patience


@dataclass(frozen=True, slots=True)
class FallbackPolicy:
    """How soon, how often and how patiently; all in seconds.

    `bound_s` is the venue's silence bound; polls come at half of it, so that a polled
    price is live. A stream missing for less than `after_s` is only being dialled again.
    A question without an answer for `overtake_s` is overtaken by the next one. A venue
    that fails is asked again by `Patience`.
    """

    bound_s: float
    after_s: float = 1.0
    overtake_s: float = 4.0

    @property
    def interval_s(self) -> float:
        """The time from one poll to the next."""
        return self.bound_s / 2


@dataclass(slots=True)
class FallbackCount:
    """What the plan of one venue went through since the start."""

    takeovers: int = 0
    handovers: int = 0
    reads: int = 0
    failures: int = 0


@dataclass(slots=True)
class FallbackPlan:
    """Where one venue stands between its stream and its REST side.

    The stream is missing from the start, and from its end on, until it is primary
    again: with a message that is not older than the last thing REST told, and after
    REST has told of every market once since the session began (or could not). So no
    price goes back, and no quiet market falls stale between the two.
    """

    policy: FallbackPolicy
    count: FallbackCount = field(default_factory=FallbackCount)
    _missing_s: float | None = None
    _up_s: float | None = None
    _polling: bool = False
    _seed_wanted: bool = False
    _asked_s: float | None = None
    _answered_s: float | None = None
    _newest_ms: int = 0
    _patience: Patience = field(default_factory=Patience)
    _retry_s: float | None = None
    _unanswered: bool = False

    @property
    def is_stream_missing(self) -> bool:
        """Whether the stream is not the primary channel now."""
        return self._missing_s is not None

    @property
    def is_polling(self) -> bool:
        """Whether REST stands in: a polling session is up."""
        return self._polling

    # The stream

    def started(self, now_s: float) -> None:
        """Markets are watched from now on; the stream is dialled for the first time."""
        if self._up_s is None and self._missing_s is None:
            self._missing_s = now_s

    def want_seed(self) -> None:
        """Ask once, as soon as may be."""
        self._seed_wanted = True

    def stream_up(self, now_s: float) -> None:
        """A session of the stream has begun; it has brought nothing yet."""
        self._up_s = now_s
        self._seed_wanted = True
        # The venue lives: it is not waited for any longer.
        self._retry_s = None

    def stream_down(self, now_s: float) -> None:
        """The stream's session has ended."""
        self._up_s = None
        if self._missing_s is None:
            self._missing_s = now_s

    def stream_told(self, newest_ms: int) -> bool:
        """The stream brought prices, the newest of this stamp; True: polling ends."""
        if self._missing_s is None or not self._may_hand_over(newest_ms):
            return False
        self._missing_s = None
        ended, self._polling = self._polling, False
        self.count.handovers += ended
        return ended

    def _may_hand_over(self, newest_ms: int) -> bool:
        if not self._polling:
            return True
        if newest_ms < self._newest_ms or self._up_s is None:
            return False
        answered_s = self._answered_s
        told_since = answered_s is not None and answered_s >= self._up_s
        return told_since or self._unanswered

    # The questions

    def due_s(self, now_s: float, *, reading: bool = False) -> float | None:
        """Return when to ask next; `reading`: a question still waits for its answer.

        None: not until something happens.
        """
        due_s = self._wished_s(now_s)
        if due_s is None:
            return None
        if self._retry_s is not None:
            due_s = max(due_s, self._retry_s)
        if reading and self._asked_s is not None:
            due_s = max(due_s, self._asked_s + self.policy.overtake_s)
        return max(due_s, now_s)

    def _wished_s(self, now_s: float) -> float | None:
        if self._seed_wanted:
            return now_s
        if self._missing_s is None:
            return None
        begin_s = self._missing_s + self.policy.after_s
        if self._unanswered or self._asked_s is None or self._asked_s < begin_s:
            return begin_s
        return self._asked_s + self.policy.interval_s

    def asked(self, now_s: float) -> None:
        """A question goes out."""
        self._asked_s = now_s
        self._seed_wanted = False
        self.count.reads += 1

    def answered(self, now_s: float, newest_ms: int) -> bool:
        """The answer came, its newest stamp is told; True: a polling session begins."""
        self._answered_s = now_s
        self._retry_s = None
        self._unanswered = False
        self._patience.succeeded()
        missing_s = self._missing_s
        if missing_s is None or now_s < missing_s + self.policy.after_s:
            return False
        begins, self._polling = not self._polling, True
        self.count.takeovers += begins
        self._newest_ms = newest_ms if begins else max(self._newest_ms, newest_ms)
        return begins

    def woken(self) -> None:
        """There is news that the venue is back: its failures are waited out no more."""
        self._retry_s = None

    def failed(self, now_s: float, held_s: float | None = None) -> bool:
        """No answer came; True: the polling session has ended with that.

        `held_s`: it may be asked again after that time and was not asked before it,
        by a venue's limit or a breaker; None: by our own patience.
        """
        self.count.failures += 1
        self._unanswered = True
        # Polls go on by themselves; a session that is up still lacks its seed.
        if self._up_s is not None:
            self._seed_wanted = True
        wait_s = self._patience.failed(now_s) if held_s is None else held_s
        self._retry_s = now_s + wait_s
        answered_s = self._answered_s
        is_over = answered_s is None or now_s - answered_s > self.policy.bound_s
        ended = self._polling and is_over
        self._polling = self._polling and not is_over
        return ended
