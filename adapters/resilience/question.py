"""Questions to a venue's REST side that are answered by rows, the same at every venue.

A venue's adapter states its `AnswerRule` once; a bad row costs itself only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Struct

from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import NOT_FOUND, HttpAnswer, UpstreamHttp
from adapters.resilience.read_bound import MAX_LINE_S
from adapters.resilience.session import Reject
from domain.ports.clock import Clock

# The kind of reject that a row of an answer is.
BAD_ROW: Final = "row"

AnyRow = TypeVar("AnyRow")
Row = TypeVar("Row", bound=Struct)
Value = TypeVar("Value")
RejectSink = Callable[[Reject], None]


def ignore(reject: Reject) -> None:
    """Let a reject go: nobody counts."""


class Rows(Protocol[AnyRow]):
    """What an answer held: rows that could be read; why others could not, and they."""

    @property
    def good(self) -> list[AnyRow]:
        """The rows, in their order."""
        ...

    @property
    def bad(self) -> Sequence[tuple[str, bytes]]:
        """Of each row that could not be read: what was wrong, and its text."""
        ...


class RowReader(Protocol[AnyRow]):
    """Makes rows of a body."""

    def read(self, body: bytes) -> Rows[AnyRow]:
        """Return the rows; raises the `unreadable` of the venue's `AnswerRule`."""
        ...


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """How a venue's answers are judged.

    `upstream` is named in our errors; a reader raises `unreadable` for a body without
    rows, a conversion one of `unusable` for a row that can have no value. `refusals`
    are the statuses by which the venue, being well, refuses a one-off question.
    """

    upstream: str
    unreadable: type[Exception]
    unusable: tuple[type[Exception], ...]
    refusals: Collection[int] = (NOT_FOUND,)

    def read(self, reader: RowReader[AnyRow], answer: HttpAnswer) -> Rows[AnyRow]:
        """Return what an answer held, good and bad.

        Raises:
            UndecodableAnswer: it holds no rows at all.
        """
        try:
            return reader.read(answer.body)
        except self.unreadable as exc:
            raise UndecodableAnswer(self.upstream, str(exc)) from exc

    def good_rows(
        self, reader: RowReader[AnyRow], answer: HttpAnswer, on_reject: RejectSink
    ) -> list[AnyRow]:
        """Return the rows of an answer that could be read; `on_reject` hears of others.

        Raises:
            UndecodableAnswer: it holds no rows at all, or bad ones only.
        """
        rows = self.read(reader, answer)
        for detail, body in rows.bad:
            on_reject(Reject.of(BAD_ROW, detail, body))
        if rows.bad and not rows.good:
            raise UndecodableAnswer(self.upstream, "no row could be read")
        return rows.good


@dataclass(frozen=True, slots=True)
class Found(Generic[Value]):
    """The usable values of an answer, and how many rows it had; `bad`: unusable."""

    values: Sequence[Value]
    rows: int
    bad: int


class Question(Generic[Row, Value]):
    """Asks one endpoint and makes a value of each row.

    `convert` takes a row and the venue's time at which it was asked (Unix ms); None is
    a row that says nothing. A row that cannot be used is counted (`on_reject`) and left
    out; an answer of such rows only is none.
    """

    def __init__(
        self,
        rule: AnswerRule,
        http: UpstreamHttp,
        clock: Clock,
        on_reject: RejectSink,
        reader: RowReader[Row],
        convert: Callable[[Row, int], Value | None],
        *,
        max_wait_s: float = MAX_LINE_S,
    ) -> None:
        """Compose; `max_wait_s` is the longest wait in line for the venue's limits."""
        self._rule = rule
        self._http = http
        self._clock = clock
        self._on_reject = on_reject
        self._reader = reader
        self._convert = convert
        self._max_wait_s = max_wait_s

    async def ask(
        self,
        path: str,
        params: Mapping[str, str],
        *,
        tries: int,
        group: str = "default",
        weight: int = 1,
    ) -> Found[Value]:
        """Return what the venue answers; `group` and `weight` are for its limits.

        Raises:
            UpstreamUnavailable: no usable answer; RequestRejected is one.
        """
        return await self._http.read(
            self._decode,
            path,
            params,
            group=group,
            weight=weight,
            tries=tries,
            refusals=self._rule.refusals,
            max_wait_s=self._max_wait_s,
        )

    def _decode(self, answer: HttpAnswer) -> Found[Value]:
        rows = self._rule.read(self._reader, answer)
        bad = [Reject.of(BAD_ROW, detail, body) for detail, body in rows.bad]
        values = []
        asked_ms = self._asked_ms(answer)
        for row in rows.good:
            try:
                values.append(self._convert(row, asked_ms))
            except self._rule.unusable as exc:
                bad.append(Reject.of(BAD_ROW, str(exc), msgspec.json.encode(row)))
        for reject in bad:
            self._on_reject(reject)
        if bad and not values:
            raise UndecodableAnswer(self._rule.upstream, "no row could be used")
        said = [value for value in values if value is not None]
        return Found(said, len(rows.good) + len(rows.bad), len(bad))

    def _asked_ms(self, answer: HttpAnswer) -> int:
        offset_ms = self._http.clock_offset_ms or 0
        return self._clock.now_ms() - round(answer.rtt_s * 1000) - offset_ms
