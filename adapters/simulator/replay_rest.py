"""REST answers of a recorded session, as of the position it is played at."""

import json
from collections.abc import Callable, Collection, Mapping
from json import JSONDecoder

from adapters.simulator.replay_event import RecordedAnswer

_Query = frozenset[tuple[str, str]]
_DECODER = JSONDecoder()
# One answer of these serves every query: the rest of it is only more fields or rows.
_WHOLE = frozenset({("upbit", "/v1/market/all"), ("binance", "/api/v3/exchangeInfo")})


class RecordedAnswers:
    """The latest answer to every question the recording client asked.

    A question about some markets is answered from the answer about all of them.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], dict[_Query, bytes]] = {}

    def note(self, answer: RecordedAnswer) -> None:
        """Take an answer in place of the last one to the same question."""
        known = self._known.setdefault((answer.venue, answer.path), {})
        known[frozenset(answer.query.items())] = answer.body

    def find(self, venue: str, path: str, query: Mapping[str, str]) -> bytes | None:
        """Return the answer, None: nothing recorded says it."""
        known = self._known.get((venue, path), {})
        exact = known.get(frozenset(query.items()))
        if exact is not None:
            return exact
        if (venue, path) in _WHOLE or venue == "fx":
            return next(iter(known.values()), None)
        if venue == "upbit" and path in ("/v1/ticker", "/v1/ticker/all"):
            return self._upbit(query)
        if venue == "binance" and path == "/api/v3/ticker/24hr":
            return self._binance(query)
        return None

    def _upbit(self, query: Mapping[str, str]) -> bytes | None:
        whole = self._known.get(("upbit", "/v1/ticker/all"), {})
        if "markets" in query:
            wanted = query["markets"].split(",")
            rows = _rows(whole.values(), lambda row: str(row.get("market")) in wanted)
            return _joined(rows) if len(rows) == len(set(wanted)) else None
        quotes = tuple(f"{q}-" for q in query.get("quote_currencies", "").split(","))
        rows = _rows(
            whole.values(), lambda row: str(row.get("market")).startswith(quotes)
        )
        return _joined(rows) if rows else None

    def _binance(self, query: Mapping[str, str]) -> bytes | None:
        whole = self._known.get(("binance", "/api/v3/ticker/24hr"), {})
        everything = whole.get(frozenset())
        if everything is None:
            return None
        if "symbol" in query:
            rows = _rows([everything], lambda row: row.get("symbol") == query["symbol"])
            return rows[0] if rows else None
        wanted = _names(query.get("symbols", ""))
        if wanted is None:
            return everything
        rows = _rows([everything], lambda row: row.get("symbol") in wanted)
        return _joined(rows) if len(rows) == len(set(wanted)) else None


def _names(text: str) -> list[str] | None:
    try:
        names = json.loads(text) if text else None
    except ValueError:
        return None
    return [str(name) for name in names] if isinstance(names, list) else None


def _joined(rows: Collection[bytes]) -> bytes:
    return b"[%s]" % b",".join(rows)


def _rows(
    bodies: Collection[bytes], wanted: Callable[[Mapping[str, object]], bool]
) -> list[bytes]:
    """Return the rows of JSON arrays, each as it is written, digit for digit."""
    found: list[bytes] = []
    for body in bodies:
        text = body.decode("utf-8", "replace")
        at = _next(text, 0)
        if not text.startswith("[", at):
            continue
        at = _next(text, at + 1)
        while at < len(text) and text[at] == "{":
            try:
                row, end = _DECODER.raw_decode(text, at)
            except ValueError:
                break
            if wanted(row):
                found.append(text[at:end].encode())
            at = _next(text, end)
            at = _next(text, at + 1) if text.startswith(",", at) else len(text)
    return found


def _next(text: str, at: int) -> int:
    """Return where the next character that is no white space stands."""
    while text[at : at + 1].isspace():
        at += 1
    return at
