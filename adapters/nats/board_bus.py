"""`BoardBus` over NATS JetStream.

A stream holds the row of news: a message is taken only where it is said to be the next
one, so a deposed leader's is refused by the server itself. A key-value bucket holds the
term, written by compare-and-set, and the state for late comers.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from typing import Final

import nats.js.errors
from nats.js import JetStreamContext

from adapters.nats.layout import Layout, Place
from adapters.nats.link import ANSWER_TIMEOUT_S, NatsLink, translated
from adapters.nats.message import Header, Joiner, Part
from adapters.nats.reader import RowReader
from adapters.nats.shelf import StateShelf
from adapters.nats.wire import Unreadable, decode_news, encode_news, learned, split
from domain.model.board_news import (
    BoardNews,
    BoardState,
    HeardNews,
    NewsMissing,
    RowEnd,
    fold,
)
from domain.model.bus_count import BusCount
from domain.model.coin import Coin
from domain.ports.board_bus import BusUnavailable

# Of the server's largest message, what headers and protocol may take.
HEADROOM_BYTES: Final = 8_192

_log = logging.getLogger(__name__)


class NatsBoardBus:
    """One process's end of the bus."""

    def __init__(
        self,
        url: str,
        name: str = "kimp",
        replicas: int = 1,
        count: BusCount | None = None,
    ) -> None:
        """Compose; `name` tells boards on one server apart.

        `replicas` is how many servers of a cluster keep the board.
        """
        self.count = BusCount() if count is None else count
        self._link = NatsLink(url)
        self._layout = Layout(name, replicas)
        self._shelf = StateShelf()
        # What readers know of coins: those we told in this term, and those we heard.
        self._told: dict[str, Coin] = {}
        self._told_term = 0
        self._heard: dict[str, Coin] = {}

    async def read(self) -> BoardState:
        """Return the kept state with all news after it."""
        with self._asking():
            place = await self._place()
            state, coins = await self._shelf.read(place.bucket)
            self._heard = coins
            end = (await place.js.stream_info(place.stream)).state
        if end.last_seq < state.position:
            raise NewsMissing(f"the row ends at {end.last_seq}, before the state")
        if end.last_seq == state.position:
            return state
        heard = []
        async with aclosing(self.follow(state.position)) as row:
            async for each in row:
                heard.append(each)
                if each.position >= end.last_seq:
                    break
        return fold(state, heard)

    async def follow(self, after: int) -> AsyncGenerator[HeardNews, None]:
        """Yield the news after a position, for ever."""
        reader = None
        try:
            with self._asking():
                reader = await RowReader.open(await self._place(), after)
            joiner = Joiner()
            while True:
                with self._asking():
                    part = await reader.next()
                data = joiner.take(part)
                if data is None:
                    continue
                news = self._decoded(part, data)
                if news is not None:
                    replayed = part.position <= reader.replayed
                    yield HeardNews(news, part.position, part.waiting, replayed)
                elif part.position == reader.replayed:
                    raise BusUnavailable("the last news cannot be read here")
        finally:
            if reader is not None:
                await reader.close()

    async def term(self) -> int:
        """Return the term written down last."""
        with self._asking():
            return (await self._shelf.term((await self._place()).bucket))[0]

    async def take_term(self, over: int) -> int:
        """Write down the next term, if nobody else does in the same moment."""
        with self._asking():
            bucket = (await self._place()).bucket
            return await self._shelf.take_term(bucket, over)

    async def publish(self, news: BoardNews, after: int) -> int:
        """Append news where the row ends at `after`, in parts where they are large."""
        if news.term != self._told_term:
            self._told, self._told_term = {}, news.term
        with self._asking():
            place = await self._place()
            size = place.client.max_payload - HEADROOM_BYTES
            parts = split(encode_news(news, self._told), size)
            for number, part in enumerate(parts, 1):
                header = Header(news.term, news.seq, number, len(parts))
                ack = await place.js.publish(
                    place.subject,
                    part,
                    timeout=ANSWER_TIMEOUT_S,
                    stream=place.stream,
                    headers=header.fields(after),
                )
                after = ack.seq
        self._told = learned(self._told, news)
        return after

    async def last(self) -> RowEnd:
        """Return where the row ends."""
        with self._asking():
            place = await self._place()
            end = (await place.js.stream_info(place.stream)).state.last_seq
            if not end:
                return RowEnd()
            header = await self._header(place.js, place.stream, end)
            if header.part == header.parts:
                return RowEnd(end, header.term, header.seq)
            # Its writer got no further: the last whole news are before them.
            before = end - header.part
            if not before:
                return RowEnd(end, header.term, 0)
            whole = await self._header(place.js, place.stream, before)
            return RowEnd(end, whole.term, whole.seq)

    async def keep(self, state: BoardState) -> None:
        """Keep a state in place of an older one."""
        with self._asking():
            place = await self._place()
            size = place.client.max_payload - HEADROOM_BYTES
            await self._shelf.keep(place.bucket, state, size)

    async def close(self) -> None:
        """Close the connection."""
        await self._link.close()

    async def _place(self) -> Place:
        return await self._layout.place(await self._link.client())

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Translate errors; what the server complains of may be that all is gone.

        Raises:
            CancelledError: the task was cancelled and the client took no heed. Before
                Python 3.12 `asyncio.wait_for`, which it waits with, loses that where
                the answer has just come (bpo-37658).
        """
        before = _cancellations()
        try:
            with translated():
                try:
                    yield
                except (nats.js.errors.APIError, nats.js.errors.NoStreamResponseError):
                    self._layout.forget()
                    raise
        finally:
            if _cancellations() > before:
                raise asyncio.CancelledError

    @staticmethod
    async def _header(js: JetStreamContext, stream: str, position: int) -> Header:
        message = await js.get_msg(stream, seq=position)
        return Header.of(message.headers or {})

    def _decoded(self, part: Part, data: bytes) -> BoardNews | None:
        try:
            if not part.header.is_readable:
                raise Unreadable(f"encoding {part.header.version}")
            return decode_news(data, self._heard)
        except Unreadable as exc:
            self.count.unreadable += 1
            more = {"position": part.position, "why": str(exc)}
            _log.warning("bus.unreadable", extra=more)
            return None


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
