"""Decodes recordings through the adapters that read the live venues, and counts."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from adapters.binance import answer as binance_answer
from adapters.binance.session import BinanceSession
from adapters.binance.wire import UndecodableFrame as UndecodableBinance
from adapters.fx import dunamu, frankfurter, open_er_api
from adapters.recording.event import Answer, AnyEvent, Connected, Frame
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer
from adapters.resilience.session import Received, StreamSession
from adapters.upbit import answer as upbit_answer
from adapters.upbit.session import UpbitSession
from adapters.upbit.wire import UndecodableFrame as UndecodableUpbit
from domain.model.event import QuoteUpdate

# Kinds of bad rows or answers are few; details of the first of each kind are shown.
ROW: Final = "row"
ANSWER: Final = "answer"
# No market of any venue is longer.
MAX_DETAIL_CHARS: Final = 160


class _Every(frozenset[str]):
    """All markets there are: whatever is asked for is among them."""

    def __contains__(self, item: object) -> bool:
        return True


EVERY_MARKET: Final = _Every()


@dataclass(slots=True)
class VenueReport:
    """What one venue's frames and answers were; `decoded` is false without an adapter.

    `other` counts frames that decode and tell no quote (replies, books by difference).
    """

    decoded: bool = True
    frames: int = 0
    quotes: int = 0
    other: int = 0
    errors: int = 0
    answers: int = 0
    rows: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def reject(self, kind: str, detail: str) -> None:
        """Count what could not be used; the first detail of each kind is kept."""
        self.rejects[kind] += 1
        self.first.setdefault(kind, detail[:MAX_DETAIL_CHARS])

    @property
    def line(self) -> str:
        """One line for the terminal."""
        if not self.decoded:
            return f"{self.frames:,} frames, {self.answers:,} answers, no adapter"
        rejects = ", ".join(f"{n:,} {kind}" for kind, n in sorted(self.rejects.items()))
        return (
            f"{self.frames:,} frames, {self.quotes:,} quotes, {self.other:,} without "
            f"a quote, {self.errors:,} error messages, {self.answers:,} answers with "
            f"{self.rows:,} rows, rejects: {rejects or 'none'}"
        )


class RecordingCheck:
    """Takes events in order; `reports` tells what they were, `quotes` hears each.

    A session is made anew for every connection, as the live server does.
    """

    def __init__(
        self, quotes: Callable[[str, QuoteUpdate], None] | None = None
    ) -> None:
        self.reports: dict[str, VenueReport] = {}
        self._sessions: dict[tuple[str, int], StreamSession] = {}
        self._quotes = quotes

    @property
    def well(self) -> bool:
        """Whether everything could be used."""
        return not any(report.rejects for report in self.reports.values())

    def take(self, event: AnyEvent) -> None:
        """Decode one event."""
        if isinstance(event, Connected):
            self._sessions.pop((event.venue, event.connection), None)
        elif isinstance(event, Frame):
            self._frame(event)
        elif isinstance(event, Answer) and not event.carried:
            self._answer(event)

    def take_all(self, events: Iterable[AnyEvent]) -> None:
        """Decode many events."""
        for event in events:
            self.take(event)

    def _frame(self, event: Frame) -> None:
        report = self._report(event.venue)
        report.frames += 1
        session = self._session(event.venue, event.connection)
        if session is None:
            return
        at_s = event.at / 1e6
        received = session.receive(event.payload, event.at // 1_000, at_s)
        self._count(event.venue, report, received)

    def _count(self, venue: str, report: VenueReport, received: Received) -> None:
        for reject in received.rejects:
            report.reject(reject.kind, reject.detail)
        report.errors += received.error is not None
        updates = [update for batch in received.batches for update in batch.updates]
        report.quotes += len(updates)
        report.other += not updates and not received.rejects
        if self._quotes is not None:
            for update in updates:
                self._quotes(venue, update)

    def _session(self, venue: str, connection: int) -> StreamSession | None:
        make = _SESSIONS.get(venue)
        if make is None:
            return None
        key = (venue, connection)
        session = self._sessions.get(key)
        if session is None:
            session = self._sessions[key] = make()
            session.watch(EVERY_MARKET, 0.0)
        return session

    def _answer(self, event: Answer) -> None:
        report = self._report(event.venue)
        report.answers += 1
        read = _ANSWERS.get((event.venue, event.path))
        if read is None:
            return
        try:
            good, bad = read(event.text.encode())
        except (UndecodableUpbit, UndecodableBinance, UndecodableAnswer) as exc:
            report.reject(ANSWER, f"{event.path}: {exc}")
            return
        report.rows += good
        for detail in bad:
            report.reject(ROW, f"{event.path}: {detail}")

    def _report(self, venue: str) -> VenueReport:
        decoded = venue in _SESSIONS or venue == "fx"
        return self.reports.setdefault(venue, VenueReport(decoded=decoded))


ReadAnswer = Callable[[bytes], tuple[int, list[str]]]


def _rows(reader: Any, body: bytes) -> tuple[int, list[str]]:  # noqa: ANN401 - each venue has its own class of reader
    rows = reader.read(body)
    return len(rows.good), [detail for detail, _ in rows.bad]


def _rate(read: Callable[[HttpAnswer], object], body: bytes) -> tuple[int, list[str]]:
    read(HttpAnswer(200, {}, body, 0.0))
    return 1, []


_SESSIONS: Mapping[str, Callable[[], StreamSession]] = {
    "upbit": lambda: UpbitSession("check"),
    "binance": BinanceSession,
}
_ANSWERS: Mapping[tuple[str, str], ReadAnswer] = {
    **{
        ("upbit", path): partial(_rows, reader)
        for path, reader in upbit_answer.READERS.items()
    },
    **{
        ("binance", path): partial(_rows, reader)
        for path, reader in binance_answer.READERS.items()
    },
    ("fx", dunamu.PATH): partial(_rate, dunamu.read),
    ("fx", frankfurter.PATH): partial(_rate, frankfurter.read),
    ("fx", open_er_api.PATH): partial(_rate, open_er_api.read),
}
