"""What a server under measurement is told, and tells, over its pipes.

It says `P <port>` once it listens. A byte `t` on standard input is the order for one
tick, answered by `T <tick> <monotonic ns> <CPU ns that making its event took>` when
the event is made and before anybody is sent it. The end of the input ends the server.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def say_port(port: int) -> None:
    """Tell where the server listens."""
    os.write(1, f"P {port}\n".encode())


def say_tick(seq: int, at_ns: int, made_ns: int) -> None:
    """Tell that a tick is made."""
    os.write(1, f"T {seq} {at_ns} {made_ns}\n".encode())


async def take_orders(tick: Callable[[], None]) -> None:
    """Call for every order until the input ends."""
    loop = asyncio.get_running_loop()
    ended = loop.create_future()

    def read() -> None:
        orders = os.read(0, 256)
        if not orders:
            loop.remove_reader(0)
            ended.set_result(None)
        for _ in range(orders.count(b"t")):
            tick()

    loop.add_reader(0, read)
    await ended


class Board:
    """The boards of a file, told in turn; each order shows the next one.

    `made` turns one coin of the file into what the server tells, given the tick.
    """

    def __init__(self, path: str, made: Callable[[dict[str, Any], int], Any]) -> None:
        told = json.loads(Path(path).read_text())
        self._boards: list[list[dict[str, Any]]] = told["boards"]
        self._made = made
        self._ticked = asyncio.Event()
        self.quiet = made(told["quiet"], 1)
        self.quiet_symbol: str = told["quiet"]["symbol"]
        self.symbols = [coin["symbol"] for coin in self._boards[0]]
        self.seq = 1
        self.coins: list[Any] = self._make()

    def tick(self) -> None:
        """Show the next board and wake those who wait."""
        began_ns = time.thread_time_ns()
        self.seq += 1
        self.coins = self._make()
        made_ns = time.thread_time_ns() - began_ns
        say_tick(self.seq, time.monotonic_ns(), made_ns)
        self._ticked.set()
        self._ticked = asyncio.Event()

    async def after(self, seq: int) -> None:
        """Wait for a tick later than that one."""
        while self.seq <= seq:
            await self._ticked.wait()

    def _make(self) -> list[Any]:
        board = self._boards[self.seq % len(self._boards)]
        return [self._made(coin, self.seq) for coin in board]
