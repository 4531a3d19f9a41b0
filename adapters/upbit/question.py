"""One question to Upbit's REST side, answered by rows. Used by `UpbitReader`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from msgspec import Struct

from adapters.resilience.error import RequestRejected, UndecodableAnswer
from adapters.resilience.http import HttpAnswer, UpstreamHttp
from adapters.resilience.read_bound import MAX_LINE_S
from adapters.resilience.session import Reject
from adapters.upbit.answer import RowReader, row_text
from adapters.upbit.candle import BadCandle
from adapters.upbit.rest import BAD_ROW, NOT_FOUND, UPSTREAM, RejectSink
from adapters.upbit.wire import UndecodableFrame
from domain.model.number import MalformedNumber
from domain.ports.clock import Clock

# {"error":{"name":404,"message":"Code not found"}}; a path that is wrong is a 404 too.
UNKNOWN_CODE: Final = "code not found"

Row = TypeVar("Row", bound=Struct)
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Found(Generic[Value]):
    """The usable values of an answer, and how many rows it had, usable or not."""

    values: Sequence[Value]
    rows: int


def is_unknown_code(refusal: RequestRejected) -> bool:
    """Whether the venue refused a request because it has no such market."""
    return refusal.status == NOT_FOUND and UNKNOWN_CODE in refusal.excerpt.lower()


class UpbitQuestion(Generic[Row, Value]):
    """Asks one endpoint and makes a value of each row.

    `convert` takes a row and the venue's time at which it was asked (Unix ms). A row
    that cannot be used is counted (`on_reject`) and left out; an answer of such rows
    only is none.
    """

    def __init__(
        self,
        http: UpstreamHttp,
        clock: Clock,
        on_reject: RejectSink,
        reader: RowReader[Row],
        convert: Callable[[Row, int], Value],
    ) -> None:
        self._http = http
        self._clock = clock
        self._on_reject = on_reject
        self._reader = reader
        self._convert = convert

    async def ask(
        self, path: str, params: Mapping[str, str], *, group: str, tries: int
    ) -> Found[Value]:
        """Return what the venue answers.

        Raises:
            UpstreamUnavailable: no usable answer; RequestRejected is one.
        """
        return await self._http.read(
            self._decode,
            path,
            params,
            group=group,
            tries=tries,
            max_wait_s=MAX_LINE_S,
        )

    def _decode(self, answer: HttpAnswer) -> Found[Value]:
        try:
            rows = self._reader.read(answer.body)
        except UndecodableFrame as exc:
            raise UndecodableAnswer(UPSTREAM, str(exc)) from exc
        bad = [Reject.of(BAD_ROW, detail, body) for detail, body in rows.bad]
        values = []
        asked_ms = self._asked_ms(answer)
        for row in rows.good:
            try:
                values.append(self._convert(row, asked_ms))
            except (UndecodableFrame, MalformedNumber, BadCandle) as exc:
                bad.append(Reject.of(BAD_ROW, str(exc), row_text(row)))
        for reject in bad:
            self._on_reject(reject)
        if bad and not values:
            raise UndecodableAnswer(UPSTREAM, "no row could be used")
        return Found(values, len(rows.good) + len(rows.bad))

    def _asked_ms(self, answer: HttpAnswer) -> int:
        offset_ms = self._http.clock_offset_ms or 0
        return self._clock.now_ms() - round(answer.rtt_s * 1000) - offset_ms
