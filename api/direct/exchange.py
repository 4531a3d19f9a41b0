"""A whole HTTP exchange: the bytes of a request in, the bytes of its answer out.

Answers have the headers that the application would have given them; a contract test
compares the two ways.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from api.accept import Form
from api.access import AccessRefused
from api.answer import answer_headers
from api.asking import caller_in
from api.caller import Caller
from api.deps import ApiDeps
from api.direct.answering import Answering
from api.direct.head import MAX_HEAD_BYTES, Head, read_head
from api.origin import ANY
from api.request_id import HEADER as REQUEST_ID
from api.request_id import fresh_request_id, is_sane
from api.shield import SECURITY_HEADERS

Headers = Iterable[tuple[bytes, bytes]]

KEPT_HEADS: Final = 1_024
"""Heads that are known; the least recently used one goes."""

KEPT_STRANGERS: Final = 4_096
"""Callers without a key that are known by their address; at the cap all are dropped."""

_FORMS: Final = (Form.JSON, Form.GRAPHQL_JSON)
_BEGIN: Final = b"POST /graphql "
_END: Final = b"\r\n\r\n"


class Begun(NamedTuple):
    """A request that is plain so far: its head, and where its body begins and ends."""

    head: Head
    begin: int
    end: int


class Exchange:
    """Answers requests of one application."""

    def __init__(self, deps: ApiDeps, answering: Answering) -> None:
        self._deps = deps
        self._answering = answering
        self._heads: OrderedDict[bytes, Head | None] = OrderedDict()
        self._strangers: dict[str, Caller] = {}
        self._defaults: Headers | None = None
        self._starts: dict[Form, bytes] = {}

    def begun(self, data: bytes) -> Begun | None:
        """Return the plain request that begins with `data`; None: it is not ours."""
        if not data.startswith(_BEGIN) or self._deps.tracer.is_on:
            return None
        begin = data.find(_END, 0, MAX_HEAD_BYTES) + len(_END)
        if begin < len(_END):
            return None
        head = self._head(data[:begin])
        if head is None or head.body_bytes > self._deps.limits.body_bytes:
            return None
        return Begun(head, begin, begin + head.body_bytes)

    def answer(
        self, begun: Begun, data: bytes, peer: str, defaults: Headers
    ) -> bytes | None:
        """Return a whole answer; None: the application has to answer.

        `data` is the whole request, `peer` the address of the connection, `defaults`
        headers of the server's own such as `date`.
        """
        head, clock = begun.head, self._deps.clock
        began_s = clock.monotonic()
        try:
            caller = self._caller(head, peer)
        except AccessRefused:
            return None
        body = self._answering.answer(data[begun.begin :], caller)
        if body is None:
            return None
        if defaults is not self._defaults:
            self._begin_anew(defaults)
        given = head.headers.get(REQUEST_ID)
        called = given if given and is_sane(given) else fresh_request_id()
        own = f"content-length: {len(body)}\r\n{REQUEST_ID}: {called}\r\n\r\n"
        seconds = clock.monotonic() - began_s
        traffic = self._deps.traffic
        traffic.request("POST", "/graphql", 200, seconds)
        traffic.direct += 1
        return b"%b%b%b" % (self._starts[head.form], own.encode(), body)

    def _begin_anew(self, defaults: Headers) -> None:
        """Make the first lines of answers; the server has a new list each second."""
        self._defaults = defaults
        lines = b"".join(b"%b: %b\r\n" % pair for pair in defaults)
        for form in _FORMS:
            self._starts[form] = _start(form, self._deps.allowed_origins) + lines

    def _head(self, text: bytes) -> Head | None:
        heads = self._heads
        try:
            head = heads[text]
        except KeyError:
            head = read_head(text)
            if head is None or head.is_lasting:
                heads[text] = head
                if len(heads) > KEPT_HEADS:
                    heads.popitem(last=False)
        else:
            heads.move_to_end(text)
        return head

    def _caller(self, head: Head, peer: str) -> Caller:
        """Return who asks.

        Raises:
            AccessRefused: not here.
        """
        if head.headers:
            return caller_in(head.headers, peer, self._deps)
        known = self._strangers.get(peer)
        if known is None or self._deps.access.required:
            known = self._deps.access.caller(None, peer)
            if len(self._strangers) >= KEPT_STRANGERS:
                self._strangers.clear()
            self._strangers[peer] = known
        return known


def _start(form: Form, origins: Collection[str]) -> bytes:
    """Return an answer's first lines."""
    own = answer_headers(form)
    if origins and ANY not in origins:
        # What pages are told differs by their site (CORS).
        own["Vary"] = f"{own['Vary']}, Origin"
    headers = {**own, **{k: v for k, v in SECURITY_HEADERS.items() if k not in own}}
    lines = [f"{name.lower()}: {value}\r\n" for name, value in headers.items()]
    return ("HTTP/1.1 200 OK\r\n" + "".join(lines)).encode("latin-1")
