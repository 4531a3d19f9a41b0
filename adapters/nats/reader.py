"""Reads the row from a position on, and notices when something is missing.

A consumer of our own making, without acknowledgements: each process follows by itself,
and what a position lacks is asked for again by the next reader.
"""

from contextlib import suppress
from typing import Final

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api

from adapters.nats.layout import Place
from adapters.nats.link import translated
from adapters.nats.message import Header, Part
from domain.model.board_news import NewsMissing
from domain.ports.board_bus import BusUnavailable

# Without news the server says so often that it is there.
HEARTBEAT_S: Final = 1.0
# So long without either: it is not.
SILENCE_S: Final = 3.0
# A consumer whose reader is gone is removed by the server after this.
INACTIVE_S: Final = 15.0
# News that wait in this process. Past it the client drops them, which is noticed by
# their positions: the next reader begins where we are.
MAX_WAITING: Final = 4_096
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024
_STATUS: Final = "Status"
_LAST_STREAM: Final = "Nats-Last-Stream"


class RowReader:
    """One pass over the row."""

    def __init__(self, inbox: Subscription, position: int, replayed: int) -> None:
        self.replayed = replayed
        self._inbox = inbox
        self._position = position

    @classmethod
    async def open(cls, place: Place, after: int) -> "RowReader":
        """Begin right after a position.

        Raises:
            NewsMissing: the row does not hold what comes next.
        """
        row = (await place.js.stream_info(place.stream)).state
        if not row.first_seq - 1 <= after <= row.last_seq and (after or row.messages):
            what = f"the row is {row.first_seq} to {row.last_seq}"
            raise NewsMissing(f"{what}, position {after} is known")
        subject = place.client.new_inbox()
        inbox = await place.client.subscribe(
            subject,
            pending_msgs_limit=MAX_WAITING,
            pending_bytes_limit=MAX_WAITING_BYTES,
        )
        reader = cls(inbox, after, row.last_seq)
        try:
            await place.js.add_consumer(
                place.stream,
                api.ConsumerConfig(
                    deliver_subject=subject,
                    deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=after + 1,
                    ack_policy=api.AckPolicy.NONE,
                    max_deliver=1,
                    idle_heartbeat=HEARTBEAT_S,
                    inactive_threshold=INACTIVE_S,
                    mem_storage=True,
                    num_replicas=1,
                ),
            )
        except BaseException:
            await reader.close()
            raise
        return reader

    async def next(self) -> Part:
        """Return the next message of the row.

        Raises:
            BusUnavailable: nothing came in time, or the order is broken.
        """
        while True:
            message = await self._inbox.next_msg(timeout=SILENCE_S)
            if message.headers and _STATUS in message.headers:
                self._check(message.headers)
                continue
            return self._part(message)

    async def close(self) -> None:
        """Let go; the server removes what it kept for us."""
        gone = suppress(BusUnavailable, nats.errors.BadSubscriptionError)
        with gone, translated():
            await self._inbox.unsubscribe()

    def _part(self, message: Msg) -> Part:
        place = message.metadata
        position = place.sequence.stream
        if position != self._position + 1:
            raise BusUnavailable(
                f"position {position} came after {self._position}: some were dropped"
            )
        self._position = position
        return Part(
            Header.of(message.headers or {}),
            message.data,
            position,
            place.num_pending + self._inbox.pending_msgs,
        )

    def _check(self, headers: dict[str, str]) -> None:
        """Compare the server's last word with what came."""
        last = headers.get(_LAST_STREAM)
        waiting = self._inbox.pending_msgs
        if last is not None and int(last) > self._position and not waiting:
            raise BusUnavailable(f"the server has sent up to {last}: some were lost")
