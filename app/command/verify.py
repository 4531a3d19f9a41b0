"""`kimp verify`: is everything there, and is it what the venues' own record says?"""

import argparse
import secrets
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import date, timedelta
from random import Random
from typing import Final

from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.resilience.clock import SystemClock
from app.failure import CommandFailed, WrongUse
from app.identity import identity_table
from app.interruption import run_interruptibly
from app.log import configure_log
from app.settings import Settings
from app.store import CannotStart, open_store
from app.verify import open_verify
from app.verify_report import completeness_lines, recheck_lines
from domain.model.coin import Coin
from domain.model.completeness import DayCompleteness
from domain.model.error import StoreUnavailable
from domain.model.identity import IdentityTable
from domain.model.snapshot import utc_day
from domain.services.verify_service import DayRecheck, VerifyService

# Days that are looked at where nothing else is said, today included.
DEFAULT_DAYS: Final = 7
# The longest span of one command, in days: a year of minutes and a little.
MAX_DAYS: Final = 400
# Largest number of a seed that is drawn: short enough to be typed again.
_MAX_SEED: Final = 1_000_000


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Print the tables; 0: complete and equal, 1: something is missing or differs."""
    configure_log("WARNING", settings.log.format)
    identity = identity_table()
    from_day, to_day = _days(options, utc_day(SystemClock().now_ms()))
    drawn = secrets.randbelow(_MAX_SEED)
    seed = drawn if options.seed is None else options.seed
    print(f"kimp: verify {from_day} to {to_day} (UTC)", file=sys.stderr, flush=True)
    well = run_interruptibly(
        lambda: _verify(settings, options, identity, from_day, to_day, seed)
    )
    print(f"kimp: {'complete and equal' if well else 'not well: see above'}")
    return 0 if well else 1


def _days(options: argparse.Namespace, today: date) -> tuple[date, date]:
    last: date = options.to_day or today
    first: date = options.from_day or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise WrongUse(f"--from {first}: must not be after --to {last}")
    if last > today:
        raise WrongUse(f"--to {last}: is after today, {today} (UTC)")
    if (last - first).days >= MAX_DAYS:
        raise WrongUse(f"--from {first}: at most {MAX_DAYS} days at a time")
    return first, last


async def _verify(
    settings: Settings,
    options: argparse.Namespace,
    identity: IdentityTable,
    from_day: date,
    to_day: date,
    seed: int,
) -> bool:
    clock = SystemClock()
    try:
        async with AsyncExitStack() as stack:
            store = await stack.enter_async_context(open_store(settings, clock))
            if not store.is_migrated:
                raise CommandFailed("the database cannot be reached; see the log above")
            coins = await PostgresCoinRepository(store.database).load()
            chosen = _chosen(coins, options.symbols)
            service = open_verify(settings, store, identity, clock, stack)
            days = await service.completeness(chosen, from_day, to_day)
            _print(completeness_lines(days))
            checks = await _recheck(service, chosen, days, options.sample, seed)
    except (CannotStart, StoreUnavailable) as exc:
        raise CommandFailed(str(exc)) from exc
    return not any(day.missing for day in days) and all(c.is_right for c in checks)


def _chosen(coins: Sequence[Coin], symbols: Sequence[str] | None) -> Sequence[Coin]:
    if symbols is None:
        return coins
    unknown = sorted(set(symbols) - {coin.symbol for coin in coins})
    if unknown:
        raise WrongUse(f"--symbols: no coin is called {', '.join(unknown)}")
    return [coin for coin in coins if coin.symbol in symbols]


async def _recheck(
    service: VerifyService,
    coins: Sequence[Coin],
    days: Sequence[DayCompleteness],
    count: int,
    seed: int,
) -> Sequence[DayRecheck]:
    by_symbol = {coin.symbol: coin for coin in coins}
    drawn = service.draw(days, count, Random(seed))  # noqa: S311 - a sample, no secret
    print(f"re-checked {len(drawn)} coin-days with the venues (--seed {seed})")
    checks = []
    for each in drawn:
        check = await service.recheck(by_symbol[each.symbol], each.day)
        _print(recheck_lines(check))
        checks.append(check)
    return checks


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        print(line, flush=True)
