"""A whole HTTP exchange: the bytes of a request in, the bytes of its answer out.

Answers have the headers that the application would have given them; a contract test
compares the two ways.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from api.accept import Form
from api.access import AccessRefused
from api.answer import answer_headers
from api.asking import caller_in
from api.caller import Caller
from api.deps import ApiDeps
from api.direct.answering import Answering
from api.direct.head import MAX_HEAD_BYTES, Head, read_head
from api.origin import allowed_sites, is_allowed, page_headers
from api.request_id import HEADER as REQUEST_ID
from api.request_id import fresh_request_id, is_sane
from api.shield import SECURITY_HEADERS
from api.traffic import OTHER

Headers = Iterable[tuple[bytes, bytes]]

KEPT_HEADS: Final = 1_024
"""Heads that are known; the least recently used one goes."""

KEPT_STRANGERS: Final = 4_096
"""Callers without a key that are known by their address; at the cap all are dropped."""

_BEGIN: Final = b"POST /graphql "
_END: Final = b"\r\n\r\n"


class Known(NamedTuple):
    """A plain head, and what an answer tells the page that asks (CORS), as lines."""

    head: Head
    told: bytes


class Begun(NamedTuple):
    """A request that is plain so far: its head, and where its body begins and ends."""

    known: Known
    begin: int
    end: int


class Exchange:
    """Answers requests of one application."""

    def __init__(self, deps: ApiDeps, answering: Answering) -> None:
        self._deps = deps
        self._answering = answering
        self._origins = allowed_sites(deps.allowed_origins)
        self._heads: OrderedDict[bytes, Known | None] = OrderedDict()
        self._strangers: dict[str, Caller] = {}
        self._defaults: Headers | None = None
        self._starts: dict[tuple[Form, bytes], bytes] = {}

    def begun(self, data: bytes) -> Begun | None:
        """Return the plain request that begins with `data`; None: it is not ours."""
        if not data.startswith(_BEGIN) or self._deps.tracer.is_on:
            return None
        begin = data.find(_END, 0, MAX_HEAD_BYTES) + len(_END)
        if begin < len(_END):
            return None
        known = self._known(data[:begin])
        if known is None or known.head.body_bytes > self._deps.limits.body_bytes:
            return None
        return Begun(known, begin, begin + known.head.body_bytes)

    def answer(
        self, begun: Begun, data: bytes, peer: str, defaults: Headers
    ) -> bytes | None:
        """Return a whole answer; None: the application has to answer.

        `data` is the whole request, `peer` the address of the connection, `defaults`
        headers of the server's own such as `date`.
        """
        (head, told), clock = begun.known, self._deps.clock
        began_s = clock.monotonic()
        try:
            caller = self._caller(head, peer)
        except AccessRefused:
            return None
        body = self._answering.answer(data[begun.begin :], caller)
        if body is None:
            return None
        start = self._start(head.form, told, defaults)
        given = head.headers.get(REQUEST_ID)
        called = given if given and is_sane(given) else fresh_request_id()
        own = f"content-length: {len(body)}\r\n{REQUEST_ID}: {called}\r\n\r\n"
        seconds = clock.monotonic() - began_s
        traffic = self._deps.traffic
        traffic.request("POST", "/graphql", 200, seconds)
        traffic.direct += 1
        return b"%b%b%b" % (start, own.encode(), body)

    def refused(self, status: int) -> None:
        """Count what the server itself refused: no request could be read in it."""
        self._deps.traffic.request(OTHER, OTHER, status, None)

    def _start(self, form: Form, told: bytes, defaults: Headers) -> bytes:
        """Return an answer's first lines; the server has new defaults each second."""
        if defaults is not self._defaults:
            self._defaults = defaults
            self._starts.clear()
        start = self._starts.get((form, told))
        if start is None:
            lines = b"".join(b"%b: %b\r\n" % pair for pair in defaults)
            start = _start(form, self._origins) + told + lines
            self._starts[form, told] = start
        return start

    def _known(self, text: bytes) -> Known | None:
        heads = self._heads
        try:
            known = heads[text]
        except KeyError:
            head = read_head(text)
            known = None if head is None else self._let_in(head)
            if head is None or head.is_lasting:
                heads[text] = known
                if len(heads) > KEPT_HEADS:
                    heads.popitem(last=False)
        else:
            heads.move_to_end(text)
        return known

    def _let_in(self, head: Head) -> Known | None:
        """Return what is known of a head, None where its page may not ask."""
        if not head.page:
            return Known(head, b"")
        if not is_allowed(head.page, self._origins):
            return None
        return Known(head, _lines(page_headers(head.page["origin"], self._origins)))

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
    if origins:
        # What pages are told differs by their site (CORS).
        own["Vary"] = f"{own['Vary']}, Origin"
    headers = {**own, **{k: v for k, v in SECURITY_HEADERS.items() if k not in own}}
    return b"HTTP/1.1 200 OK\r\n" + _lines(headers)


def _lines(headers: Mapping[str, str]) -> bytes:
    lines = [f"{name.lower()}: {value}\r\n" for name, value in headers.items()]
    return "".join(lines).encode("latin-1")
