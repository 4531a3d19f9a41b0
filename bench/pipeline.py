"""Messages per second through decode, board and publish, on one core.

    python -m bench.pipeline

Frames are made in the venues' formats for 240 coins; every 100 ms of the assumed rate
a tick publishes. CPU time counts, not wall time; medians over alternating rounds.
"""

import statistics
import time
from collections.abc import Sequence
from decimal import Decimal
from random import Random

from adapters.binance.session import BinanceSession
from adapters.resilience.session import StreamSession
from adapters.upbit.session import UpbitSession
from domain.model.board import PremiumBoard
from domain.model.coin import Coin, Listing
from domain.model.event import FeedUp
from domain.model.fx import FxChain, FxQuote, FxSourcePlan
from domain.model.market import Channel, Exchange

COINS = 240
ROUNDS = 5
MESSAGES = 40_000
RATES = (2_000, 20_000)
START_MS = 1_795_000_000_000


def coins() -> list[Coin]:
    """Return coins with both markets."""
    symbols = ["BTC", "USDT", *(f"C{number:03}" for number in range(COINS - 2))]
    return [
        Coin(
            symbol,
            "코인",
            "Coin",
            (
                Listing(Exchange.UPBIT, f"KRW-{symbol}", symbol, "KRW", curated=True),
                Listing(
                    Exchange.BINANCE, f"{symbol}USDT", symbol, "USDT", curated=True
                ),
            ),
        )
        for symbol in symbols
    ]


def upbit_ticker(market: str, price: int, at_ms: int) -> bytes:
    """Return a SIMPLE ticker frame."""
    return (
        f'{{"ty":"ticker","cd":"{market}","op":52000000.00000000,"hp":53000000.0,'
        f'"lp":51000000.0,"tp":{price}.00000000,"pcp":51500000.00000000,'
        f'"atp":95078733694.3792000000000000,"c":"RISE","cp":1000.0,"scp":1000.0,'
        f'"cr":0.0000063211,"scr":0.0000063211,"ab":"BID","tv":0.00006321,'
        f'"atv":600.02894052,"tdt":"20261121","ttm":"082645","ttms":{at_ms},'
        f'"aav":341.67985038,"abv":258.34909014,"h52wp":169900000.0,'
        f'"h52wdt":"2026-08-14","l52wp":80635000.0,"l52wdt":"2025-10-10",'
        f'"ms":"ACTIVE","its":false,"dd":null,"mw":"NONE","tms":{at_ms},'
        f'"atp24h":331187169240.21526,"atv24h":2083.82485091,"st":"REALTIME"}}'
    ).encode()


def binance_trade(symbol: str, price: int, at_ms: int) -> str:
    """Return an aggregate trade of the combined stream."""
    return (
        f'{{"stream":"{symbol.lower()}@aggTrade","data":{{"e":"aggTrade",'
        f'"E":{at_ms},"s":"{symbol}","a":26129,"p":"{price}.12000000",'
        f'"q":"0.01200000","f":27781,"l":27781,"T":{at_ms},"m":true,"M":true}}}}'
    )


def frames(count: int) -> list[tuple[int, bytes | str]]:
    """Return frames of both venues in random order; 0 is Upbit, 1 Binance."""
    chance = Random(1)
    listed = coins()
    made: list[tuple[int, bytes | str]] = []
    for number in range(count):
        coin, at_ms = chance.choice(listed), START_MS + number // 10
        if number % 2:
            price = 40_000 + chance.randrange(1000)
            made.append((1, binance_trade(f"{coin.symbol}USDT", price, at_ms)))
        else:
            price = 52_000_000 + chance.randrange(1000) * 1000
            made.append((0, upbit_ticker(f"KRW-{coin.symbol}", price, at_ms)))
    return made


class Pipeline:
    """Two sessions and a board."""

    def __init__(self) -> None:
        listed = coins()
        self.board = PremiumBoard(FxChain([FxSourcePlan("dunamu", 60.0)]))
        self.board.set_coins(listed)
        self.board.answer_rate(FxQuote("dunamu", Decimal(1300), START_MS), 0.0)
        self.sessions: Sequence[StreamSession] = [
            UpbitSession("bench"),
            BinanceSession(),
        ]
        for session, exchange in zip(self.sessions, Exchange, strict=True):
            self.board.observe(FeedUp(exchange, Channel.WEBSOCKET, 0.0))
            wanted = {
                listing.market
                for coin in listed
                for listing in coin.listings
                if listing.exchange is exchange
            }
            session.watch(frozenset(wanted), 0.0)

    def run(self, made: Sequence[tuple[int, bytes | str]], per_tick: int) -> float:
        """Return CPU seconds for the frames with a tick after each `per_tick`."""
        began = time.process_time()
        for number, (venue, frame) in enumerate(made, 1):
            at_s = number / per_tick / 10
            at_ms = START_MS + int(at_s * 1000)
            for batch in self.sessions[venue].receive(frame, at_ms, at_s).batches:
                self.board.observe(batch)
            if number % per_tick == 0:
                self.board.tick(at_ms, at_s)
        return time.process_time() - began


def main() -> None:
    """Measure and print a table."""
    made = frames(MESSAGES)
    spent: dict[int, list[float]] = {rate: [] for rate in RATES}
    for _ in range(ROUNDS):
        for rate in RATES:
            pipeline = Pipeline()
            spent[rate].append(pipeline.run(made, rate // 10) / MESSAGES)
            assert pipeline.board.summary().live == COINS, "a frame was not taken"
    print("| messages/s | CPU µs per message | of one core | at most per second |")
    print("|---:|---:|---:|---:|")
    for rate, rounds in spent.items():
        cost = statistics.median(rounds)
        print(f"| {rate:,} | {cost * 1e6:.1f} | {cost * rate:.0%} | {1 / cost:,.0f} |")


if __name__ == "__main__":
    main()
