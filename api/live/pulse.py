"""Whether a silent client is there: graphql-transport-ws's own `ping`.

WebSocket's pings are answered by whatever holds the connection, a proxy or a browser
whose page hangs; this one is answered by the client's code.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from api.live.message import PING
from api.live.wire import Wire

PONG_TIMEOUT_S: Final = 20.0
"""A client that says nothing for so long after our `ping` is gone."""


class Pulse:
    """Asks when nothing was heard for `interval_s`, and tells when nothing comes."""

    __slots__ = ("_interval_s", "_on_silence", "_timer", "_wire")

    def __init__(
        self, wire: Wire, interval_s: float, on_silence: Callable[[], None]
    ) -> None:
        self._wire = wire
        self._interval_s = interval_s
        self._on_silence = on_silence
        self._timer: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        """Hear that the client has said something; begin to wait anew."""
        self._wait(self._interval_s, self._ask)

    def stop(self) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self.stop()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _ask(self) -> None:
        # Of one that is full nothing is read: it is judged by its pause.
        if self._wire.paused:
            self.heard()
            return
        self._wire.say(PING)
        self._wait(PONG_TIMEOUT_S, self._missed)

    def _missed(self) -> None:
        if self._wire.paused:
            self.heard()
        else:
            self._timer = None
            self._on_silence()
