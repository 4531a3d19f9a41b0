"""Clients of every transport, with one face: what is asked and told is the same."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

import aiohttp
from websockets.asyncio.client import ClientConnection, connect

LIMIT_S = 10.0
JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
EVENT_STREAM = "text/event-stream"
# What @apollo/client 4 sends with a subscription.
MULTIPART = (
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,"
    "application/graphql-response+json,application/json;q=0.9"
)


class Refused(Exception):
    """The operation is not run; `errors` say why, `status` is HTTP's."""

    def __init__(self, errors: list[dict[str, Any]], status: int = 0) -> None:
        super().__init__(errors)
        self.errors = errors
        self.status = status

    @property
    def code(self) -> str:
        """The code of the one error there is."""
        (error,) = self.errors
        return str(error["extensions"]["code"])


class Ended(Exception):
    """The server says that the operation is complete."""


class Stream(Protocol):
    """The results of one operation."""

    async def next(self) -> dict[str, Any]:
        """Return the next result.

        Raises:
            Refused: the operation is not run.
            Ended: there are no more.
        """
        ...


class Client(Protocol):
    """One transport's client."""

    streams: bool

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the answer to a query, errors included.

        Raises:
            Refused: it has no `data` at all.
        """
        ...

    def subscribe(
        self, document: str, **variables: Any
    ) -> AbstractAsyncContextManager[Stream]:
        """Begin an operation; leaving the context cancels it."""
        ...


def checked(answer: dict[str, Any], status: int = 0) -> dict[str, Any]:
    """Return an answer that ran."""
    if "data" not in answer:
        raise Refused(answer["errors"], status)
    return answer


@dataclass
class HttpClient:
    """Asks for one answer by POST or GET."""

    url: str
    http: aiohttp.ClientSession
    accept: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    streams: bool = False

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """See `Client`."""
        async with self.ask(document, variables) as response:
            answer = await response.json(content_type=None)
            media = response.headers["Content-Type"].partition(";")[0]
            assert media == self.accept.partition(",")[0]
            return checked(answer, response.status)

    def ask(self, document: str, variables: Mapping[str, Any]) -> Any:
        """Send a request."""
        sent = {"query": document, "variables": variables}
        headers = {"Accept": self.accept, **self.headers}
        url = f"{self.url}/graphql"
        if self.method == "GET":
            texts = {"query": document, "variables": json.dumps(variables)}
            return self.http.get(url, params=texts, headers=headers)
        return self.http.post(url, json=sent, headers=headers)

    @asynccontextmanager
    async def subscribe(self, document: str, **variables: Any) -> AsyncIterator[Stream]:
        """Be refused: there is one answer only."""
        await self.query(document, **variables)
        raise AssertionError("a subscription was answered at once")
        yield


@dataclass
class EventClient(HttpClient):
    """Asks for streams: server-sent events, or parts."""

    streams: bool = True

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """See `Client`; an answer may come as JSON, or as the one event there is."""
        async with self.ask(document, variables) as response:
            if "json" in response.headers["Content-Type"]:
                return checked(await response.json(content_type=None), response.status)
            stream = stream_of(response)
            told = await stream.next()
            await over(stream)
            return told

    @asynccontextmanager
    async def subscribe(self, document: str, **variables: Any) -> AsyncIterator[Stream]:
        """See `Client`."""
        async with self.ask(document, variables) as response:
            if response.status != 200:
                answer = await response.json(content_type=None)
                raise Refused(answer["errors"], response.status)
            yield stream_of(response)


async def over(stream: Stream) -> None:
    """Wait for the end of a stream."""
    try:
        told = await stream.next()
    except Ended:
        return
    raise AssertionError(told)


def stream_of(response: aiohttp.ClientResponse) -> "EventReader | PartReader":
    """Return the reader of a response's media type."""
    media = response.headers["Content-Type"]
    assert response.headers["Cache-Control"].startswith("no-store")
    if media.startswith(EVENT_STREAM):
        return EventReader(response)
    assert media == "multipart/mixed; boundary=graphql; subscriptionSpec=1.0"
    return PartReader(response)


@dataclass
class EventReader:
    """Reads server-sent events as WHATWG HTML, section 9.2, has it."""

    response: aiohttp.ClientResponse
    last_id: str = ""
    retry_ms: int | None = None
    comments: list[str] = field(default_factory=list)

    async def next(self) -> dict[str, Any]:
        """See `Stream`."""
        kind, data = await self._event()
        if kind == "complete":
            assert data == ""
            assert await self.response.read() == b""
            raise Ended
        assert kind == "next"
        return checked(json.loads(data))

    async def _event(self) -> tuple[str, str]:
        kind, data = "", list[str]()
        while True:
            line = (await self.response.content.readline()).decode()
            assert line.endswith("\n"), "the stream was cut"
            assert "\r" not in line
            text = line[:-1]
            if text.startswith(":"):
                self.comments.append(text[1:].strip())
            elif text:
                name, _, value = text.partition(":")
                value = value.removeprefix(" ")
                if name == "event":
                    kind = value
                elif name == "data":
                    data.append(value)
                elif name == "id":
                    self.last_id = value
                elif name == "retry":
                    self.retry_ms = int(value)
            elif data:
                return kind, "\n".join(data)


