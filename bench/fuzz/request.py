"""HTTP requests: their parts, and how they are written on a connection."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

from bench.fuzz.corpus import known, quick
from bench.fuzz.document import Asked, drawn, monstrous, torn
from bench.fuzz.draw import Draw
from bench.fuzz.header import ACCEPTS, METHODS, PATHS, TYPES, Pair, add_headers
from bench.fuzz.json_text import broken, deep, odd_value, written
from bench.fuzz.text import odd_text, spoiled


@dataclass(slots=True)
class Request:
    """One request, before it is written."""

    method: str = "POST"
    target: str = "/graphql"
    headers: list[Pair] = field(default_factory=list)
    body: bytes = b""
    is_chunked: bool = False

    def written(self, more: tuple[Pair, ...] = ()) -> bytes:
        """Return its bytes as they go over a connection."""
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (*self.headers, *more)]
        head = "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n"
        if not self.is_chunked:
            return head + self.body
        half = len(self.body) // 2
        parts = [part for part in (self.body[:half], self.body[half:]) if part]
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
        return head + chunks + b"0\r\n\r\n"


def asked_document(draw: Draw) -> Asked:
    """Return a document: known, new, spoiled or monstrous."""
    share = draw.random()
    if share < 0.60:
        return known(draw)
    if share < 0.80:
        return drawn(draw)
    if share < 0.96:
        return torn(draw, known(draw) if draw.hit(0.5) else drawn(draw))
    return monstrous(draw)


def members_of(draw: Draw, asked: Asked) -> dict[str, object]:
    """Return the members of a body or of a `subscribe`'s payload."""
    members: dict[str, object] = {"query": asked.text}
    if asked.variables or draw.hit(0.2):
        members["variables"] = asked.variables
    if asked.operation is not None:
        members["operationName"] = asked.operation
    if draw.hit(0.12):
        _name_document(draw, members, asked.text)
    if draw.hit(0.10):
        member = draw.one(("query", "variables", "operationName", "extensions", "x"))
        members[member] = odd_value(draw)
    if draw.hit(0.04) and asked.variables:
        members["variables"] = {
            name: odd_value(draw) if draw.hit(0.5) else value
            for name, value in asked.variables.items()
        }
    return members


def _name_document(draw: Draw, members: dict[str, object], text: str) -> None:
    """Name the document by its hash or an ID, rightly or not."""
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if draw.hit(0.3):
        digest = draw.one((digest.upper(), digest[:-1], "0" * 64, odd_text(draw)))
    named: object = {"version": 1, "sha256Hash": digest}
    if draw.hit(0.2):
        named = draw.one(
            (
                {"version": draw.one((True, 2, "1", 1.0, None)), "sha256Hash": digest},
                {"sha256Hash": digest},
                {"version": 1, "sha256Hash": odd_value(draw)},
                odd_value(draw),
            )
        )
    if draw.hit(0.75):
        members["extensions"] = {"persistedQuery": named}
    else:
        prefix = draw.one(("", "sha256:", "sha256:sha256:"))
        members["documentId"] = draw.one((prefix + digest, odd_value(draw), "board"))
    if draw.hit(0.6):
        del members["query"]


def body_of(draw: Draw, members: dict[str, object]) -> bytes:
    """Return a body: JSON of the members, or something broken."""
    share = draw.random()
    if share < 0.72:
        return written(draw, members)
    if share < 0.96:
        return broken(draw, members)
    if share < 0.985:
        return written(draw, [members] * (1 + draw.upto(30)))
    size = draw.one((0, 1, 8192, 8193, 131_072, 131_073, 300_000))
    return draw.one((bytes(size), b" " * size, b"[" * size, b'"' + b"a" * size + b'"'))


def post(draw: Draw) -> Request:
    """Return a POST to `/graphql`."""
    body = body_of(draw, members_of(draw, asked_document(draw)))
    found = Request(body=body, headers=[("Host", "here")])
    kind = TYPES[0] if draw.hit(0.85) else draw.one(TYPES)
    found.headers.append(("Content-Type", kind))
    _say_length(draw, found)
    add_headers(draw, found.headers)
    return found


