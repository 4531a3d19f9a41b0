"""`kimp serve` in a process of its own, asked over HTTP and WebSocket only."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any, Final, TypeVar

from websockets.sync.client import ClientConnection, connect

from bench.process import end, without_settings

T = TypeVar("T")
Json = dict[str, Any]
REPOSITORY: Final = Path(__file__).parents[3]
KIMP: Final = Path(sys.executable).parent / "kimp"
START_LIMIT_S: Final = 60.0
WAIT_LIMIT_S: Final = 15.0
STOP_LIMIT_S: Final = 20.0

QUOTE: Final = """{
  exchange market price bid ask baseVolume24h quoteVolume24h
  changePercentSinceUtcMidnight changePercentRolling24h
  exchangeTime receivedAt ageMs channel quality
}"""
FX: Final = "{ base quote rate source asOf ageMs quality }"
PREMIUM: Final = f"""{{
  symbol percent absoluteKrw quality reason signConflict at lastLiveAt seq
  domestic {QUOTE} global {QUOTE}
  bases {{ basis percent absoluteKrw quality reason fx {FX} }}
}}"""
CLOCK_FIELDS: Final = frozenset({"ageMs", "receivedAt"})


def timeless(value: Any) -> Any:
    """Return an answer without what changes by itself: ages and `receivedAt`."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in CLOCK_FIELDS}
    if isinstance(value, list):
        return [timeless(item) for item in value]
    return value


def until(ask: Callable[[], T | None], what: str, limit_s: float = WAIT_LIMIT_S) -> T:
    """Ask until the answer is true and return it; fail after the limit."""
    deadline = time.monotonic() + limit_s
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {limit_s} s: {what}"
        time.sleep(0.05)  # another process: there is nothing to await


class Events:
    """A graphql-transport-ws connection; messages are kept per operation."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._kept: dict[str, deque[Json]] = defaultdict(deque)
        self._count = 0

    def subscribe(self, document: str, **variables: Any) -> str:
        """Start an operation and return its ID."""
        self._count += 1
        name = f"op{self._count}"
        payload = {"query": document, "variables": variables}
        self._send({"id": name, "type": "subscribe", "payload": payload})
        return name

    def complete(self, name: str) -> None:
        """End an operation."""
        self._send({"id": name, "type": "complete"})

    def message(self, name: str, limit_s: float = WAIT_LIMIT_S) -> Json:
        """Return the operation's next message; TimeoutError where none comes."""
        deadline = time.monotonic() + limit_s
        while not self._kept[name]:
            left = deadline - time.monotonic()
            message = json.loads(self._connection.recv(timeout=max(0.0, left)))
            if message["type"] == "ping":
                self._send({"type": "pong"})
            else:
                self._kept[message["id"]].append(message)
        return self._kept[name].popleft()

    def data(self, name: str, limit_s: float = WAIT_LIMIT_S) -> Any:
        """Return the one field of the operation's next event."""
        message = self.message(name, limit_s)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value

    def is_quiet(self, name: str, for_s: float) -> bool:
        """Return whether nothing comes for that long."""
        try:
            kept = self.message(name, for_s)
        except TimeoutError:
            return True
        self._kept[name].appendleft(kept)
        return False

    def _send(self, message: Json) -> None:
        self._connection.send(json.dumps(message))


class Server:
    """A running server's address, and the questions of these tests."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log = log

    def post(self, body: bytes, **headers: str) -> tuple[int, Json]:
        """Return status and answer of a raw POST."""
        sent = {"content-type": "application/json", **headers}
        url = f"http://127.0.0.1:{self.port}/graphql"
        request = urllib.request.Request(url, body, sent)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, json.load(exc)

    def get(self, path: str) -> tuple[int, str, dict[str, str]]:
        """Return status, text and headers (names in lower case) of a GET."""
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.status, answer.read().decode(), _lower(answer.headers)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, exc.read().decode(), _lower(exc.headers)

    def answer(self, document: str, **variables: Any) -> Json:
        """Return the whole answer to a document."""
        body = json.dumps({"query": document, "variables": variables})
        return self.post(body.encode())[1]

    def ask(self, document: str, **variables: Any) -> Json:
        """Return the data of a document that has no error."""
        answer = self.answer(document, **variables)
        assert "errors" not in answer, answer
        data: Json = answer["data"]
        return data

    def error(self, document: str, **variables: Any) -> Json:
        """Return the one error of a document."""
        answer = self.answer(document, **variables)
        assert "errors" in answer, answer
        (error,) = answer["errors"]
        found: Json = error
        return found

    def premium(self, symbol: str) -> Any:
        """Return everything about one coin's premium."""
        return self.ask(f'{{ premium(symbol: "{symbol}") {PREMIUM} }}')["premium"]

    def board(self, filter_: str = "{}") -> dict[str, Any]:
        """Return everything about every matching coin, by symbol."""
        document = (
            f"{{ premiums(filter: {filter_}, first: 1000)"
            f" {{ edges {{ node {PREMIUM} }} }} }}"
        )
        edges = self.ask(document)["premiums"]["edges"]
        return {edge["node"]["symbol"]: edge["node"] for edge in edges}

    def premium_when(
        self,
        symbol: str,
        holds: Callable[[Any], bool],
        what: str = "the condition",
        limit_s: float = WAIT_LIMIT_S,
    ) -> Any:
        """Return a coin's premium as soon as the condition holds."""
        last: list[Any] = [None]

        def found() -> Any:
            last[0] = self.premium(symbol)
            return last[0] if last[0] is not None and holds(last[0]) else None

        try:
            return until(found, what, limit_s)
        except AssertionError as exc:
            raise AssertionError(f"{exc}; last seen: {last[0]}") from None

    @contextmanager
    def events(self) -> Iterator[Events]:
        """Open a socket for subscriptions."""
        address = f"ws://127.0.0.1:{self.port}/graphql"
        protocols: Any = ["graphql-transport-ws"]
        with connect(address, subprotocols=protocols, max_size=2**24) as connection:
            connection.send(json.dumps({"type": "connection_init"}))
            hello = json.loads(connection.recv(timeout=WAIT_LIMIT_S))
            assert hello["type"] == "connection_ack"
            yield Events(connection)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_LIMIT_S)

    def at_price(self, symbol: str, price: str, side: str = "domestic") -> Any:
        """Return a coin's premium as soon as a leg shows a price."""
        return self.premium_when(
            symbol,
            lambda p: p[side] is not None and p[side]["price"] == price,
            f"{symbol} at {price} ({side})",
        )

    def wait_answering(self) -> None:
        """Return as soon as the server answers at all."""
        until(self._is_up, "the server listens", START_LIMIT_S)

    def wait_live(self, *symbols: str) -> None:
        """Return as soon as these coins are LIVE."""
        for symbol in symbols:
            self.premium_when(
                symbol, lambda p: p["quality"] == "LIVE", f"{symbol} LIVE", 30.0
            )

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/health")[0] == 200
        except OSError:
            return False


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, settings: Mapping[str, str]) -> Iterator[Server]:
    """Run `kimp serve`, wait until it answers, and end it."""
    port = _free_port()
    log = folder / f"log-{port}.txt"
    environment = {
        **without_settings(),
        "KIMP_HTTP__PORT": str(port),
        "KIMP_DATA_DIR": str(folder / "data"),
        **settings,
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [str(KIMP), "serve"],
            env=environment,
            stdout=out,
            stderr=out,
            text=True,
            cwd=REPOSITORY,
        )
        server = Server(process, port, log)
        try:
            server.wait_answering()
            yield server
        finally:
            end(process, STOP_LIMIT_S)
