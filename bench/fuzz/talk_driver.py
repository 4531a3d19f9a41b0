"""Messages into `Conversation`, on a wire that is full now and then."""

import asyncio
from dataclasses import dataclass

from api.live.guest import Guest, guest_of
from api.live.payload import Payload
from bench.fuzz.address import address_of
from bench.fuzz.draw import Draw
from bench.fuzz.finding import place_of
from bench.fuzz.header import KEYS
from bench.fuzz.message import messages
from bench.fuzz.oracle import Oracle
from bench.fuzz.pace import Pace
from bench.fuzz.world import World


class FakeWire:
    """A `Wire` that keeps what it is given."""

    def __init__(self) -> None:
        self.paused = False
        self.said: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self._room = asyncio.Event()
        self._room.set()

    def fill(self) -> None:
        """Take no more for a while."""
        self.paused = True
        self._room.clear()

    def drain(self) -> None:
        """Take what comes."""
        self.paused = False
        self._room.set()

    def deliver(self, head: bytes, payload: Payload) -> None:
        """See `Wire`."""
        self.said.append(head + payload.body)

    def say(self, message: bytes) -> None:
        """See `Wire`."""
        self.said.append(message)

    async def room(self) -> None:
        """See `Wire`."""
        await self._room.wait()

    def end(self, code: int, reason: str) -> None:
        """See `Wire`."""
        self.closed = (code, reason)
        self._room.set()


@dataclass
class TalkDriver:
    """Holds conversations with one world."""

    world: World
    oracle: Oracle
    pace: Pace

    async def session(self, draw: Draw) -> int:
        """Hold one conversation; return how many messages it had."""
        told = messages(draw)
        self.oracle.findings.shown = told
        wire = FakeWire()
        talk = self.world.graphql.sockets.open(wire, self._guest(draw))
        if talk is None:
            return 0
        moving = draw.hit(0.1)
        for message in told:
            try:
                self.pace.run(talk.receive, message)
            except Exception as exc:  # noqa: BLE001 (asyncio would log it and abort)
                self.oracle.findings.add(f"receive raised {place_of(exc)}", str(exc))
            if draw.hit(0.2):
                await self.pace.rest(lambda: False, 3)
            if wire.paused:
                wire.drain()
                self.pace.run(talk.resumed)
            elif draw.hit(0.1):
                wire.fill()
            if moving and draw.hit(0.2):
                await self.world.move(0.2, int(draw.random() * 100))
        wire.drain()
        talk.resumed()
        await self.pace.rest(lambda: False, 12)
        self._look(wire)
        talk.close()
        if talk.operations:
            self.oracle.findings.add("an operation outlives its socket")
        return len(told)

    def _guest(self, draw: Draw) -> Guest:
        headers: dict[str, str] = {}
        if self.world.name == "closed" and draw.hit(0.9):
            headers["authorization"] = f"Bearer {self.world.token}"
        elif draw.hit(0.05):
            headers["authorization"] = draw.one(KEYS)
        return guest_of(headers, address_of(draw), self.world.deps)

    def _look(self, wire: FakeWire) -> None:
        for message in wire.said:
            self.oracle.message(message)
        if wire.closed is not None:
            self.oracle.close(*wire.closed)