def get(draw: Draw) -> Request:
    """Return a GET of `/graphql`."""
    members, pairs = members_of(draw, asked_document(draw)), []
    for name, value in members.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if draw.hit(0.1):
            text = draw.one((odd_text(draw), "", deep(draw)[:600].decode()))
        if draw.hit(0.05):
            data = spoiled(draw, text.encode("utf-8", "surrogatepass"))
            pairs.append(f"{name}={''.join(f'%{byte:02x}' for byte in data)}")
        else:
            pairs.append(f"{name}={quote(text, errors='replace')}")
    if draw.hit(0.1):
        pairs.append(
            draw.one(("query=%7B__typename%7D", "=", "%", "%zz", "&&&", "a" * 20_000))
        )
    found = Request("GET", f"/graphql?{'&'.join(pairs)}", [("Host", "here")])
    if draw.hit(0.2):
        found.headers.append(
            ("If-None-Match", draw.one(("*", '"x"', 'W/"x", "y"', "x" * 3000)))
        )
    if draw.hit(0.15):
        found.headers.append(("Cookie", "a=b"))
    if draw.hit(0.1):
        last = draw.one(("end", "1", "9" * 30, "-1", "x", "१"))
        found.headers.append(("Last-Event-ID", last))
    add_headers(draw, found.headers)
    return found


def other(draw: Draw) -> Request:
    """Return a request that is none of GraphQL's, or hardly."""
    method = draw.one(METHODS) if draw.hit(0.7) else "POST"
    target = draw.one(PATHS) if draw.hit(0.7) else "/graphql"
    if draw.hit(0.1):
        target = "/" + quote(odd_text(draw), errors="replace")
    found = Request(method, target, [("Host", draw.one(("here", "", "a" * 300, "비")))])
    if draw.hit(0.4):
        found.body = body_of(draw, members_of(draw, known(draw)))
        found.headers.append(("Content-Type", draw.one(TYPES)))
        _say_length(draw, found)
    add_headers(draw, found.headers)
    return found


def plain(draw: Draw) -> Request:
    """Return a POST of a known document with a head that all clients have."""
    asked = quick(draw) if draw.hit(0.7) else known(draw)
    members: dict[str, object] = {"query": asked.text}
    if asked.variables:
        members["variables"] = asked.variables
    if asked.operation is not None:
        members["operationName"] = asked.operation
    body = written(draw, members) if draw.hit(0.9) else broken(draw, members)
    headers = [("Host", "here"), ("Content-Type", TYPES[draw.upto(1)])]
    headers.append(("Content-Length", str(len(body))))
    if draw.hit(0.5):
        headers.append(("Accept", ACCEPTS[draw.upto(3)]))
    return Request(headers=headers, body=body)


def request(draw: Draw) -> Request:
    """Return any request; in one of a hundred its headers make no sense."""
    if draw.hit(0.45):
        return plain(draw)
    share = draw.random()
    found = post(draw) if share < 0.78 else get(draw) if share < 0.92 else other(draw)
    if draw.hit(0.01):
        found.headers += [("X-Many", "y")] * draw.one((50, 200, 2000))
    if draw.hit(0.02):
        name = draw.one(("X-Odd", "Content-Length", "Transfer-Encoding", "Expect"))
        value = draw.one(
            (odd_text(draw), "100-continue", "chunked", "-1", "1, 1", "+5")
        )
        found.headers.append((name, value))
    return found


def _say_length(draw: Draw, found: Request) -> None:
    if draw.hit(0.03):
        found.is_chunked = True
        found.headers.append(("Transfer-Encoding", "chunked"))
        return
    length = len(found.body)
    if draw.hit(0.02):
        length = draw.one((0, 1, length - 1, length + 5, 2**31, 2**63, 2**64, 99_999))
    found.headers.append(("Content-Length", str(length)))
