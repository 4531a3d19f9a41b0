"""One question to Binance's REST side, answered by rows. Used by `BinanceReader`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import DecodeError, Struct

from adapters.binance.answer import RowReader, row_text
from adapters.binance.candle import BadCandle
from adapters.binance.rest import BAD_ROW, UPSTREAM, RejectSink
from adapters.binance.wire import UndecodableFrame
from adapters.resilience.error import RequestRejected, UndecodableAnswer
from adapters.resilience.http import NOT_FOUND, HttpAnswer, UpstreamHttp
from adapters.resilience.read_bound import MAX_LINE_S
from adapters.resilience.session import Reject
from domain.model.number import MalformedNumber
from domain.ports.clock import Clock

BAD_REQUEST: Final = 400
# {"code":-1121,"msg":"Invalid symbol."}
INVALID_SYMBOL: Final = -1121
# {"code":-1100,"msg":"Illegal characters found in parameter 'symbol'; legal …"}: said
# of other parameters, too.
ILLEGAL_CHARACTERS: Final = -1100
_SYMBOL: Final = "parameter 'symbol"

Row = TypeVar("Row", bound=Struct)
Value = TypeVar("Value")


class _Refusal(Struct):
    code: int = 0
    msg: str = ""


@dataclass(frozen=True, slots=True)
class Found(Generic[Value]):
    """The usable values of an answer, and how many rows it had; `bad`: unusable."""

    values: Sequence[Value]
    rows: int
    bad: int


def is_unknown_symbol(refusal: RequestRejected) -> bool:
    """Whether the venue refused a request because it has no such market."""
    if refusal.status != BAD_REQUEST:
        return False
    try:
        told = msgspec.json.decode(refusal.excerpt, type=_Refusal)
    except (DecodeError, RecursionError):
        return f'"code":{INVALID_SYMBOL},' in refusal.excerpt  # its end was cut off
    if told.code == ILLEGAL_CHARACTERS:
        return _SYMBOL in told.msg
    return told.code == INVALID_SYMBOL


class BinanceQuestion(Generic[Row, Value]):
    """Asks one endpoint and makes a value of each row.

    `convert` takes a row and the venue's time at which it was asked (Unix ms); None is
    a row that says nothing. A row that cannot be used is counted (`on_reject`) and left
    out; an answer of such rows only is none.
    """

    def __init__(
        self,
        http: UpstreamHttp,
        clock: Clock,
        on_reject: RejectSink,
        reader: RowReader[Row],
        convert: Callable[[Row, int], Value | None],
    ) -> None:
        self._http = http
        self._clock = clock
        self._on_reject = on_reject
        self._reader = reader
        self._convert = convert

    async def ask(
        self, path: str, params: Mapping[str, str], *, weight: int, tries: int
    ) -> Found[Value]:
        """Return what the venue answers.

        Raises:
            UpstreamUnavailable: no usable answer; RequestRejected is one.
        """
        return await self._http.read(
            self._decode,
            path,
            params,
            weight=weight,
            tries=tries,
            refusals=(BAD_REQUEST, NOT_FOUND),
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
        said = [value for value in values if value is not None]
        return Found(said, len(rows.good) + len(rows.bad), len(bad))

    def _asked_ms(self, answer: HttpAnswer) -> int:
        offset_ms = self._http.clock_offset_ms or 0
        return self._clock.now_ms() - round(answer.rtt_s * 1000) - offset_ms
