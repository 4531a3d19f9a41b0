"""The connection to a NATS server: dialled when it is needed, dropped when it fails.

The client's own reconnecting is off: it would keep what is published meanwhile and send
it later, when somebody else may lead.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import nats
import nats.errors
import nats.js.errors
from nats.aio.client import Client

from domain.ports.board_bus import BusUnavailable, Superseded

CONNECT_TIMEOUT_S: Final = 2
# For an answer of the server. Past it: BusUnavailable, what became of it is not known.
ANSWER_TIMEOUT_S: Final = 2.0
# A server that answers no ping twice is gone.
PING_INTERVAL_S: Final = 2
MAX_PINGS: Final = 2
CLOSE_TIMEOUT_S: Final = 2.0
# JetStream's error codes for "wrong last sequence".
_WRONG_LAST: Final = frozenset({10071, 10164})
_NAME: Final = "kimchi-premium"

_log = logging.getLogger(__name__)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the client's errors into the port's.

    Raises:
        Superseded: the server expected another position.
        BusUnavailable: anything else.
    """
    try:
        yield
    except nats.js.errors.KeyWrongLastSequenceError as exc:
        raise Superseded("somebody else was faster") from exc
    except nats.js.errors.APIError as exc:
        if exc.err_code in _WRONG_LAST:
            raise Superseded(str(exc.description)) from exc
        raise BusUnavailable(f"JetStream: {exc.description or exc}") from exc
    except nats.js.errors.NoStreamResponseError as exc:
        raise BusUnavailable("JetStream is not there, or has no such stream") from exc
    except TimeoutError as exc:
        raise BusUnavailable("no answer in time") from exc
    except (nats.errors.Error, OSError, EOFError) as exc:
        raise BusUnavailable(_line(exc)) from exc


class NatsLink:
    """One connection to one of the servers of an address list."""

    def __init__(self, url: str) -> None:
        """Compose; `url` is one address or several, with commas between."""
        self._servers = [each.strip() for each in url.split(",") if each.strip()]
        self._client: Client | None = None
        self._dialling = asyncio.Lock()
        self._is_closed = False

    async def client(self) -> Client:
        """Return a connection that is open.

        Raises:
            BusUnavailable: no server can be reached.
        """
        async with self._dialling:
            if self._client is not None and self._client.is_connected:
                return self._client
            await self._drop()
            if self._is_closed:
                raise BusUnavailable("closed")
            with translated():
                self._client = await self._dial()
            return self._client

    async def close(self) -> None:
        """Close the connection for good."""
        async with self._dialling:
            self._is_closed = True
            await self._drop()

    async def _dial(self) -> Client:
        async with asyncio.timeout(CONNECT_TIMEOUT_S * len(self._servers) + 1):
            return await nats.connect(
                servers=list(self._servers),
                name=_NAME,
                error_cb=_noted,
                allow_reconnect=False,
                connect_timeout=CONNECT_TIMEOUT_S,
                ping_interval=PING_INTERVAL_S,
                max_outstanding_pings=MAX_PINGS,
            )

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is None or client.is_closed:
            return
        with suppress(TimeoutError, OSError, nats.errors.Error):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await client.close()


async def _noted(exc: Exception) -> None:
    # Whoever waits for an answer is told; this is for those who look into it.
    _log.debug("bus.trouble", extra={"why": _line(exc)})


def _line(exc: BaseException) -> str:
    text = str(exc).strip() or type(exc).__name__
    return text.splitlines()[0]
