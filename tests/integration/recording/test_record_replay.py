"""The whole way: simulated venues, recorder, file, replay, the real adapters again."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from adapters.recording.event import AnyEvent, Frame, Header
from adapters.recording.journal import Journal
from adapters.recording.reader import read_all
from adapters.recording.tap import WireTap
from adapters.recording.writer import RecordingWriter
from adapters.resilience.clock import SystemClock
from adapters.simulator.replay import Replay, ReplayOptions
from adapters.simulator.server import Simulator
from app.command.replay import played
from app.identity import identity_table
from app.recorder import Recorder
from app.recording_check import RecordingCheck
from app.settings import Settings
from app.upstream import Rate, UpstreamFactory, Venue
from domain.model.event import QuoteUpdate
from domain.model.market import Exchange

LIMIT_S = 20.0
STEPS = 10
IDENTITY = identity_table()
NOW_MS = 1_800_000_000_000
SettingsFor = Callable[[str], Settings]


class Wire:
    """What went over the wire, decoded as it came; `until` waits for it."""

    def __init__(self, put: Callable[[AnyEvent], None] | None = None) -> None:
        self.quotes: dict[str, list[QuoteUpdate]] = {"upbit": [], "binance": []}
        self.check = RecordingCheck(lambda venue, each: self.quotes[venue].append(each))
        self._put = put
        self._news = asyncio.Event()

    def put(self, event: AnyEvent) -> None:
        self.check.take(event)
        if self._put is not None:
            self._put(event)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def subscribed(self) -> bool:
        """Whether Binance has answered both our requests: the array, and the rest."""
        report = self.check.reports.get("binance")
        return report is not None and report.other >= 2

    def last_price(self, venue: str, market: str) -> str:
        told = [
            each.price
            for each in self.quotes[venue]
            if each.market == market and each.price is not None
        ]
        return str(told[-1]) if told else ""


class Upstreams:
    """Both venues and two rates at an address, heard by a wire."""

    def __init__(
        self, settings: Settings, wire: Wire, now_us: Callable[[], int]
    ) -> None:
        tap = WireTap(wire.put, now_us)
        factory = UpstreamFactory(settings, SystemClock(), share=0.5, tap=tap)
        self.venues: dict[Exchange, Venue] = {
            Exchange.UPBIT: factory.upbit(),
            Exchange.BINANCE: factory.binance(),
        }
        self.rates: list[Rate] = [factory.rate("dunamu"), factory.rate("frankfurter")]

    async def close(self) -> None:
        for venue in self.venues.values():
            await venue.close()
        for rate in self.rates:
            await rate.http.close()


@asynccontextmanager
async def running(*work: asyncio.Task[None]) -> AsyncIterator[None]:
    """Let tasks run beside; they end one after the other, in order."""
    try:
        yield
    finally:
        for task in work:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def record(
    simulator: Simulator, settings: Settings, clock: SimpleNamespace, folder: Path
) -> tuple[Path, dict[Exchange, frozenset[str]]]:
    """Record some seconds of a simulated market; return the file and its markets."""

    def now_us() -> int:
        return int(clock.ms) * 1_000

    header = Header(at=0, software="test", started_at="", part=0, venues={})
    writer = RecordingWriter(folder, header, now_us=now_us)
    journal = Journal(writer)
    wire = Wire(journal.put)
    there = Upstreams(settings, wire, now_us)
    recorder = Recorder(
        list(there.venues.values()), there.rates, IDENTITY, SystemClock()
    )
    async with running(
        asyncio.create_task(recorder.run()), asyncio.create_task(journal.run())
    ):
        await wire.until(lambda: wire.subscribed() and bool(wire.quotes["upbit"]))
        for step in range(1, STEPS + 1):
            clock.ms += 1_100
            for exchange, markets in recorder.watched.items():
                for market in sorted(markets):
                    if exchange is Exchange.UPBIT:
                        price = Decimal(1_000 * step)
                        simulator.market.set_price("upbit", market, price)
                    else:
                        simulator.market.set_price("binance", market, Decimal(step))
            simulator.step()
        clock.ms += 1_100
        simulator.step()
        last = f"{1_000 * STEPS}."
        await wire.until(
            lambda: (
                wire.last_price("upbit", "KRW-XRP").startswith(last)
                and wire.last_price("binance", "XRPUSDT").startswith(f"{STEPS}.")
            )
        )
        watched = dict(recorder.watched)
    await journal.finish("test")
    return writer.finished[0], watched


def recorded_in(path: Path) -> tuple[Wire, list[AnyEvent]]:
    wire, warnings = Wire(), list[str]()
    events = list(read_all([path], warnings.append))
    wire.check.take_all(events)
    assert warnings == []
    assert wire.check.well
    return wire, events


def later(updates: Collection[QuoteUpdate], by_ms: int) -> list[QuoteUpdate]:
    return [
        each
        if each.exchange_ms is None
        else replace(each, exchange_ms=each.exchange_ms + by_ms)
        for each in updates
    ]


async def test_a_recorded_session_replayed_gives_the_same_quotes(
    simulator: Simulator,
    settings_for: SettingsFor,
    clock: SimpleNamespace,
    tmp_path: Path,
) -> None:
    settings = settings_for(simulator.base_url)
    there = Upstreams(settings, Wire(), lambda: 0)
    before = await quoted(there, await listed(there))
    path, watched = await record(simulator, settings, clock, tmp_path)
    told, events = await asyncio.to_thread(recorded_in, path)
    frames = [each for each in events if isinstance(each, Frame)]
    newest_us = frames[-1].at
    shift_ms = NOW_MS - newest_us // 1_000
    replayed = Replay(
        ReplayOptions(speed=0, newest_us=newest_us), now_ms=lambda: NOW_MS
    )
    assert await replayed.prepare(
        [known for event in events if (known := played(event))]
    )
    await replayed.start()
    wire = Wire()
    here = Upstreams(settings_for(replayed.base_url), wire, lambda: NOW_MS * 1_000)
    try:
        assert await listed(here) == await listed(there)
        for exchange, updates in (await quoted(here, watched)).items():
            theirs = [u for u in before[exchange] if u.market in watched[exchange]]
            assert updates == later(theirs, shift_ms)
        await assert_same_rates(there, here, shift_ms)
        streams = []
        for exchange, venue in here.venues.items():
            venue.stream.watch(watched[exchange])
            streams.append(asyncio.create_task(venue.stream.run(lambda _: None)))
        async with running(*streams):
            await wire.until(wire.subscribed)
            async with asyncio.timeout(LIMIT_S):
                await replayed.play()
            many = {venue: len(quotes) for venue, quotes in told.quotes.items()}
            await wire.until(
                lambda: {v: len(quotes) for v, quotes in wire.quotes.items()} == many
            )
        for name, quotes in told.quotes.items():
            assert len(quotes) > STEPS
            assert wire.quotes[name] == later(quotes, shift_ms)
        assert wire.check.well
        assert replayed.routes.unanswered == {}
    finally:
        await here.close()
        await there.close()
        await replayed.stop()


async def listed(upstreams: Upstreams) -> dict[Exchange, frozenset[str]]:
    return {
        exchange: frozenset(each.market for each in await venue.source.markets())
        for exchange, venue in upstreams.venues.items()
    }


async def quoted(
    upstreams: Upstreams, markets: dict[Exchange, frozenset[str]]
) -> dict[Exchange, list[QuoteUpdate]]:
    return {
        exchange: list((await venue.source.quotes(markets[exchange])).updates)
        for exchange, venue in upstreams.venues.items()
    }


async def assert_same_rates(there: Upstreams, here: Upstreams, shift_ms: int) -> None:
    for mine, theirs in zip(here.rates, there.rates, strict=True):
        found, original = await mine.source.latest(), await theirs.source.latest()
        assert found.rate == original.rate
        moved_ms = found.as_of_ms - original.as_of_ms
        # A fixing has a day and no time: it moves by whole days.
        assert 0 <= shift_ms - moved_ms < 90_000_000


async def test_only_the_chosen_coins_and_venues_are_recorded(
    simulator: Simulator, settings_for: SettingsFor
) -> None:
    wire = Wire()
    clock = SystemClock()
    factory = UpstreamFactory(
        settings_for(simulator.base_url),
        clock,
        share=0.5,
        tap=WireTap(wire.put, lambda: 0),
    )
    recorder = Recorder([factory.upbit()], [], IDENTITY, clock, {"BTC"})
    async with running(asyncio.create_task(recorder.run())):
        await wire.until(lambda: len({q.market for q in wire.quotes["upbit"]}) >= 2)
    assert recorder.watched[Exchange.UPBIT] >= {"KRW-BTC", "KRW-USDT"}
    assert recorder.watched[Exchange.UPBIT] <= {"KRW-BTC", "KRW-USDT", "KRW-USDC"}
    assert "binance" not in wire.check.reports
    assert simulator.violations.count == 0


async def test_a_venue_that_is_away_does_not_hold_the_other_up(
    simulator: Simulator, settings_for: SettingsFor
) -> None:
    simulator.refuse("upbit", 404)
    wire = Wire()
    clock = SystemClock()
    there = Upstreams(settings_for(simulator.base_url), wire, lambda: 0)
    recorder = Recorder(list(there.venues.values()), [], IDENTITY, clock)
    async with running(asyncio.create_task(recorder.run())):
        await wire.until(wire.subscribed)
    await there.close()
    assert Exchange.UPBIT not in recorder.watched
    assert "BTCUSDT" in recorder.watched[Exchange.BINANCE]
