"""`kimp coins set-icon SYMBOL URL`: change what is stored about a coin."""

import argparse
import asyncio
from urllib.parse import urlsplit

from adapters.postgres.coin_repository import PostgresCoinRepository
from adapters.resilience.clock import SystemClock
from app.failure import CommandFailed
from app.log import configure_log
from app.settings import Settings
from app.store import CannotStart, open_store
from domain.model.error import StoreUnavailable

MAX_URL = 2000


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Store the address; a running server takes it over within a second."""
    configure_log("WARNING", settings.log.format)
    symbol = str(options.symbol).upper()
    asyncio.run(_set_icon(settings, symbol, _checked(str(options.url))))
    print(f"kimp: the icon of {symbol} is {options.url}")
    return 0


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or len(url) > MAX_URL:
        raise CommandFailed(
            f"URL {url!r}: must be an http or https address of at most {MAX_URL} "
            "characters"
        )
    return url


async def _set_icon(settings: Settings, symbol: str, url: str) -> None:
    try:
        async with open_store(settings, SystemClock()) as store:
            known = await PostgresCoinRepository(store.database).set_icon_url(
                symbol, url
            )
    except (CannotStart, StoreUnavailable) as exc:
        raise CommandFailed(str(exc)) from exc
    if not known:
        raise CommandFailed(
            f"no coin has the symbol {symbol!r}; coins are known after the first "
            "`kimp serve`"
        )
