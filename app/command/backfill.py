"""`kimp backfill`: bars of days past, from both venues' candles and dated rates."""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from adapters.fx.rate_file import MalformedRateFile, read_rates
from adapters.resilience.clock import SystemClock
from app.backfill import Backfill, open_backfill
from app.backfill_display import Display, duration, summary
from app.failure import CommandFailed, WrongUse
from app.identity import identity_table
from app.interruption import run_interruptibly
from app.log import configure_log
from app.past_upstream import PACE
from app.settings import Settings
from app.store import CannotStart, Store, open_store
from domain.model.backfill_plan import BackfillSpan, plan_span
from domain.model.backfill_tally import BackfillTally
from domain.model.coin import Coin
from domain.model.daily_rate import DailyRate
from domain.model.error import InvalidArgument, StoreUnavailable, UpstreamUnavailable
from domain.model.identity import IdentityTable
from domain.model.interval import Interval
from domain.services.coin_survey import VenuesSilent


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run is about, checked and read; `given` rates replace every source."""

    span: BackfillSpan
    identity: IdentityTable
    given: Sequence[DailyRate] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The least a run can take: requests, and seconds by the venues' limits."""

    span: BackfillSpan
    requests: int
    seconds: float


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Fill the span; 0: every bar asked for is there or impossible, else 1.

    Raises:
        WrongUse: days or symbols that cannot be meant; names what is allowed.
        CommandFailed: a malformed CSV line, or nothing can be reached.
    """
    configure_log("WARNING", settings.log.format)
    try:
        span = plan_span(
            options.interval, options.from_day, options.to_day, SystemClock().now_ms()
        )
        given = None if options.fx_csv is None else read_rates(options.fx_csv)
    except InvalidArgument as exc:
        raise WrongUse(str(exc)) from exc
    except MalformedRateFile as exc:
        message = f"--fx-csv {exc}; nothing was written"
        raise (WrongUse if exc.line is None else CommandFailed)(message) from exc
    _warn(settings, span)
    # Read before there is a loop that it would hold up.
    parts = Parts(span, identity_table(), given)
    tally = run_interruptibly(lambda: _backfill(settings, options, parts))
    return 0 if tally.is_complete else 1


async def _backfill(
    settings: Settings, options: argparse.Namespace, parts: Parts
) -> BackfillTally:
    clock, span = SystemClock(), parts.span
    try:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(open_store(settings, clock))
            await stack.enter_async_context(_looked_after(store))
            backfill = open_backfill(
                settings, store, clock, stack, parts.identity, parts.given
            )
            coins = await _coins(backfill, options.symbols)
            await backfill.rates.calendar(span.from_day, span.to_day)
            plan = _planned(coins, span, with_rates=parts.given is None)
            return await _fill(backfill, coins, plan, redo=options.redo)
    except InvalidArgument as exc:
        raise WrongUse(str(exc)) from exc
    except VenuesSilent as exc:
        raise CommandFailed(f"the venues cannot be reached: {exc}") from exc
    except UpstreamUnavailable as exc:
        message = f"the official rates cannot be had: {exc}; --fx-csv takes a file"
        raise CommandFailed(message) from exc
    except (CannotStart, StoreUnavailable) as exc:
        raise CommandFailed(str(exc)) from exc


@asynccontextmanager
async def _looked_after(store: Store) -> AsyncIterator[None]:
    """Keep the database alive meanwhile: whoever started it may end before us."""
    if not store.is_migrated:
        raise CannotStart("the database cannot be reached")
    care = asyncio.create_task(store.run(), name="database")
    try:
        yield
    finally:
        care.cancel()
        with suppress(asyncio.CancelledError):
            await care


async def _coins(backfill: Backfill, symbols: Sequence[str] | None) -> Sequence[Coin]:
    survey = await backfill.survey.take()
    coins = survey.chosen(symbols)
    if not coins:
        raise CommandFailed("no coin has a market on both sides")
    await backfill.survey.save(survey)
    return coins


def _planned(coins: Sequence[Coin], span: BackfillSpan, *, with_rates: bool) -> Plan:
    pairs = [
        coin.symbol
        for coin in coins
        if coin.domestic is not None and coin.global_ is not None
    ]
    least = span.requests(pairs, with_rates=with_rates)
    return Plan(span, least, span.domestic_requests(pairs) / PACE)


async def _fill(
    backfill: Backfill, coins: Sequence[Coin], plan: Plan, *, redo: bool
) -> BackfillTally:
    span, began_s = plan.span, time.monotonic()
    _tell(
        f"{len(coins):,} coins, {span.bars:,} {span.interval} bars each, "
        f"{span.from_day} to {span.to_day}: at least {plan.requests:,} requests, "
        f"{duration(plan.seconds)}"
    )
    tally = backfill.service.tally
    display = Display(tally, lambda: backfill.requests, plan.seconds)
    showing = asyncio.create_task(display.run(), name="backfill.display")
    try:
        return await backfill.service.run(coins, span, redo=redo)
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
        took_s = time.monotonic() - began_s
        sent, least = backfill.requests, plan.requests
        print(summary(tally, sent, least, took_s, span.interval), flush=True)


def _warn(settings: Settings, span: BackfillSpan) -> None:
    days = settings.history.minutes_days
    oldest_ms = SystemClock().now_ms() - days * Interval.D1.length_ms
    if span.interval is Interval.M1 and span.from_ms < oldest_ms:
        _tell(
            f"a running server drops minutes older than {days} days "
            "(KIMP_HISTORY__MINUTES_DAYS)"
        )


def _tell(text: str) -> None:
    print(f"kimp: {text}", file=sys.stderr, flush=True)