@dataclass
class PartReader:
    """Reads parts as Apollo's clients do: a part is one when its boundary is there."""

    response: aiohttp.ClientResponse
    heartbeats: int = 0

    def __post_init__(self) -> None:
        self._text = b""
        self._begun = False

    async def next(self) -> dict[str, Any]:
        """See `Stream`."""
        while True:
            told = await self._part()
            if not told:
                self.heartbeats += 1
                continue
            if "errors" in told:
                assert told["payload"] is None
                raise Refused(told["errors"])
            assert list(told) == ["payload"]
            found: dict[str, Any] = told["payload"]
            assert "data" in found
            return found

    async def _part(self) -> dict[str, Any]:
        edge = b"\r\n--graphql"
        if not self._begun:
            assert await self._until(edge) == b""
            self._begun = True
        while len(self._text) < 2:
            await self._more()
        if self._text.startswith(b"--"):
            assert self._text + await self.response.read() == b"--\r\n"
            raise Ended
        head, _, body = (await self._until(edge)).partition(b"\r\n\r\n")
        assert head.strip() == b"Content-Type: application/json; charset=utf-8"
        found: dict[str, Any] = json.loads(body)
        return found

    async def _until(self, edge: bytes) -> bytes:
        while edge not in self._text:
            await self._more()
        found, _, self._text = self._text.partition(edge)
        return found

    async def _more(self) -> None:
        chunk = await self.response.content.readany()
        assert chunk, "the stream was cut"
        self._text += chunk


class SocketClient:
    """Speaks graphql-transport-ws; all its operations share one socket."""

    streams = True

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._names = map(str, count(1))
        self._told: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Stop reading."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """See `Client`."""
        async with self.subscribe(document, **variables) as stream:
            told = await stream.next()
            await over(stream)
            return told

    @asynccontextmanager
    async def subscribe(self, document: str, **variables: Any) -> AsyncIterator[Stream]:
        """See `Client`."""
        name = next(self._names)
        told = self._told[name] = asyncio.Queue()
        payload = {"query": document, "variables": variables}
        await self.say(type="subscribe", id=name, payload=payload)
        stream = SocketStream(told)
        try:
            yield stream
        finally:
            del self._told[name]
            if not stream.is_over:
                await self.say(type="complete", id=name)

    async def say(self, **message: Any) -> None:
        """Send a message."""
        await self.connection.send(json.dumps(message))

    async def _read(self) -> None:
        async for text in self.connection:
            message = json.loads(text)
            told = self._told.get(message.get("id"))
            if told is not None:
                told.put_nowait(message)


@dataclass
class SocketStream:
    """One operation's messages."""

    told: asyncio.Queue[dict[str, Any]]
    is_over: bool = False

    async def next(self) -> dict[str, Any]:
        """See `Stream`."""
        message = await self.told.get()
        if message["type"] == "next":
            return checked(message["payload"])
        self.is_over = True
        if message["type"] == "error":
            raise Refused(message["payload"])
        assert message["type"] == "complete"
        raise Ended


@asynccontextmanager
async def socket_client(
    url: str, payload: Mapping[str, Any] | None = None, **more: Any
) -> AsyncIterator[SocketClient]:
    """Open a socket and exchange the first messages."""
    address = url.replace("http", "ws", 1) + "/graphql"
    more.setdefault("subprotocols", ["graphql-transport-ws"])
    async with connect(address, **more) as connection:
        first = {"type": "connection_init", "payload": payload}
        await connection.send(json.dumps(first))
        assert json.loads(await connection.recv()) == {"type": "connection_ack"}
        client = SocketClient(connection)
        try:
            yield client
        finally:
            await client.close()


def plain_forms() -> Iterable[tuple[str, dict[str, str]]]:
    """Return the names of the transports over HTTP, and what makes them."""
    yield "post_json", {"accept": JSON}
    yield "post_graphql_json", {"accept": GRAPHQL_JSON}
    yield "get", {"accept": JSON, "method": "GET"}


def event_forms() -> Iterable[tuple[str, dict[str, str]]]:
    """Return the streaming ones, likewise."""
    yield "sse_post", {"accept": EVENT_STREAM}
    yield "sse_get", {"accept": EVENT_STREAM, "method": "GET"}
    yield "multipart", {"accept": MULTIPART}
