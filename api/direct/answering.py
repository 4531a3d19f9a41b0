"""Answers queries that are compiled: a body in, the JSON of its answer out.

A body that was seen before is known to the byte: its document, its variables and what
they cost need no second look. What is not known, not plain or not allowed is left to
the ordinary way, which says what is wrong.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from api.access_scope import is_free
from api.admission import excess_of
from api.body import decode_json
from api.caller import Caller
from api.compiled.answer import (
    AnswerCompiler,
    BoundQuery,
    CompiledAnswer,
)
from api.compiled.selected import Uncompilable
from api.compiled.selection import SelectionCompiler
from api.context import ApiContext
from api.deps import ApiDeps
from api.direct.head import MAX_DIRECT_BODY
from api.direct.kept import KeptBytes
from api.document import prepare
from api.list_plan import Irregular
from api.schema import ApiSchema, extensions_of
from api.spent import Spent
from api.traffic import OK

KEPT_BODIES: Final = 2_048
"""Bodies that are known; the least recently used one goes."""

KEPT_ANSWERS: Final = 128
"""Selections that are compiled, likewise, with all bodies that ask for them."""

KEPT_BYTES: Final = 16 * 1024 * 1024
"""Bytes of answers that are kept while nothing in them changes, likewise."""

REST: Final = 4.0
"""So many times as long as the last look at an unknown body took, the next one waits:
strangers' documents cannot take more than a fifth of the time."""

KEPT_SIGHTS: Final = 1_024
"""Documents that were seen once: what is asked only once is not worth compiling."""

_encode: Final = msgspec.json.Encoder().encode
_NAMES: Final = frozenset({"query", "variables", "operationName", "extensions"})


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a body asks for: a query, and what it costs."""

    query: BoundQuery
    answer: CompiledAnswer
    cost: int


class Answering:
    """Answers plain queries of one application at once."""

    def __init__(self, deps: ApiDeps, schema: ApiSchema) -> None:
        self._deps = deps
        self._schema = schema.core
        self._context = ApiContext(deps)
        self._compiler = AnswerCompiler(schema.core, SelectionCompiler(schema.core))
        self._kept = KeptBytes(KEPT_BYTES)
        # The least recently used ones first; None: only the ordinary way can answer.
        self._bodies: OrderedDict[bytes, _Asked | None] = OrderedDict()
        self._answers: OrderedDict[CompiledAnswer, None] = OrderedDict()
        self._seen: OrderedDict[tuple[str, str | None], None] = OrderedDict()
        self._rest_until_s = 0.0

    def answer(self, body: bytes, caller: Caller) -> bytes | None:
        """Return the JSON that answers a body; None: the ordinary way answers it."""
        deps = self._deps
        if not deps.persisted.is_plain or not is_free(caller):
            return None
        asked = self._known(body, first=False)
        if asked is None:
            return None
        began_s = deps.clock.monotonic()
        if deps.guard.take(caller, asked.cost, began_s) is not None:
            return None
        data = self._data(asked)
        if data is None:
            # The ordinary way takes it again.
            deps.guard.charge(caller, -asked.cost, began_s)
            return None
        deps.persisted.took()
        seconds = deps.clock.monotonic() - began_s
        deps.traffic.operation("query", self._context.transport, OK, seconds)
        left = max(0, int(deps.guard.left(caller, began_s)))
        spent = Spent(asked.cost, deps.limits.cost, left)
        more = _encode(extensions_of(deps.clock.now_ms(), spent))
        return b'{"data":%b,"extensions":%b}' % (data, more)

    def data(
        self, text: str, name: str | None, variables: Mapping[str, Any] | None
    ) -> bytes | None:
        """Return the JSON of `data` of an operation that was admitted.

        None: graphql-core answers it.
        """
        if len(text) > MAX_DIRECT_BODY:
            return None
        try:
            body = _encode(
                {"query": text, "operationName": name, "variables": variables}
            )
        except (TypeError, ValueError, OverflowError, RecursionError):
            return None
        if len(body) > MAX_DIRECT_BODY:
            return None
        asked = self._known(body, first=True)
        return None if asked is None else self._data(asked)

    def _known(self, body: bytes, *, first: bool) -> _Asked | None:
        """Return what a body asks for; `first`: a first sight of it counts here."""
        try:
            asked = self._bodies[body]
        except KeyError:
            return self._learn(body, first=first)
        if asked is not None:
            self._bodies.move_to_end(body)
            self._answers.move_to_end(asked.answer)
        return asked

    def _data(self, asked: _Asked) -> bytes | None:
        try:
            data = asked.query.data(self._context.moment)
        except Irregular:
            return None
        self._kept.used(asked.query)
        return data

    def _learn(self, body: bytes, *, first: bool) -> _Asked | None:
        """Look at a body that is not known, and know it from then on."""
        read = _read(body)
        if read is None:
            return None
        text, name, variables = read
        if (text, name) not in self._seen:
            if first:
                self._seen[text, name] = None
            if len(self._seen) > KEPT_SIGHTS:
                self._seen.popitem(last=False)
            return None
        self._seen.move_to_end((text, name))
        began_s = self._deps.clock.monotonic()
        if began_s < self._rest_until_s:
            return None
        asked = self._asked(text, name, variables)
        ended_s = self._deps.clock.monotonic()
        self._rest_until_s = ended_s + REST * (ended_s - began_s)
        self._remember(body, asked)
        return asked

    def _asked(
        self, text: str, name: str | None, variables: Mapping[str, Any] | None
    ) -> _Asked | None:
        prepared = prepare(self._schema, text, self._deps.limits)
        plan = prepared.plan(name)
        # A document that was only just prepared is paid for on the ordinary way.
        if prepared.document is None or plan is None or prepared.debt:
            return None
        given, limits = variables or {}, self._deps.limits
        cost = plan.cost(given)
        if excess_of(plan, cost, given, limits) is not None:
            return None
        try:
            found = self._compiler.compile(prepared.document, name, variables)
            query = found.bound(self._context)
        except Uncompilable:
            return None
        except Exception:  # noqa: BLE001 (a resolver's: the ordinary way tells it)
            return None
        return _Asked(query, found.answer, cost)

    def _remember(self, body: bytes, asked: _Asked | None) -> None:
        self._bodies[body] = asked
        if asked is not None:
            self._answers[asked.answer] = None
        if len(self._bodies) > KEPT_BODIES:
            _, dropped = self._bodies.popitem(last=False)
            if dropped is not None:
                self._kept.drop(dropped.query)
        if len(self._answers) > KEPT_ANSWERS:
            self._forget(self._answers.popitem(last=False)[0])

    def _forget(self, answer: CompiledAnswer) -> None:
        """Forget all bodies that ask for a selection."""
        for body, asked in list(self._bodies.items()):
            if asked is not None and asked.answer is answer:
                self._kept.drop(asked.query)
                del self._bodies[body]


def _read(body: bytes) -> tuple[str, str | None, Mapping[str, Any] | None] | None:
    """Return document, operation and variables of a plain body, None of any other."""
    try:
        sent = decode_json(body)
    except ValueError:
        return None
    if not isinstance(sent, dict) or not sent.keys() <= _NAMES:
        return None
    text, name = sent.get("query"), sent.get("operationName")
    variables = sent.get("variables")
    if not isinstance(text, str) or not isinstance(name, str | None):
        return None
    if not isinstance(variables, dict | None):
        return None
    if sent.get("extensions") not in (None, {}):
        return None
    return text, name or None, variables
