"""A cancellation reaches who waits for the bus, whatever the client does with it."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from adapters.nats.board_bus import NatsBoardBus


class Answered(Exception):
    """The bus has answered, and nobody knew of a cancellation."""


class Deaf(NatsBoardBus):
    """Loses a cancellation, as `asyncio.wait_for` does before Python 3.12."""

    def __init__(self, answer: Exception | None) -> None:
        super().__init__("nats://127.0.0.1:1")
        self.asked = asyncio.Event()
        self._answer = answer

    async def _place(self) -> Any:
        self.asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        if self._answer is not None:
            raise self._answer
        raise Answered


@pytest.mark.parametrize("answer", [None, ConnectionError(), TimeoutError()])
async def test_one_that_the_client_lost_is_not_lost_here(
    answer: Exception | None,
) -> None:
    bus = Deaf(answer)
    asking = asyncio.create_task(bus.term())
    await bus.asked.wait()
    asking.cancel()
    async with asyncio.timeout(5):
        with pytest.raises(asyncio.CancelledError):
            await asking


async def test_a_limit_of_time_is_told_as_one() -> None:
    bus = Deaf(None)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await bus.term()


async def test_who_tidies_up_after_its_own_may_still_ask() -> None:
    class Quick(NatsBoardBus):
        async def _place(self) -> Any:
            raise Answered

    bus, begun = Quick("nats://127.0.0.1:1"), asyncio.Event()

    async def work() -> str:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            with pytest.raises(Answered):
                await bus.term()
        return "tidy"

    working = asyncio.create_task(work())
    await begun.wait()
    working.cancel()
    assert await working == "tidy"


async def test_a_reader_that_was_opened_meanwhile_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed, begun = asyncio.Event(), asyncio.Event()

    class Reader:
        async def close(self) -> None:
            closed.set()

    async def opened(*_: Any) -> Reader:
        begun.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return Reader()

    class Quick(NatsBoardBus):
        async def _place(self) -> Any:
            return None

    monkeypatch.setattr("adapters.nats.board_bus.RowReader.open", opened)
    following = asyncio.ensure_future(anext(Quick("nats://127.0.0.1:1").follow(0)))
    await begun.wait()
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert closed.is_set()
