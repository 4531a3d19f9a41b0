"""Upbit's WebSocket over recorded frames: who asked for what, and in which format."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web

from adapters.simulator.replay_client import ReplayClient
from adapters.simulator.replay_stamp import Shift
from adapters.simulator.upbit_field import BOOK, PAIR, TICKER, TRADE, Format
from adapters.simulator.upbit_request import RefusedRequest, Request, read_request

_UP = b'{"status":"UP"}'
# Answers to what the recording client said; nobody else asked for them.
_REPLIES = frozenset({"status", "error", "method", "mthd"})
_KEY = re.compile(rb'"(\w+)":')
_REALTIME = re.compile(rb'("(?:st|stream_type)":")REALTIME"')

Subject = tuple[str, str]
"""Channel and market: ("ticker", "KRW-BTC")."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """How one client wants one subject."""

    form: Format
    snapshot: bool
    realtime: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """What a recorded frame is about, and how it is written."""

    subject: Subject
    brief: bool
    listed: bool
    snapshot: bool


class UpbitReplay:
    """Gives each client the frames of its subscription; a new one replaces the last.

    Order books come with as many steps as were recorded. Whoever subscribes late gets
    the latest frame of each market first, as SNAPSHOT.
    """

    binary = True

    def __init__(self) -> None:
        self._requests: dict[ReplayClient, Request] = {}
        self._wishes: dict[Subject, dict[ReplayClient, _Wish]] = {}
        self._latest: dict[Subject, bytes] = {}

    def joined(self, client: ReplayClient, request: web.Request) -> bool:
        """Wait for the client to ask; False: it has not subscribed yet."""
        return False

    def heard(self, client: ReplayClient, text: str, shift: Shift) -> bool:
        """Take a request, or a PING in words; True: the client has subscribed."""
        if text == "PING":
            client.put(_UP)
            return False
        try:
            request = read_request(text)
        except RefusedRequest as exc:
            body = {"error": {"name": exc.name, "message": exc.message}}
            client.put(_dump(body))
            return False
        if request.listing:
            client.put(self._listed(client, request))
            return False
        self.left(client)
        self._requests[client] = request
        for subject, wish in _wishes(request):
            self._wishes.setdefault(subject, {})[client] = wish
            latest = self._latest.get(subject)
            if wish.snapshot and latest is not None:
                old = _REALTIME.sub(rb'\1SNAPSHOT"', latest)
                client.put(_written(shift(old), wish.form))
        return True

    def left(self, client: ReplayClient) -> None:
        """Forget a client's subscription."""
        request = self._requests.pop(client, None)
        if request is not None:
            for subject, _ in _wishes(request):
                self._wishes.get(subject, {}).pop(client, None)

    def play(self, payload: bytes, shift: Shift) -> None:
        """Put a frame to those who asked for it; what is about nothing, to all."""
        message = _parsed(payload)
        if isinstance(message, dict) and not _REPLIES.isdisjoint(message):
            return
        known = _known(payload, message)
        if known is None:
            for client in self._requests:
                client.put(payload)
            return
        self._latest[known.subject] = payload
        wishes = self._wishes.get(known.subject)
        if not wishes:
            return
        ours = shift(payload)
        written: dict[Format, bytes] = {}
        for client, wish in wishes.items():
            if wish.snapshot if known.snapshot else wish.realtime:
                if wish.form not in written:
                    written[wish.form] = _written(ours, wish.form)
                client.put(written[wish.form])

    def _listed(self, client: ReplayClient, request: Request) -> bytes:
        held = self._requests.get(client)
        demands = held.demands if held else ()
        result = [
            {"type": demand.topics[0].channel, "codes": list(demand.codes)}
            for demand in demands
        ]
        brief = request.form.startswith("SIMPLE")
        keys = ("mthd", "rslt", "tckt") if brief else ("method", "result", "ticket")
        values = ("LIST_SUBSCRIPTIONS", result, request.ticket)
        return _dump(dict(zip(keys, values, strict=True)))


def _wishes(request: Request) -> Iterable[tuple[Subject, _Wish]]:
    for demand in request.demands:
        wish = _Wish(request.form, demand.snapshot, demand.realtime)
        for topic in demand.topics:
            yield (topic.channel, topic.code), wish


def _parsed(payload: bytes) -> object:
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _known(payload: bytes, message: object) -> _Known | None:
    listed = isinstance(message, list) and len(message) == 1
    body = message[0] if isinstance(message, list) and listed else message
    if not isinstance(body, dict):
        return None
    brief = "ty" in body
    channel = body.get("ty" if brief else "type")
    code = body.get("cd" if brief else "code")
    if not isinstance(channel, str) or not isinstance(code, str):
        return None
    kind = body.get("st" if brief else "stream_type")
    return _Known((channel, code), brief, listed, kind == "SNAPSHOT")


def _written(payload: bytes, form: Format) -> bytes:
    """Return a frame in a client's format: keys renamed, values as they stand."""
    brief = form.startswith("SIMPLE")
    names = _BRIEF if brief else _FULL
    text = payload.strip()
    if text.startswith(b"["):
        text = text[1:-1]
    if (b'"ty":' in text) is not brief:
        text = _KEY.sub(lambda found: b'"%s":' % names.get(found[1], found[1]), text)
    return b"[%s]" % text if form.endswith("_LIST") else text


def _renamed(source: Format, target: Format) -> dict[bytes, bytes]:
    names: dict[bytes, bytes] = {}
    for templates in (TICKER, TRADE, BOOK, PAIR):
        keys = _KEY.findall(templates[source].encode())
        names.update(zip(keys, _KEY.findall(templates[target].encode()), strict=True))
    return names


_FULL = _renamed("SIMPLE", "DEFAULT")
_BRIEF = _renamed("DEFAULT", "SIMPLE") | {b"trade_date": b"td"}


def _dump(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
