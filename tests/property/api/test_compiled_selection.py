"""Compiled selections answer as graphql-core does, whatever is selected of whatever."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    get_named_type,
    is_object_type,
    parse,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.compiled.selection import CompiledEvent, Irregular, SelectionCompiler
from api.event_executor import EventExecutor
from api.list_plan import PLAIN
from api.moment import Moment
from api.schema import api_schema
from api.type.premium import Premium as PremiumView
from api.type.update import PremiumsUpdate
from domain.model.coin import Coin, Listing
from domain.model.fx import FxRate, PremiumBasis
from domain.model.market import Channel, Exchange, MarketWarning, Quality, Reason
from domain.model.number import saturate_int32
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.quote import Quote
from domain.model.summary import BoardSummary
from domain.services.premium_watch import PremiumsEvent

SCHEMA = api_schema().core
SYMBOLS = ("BTC", "1INCH", 'Q"\\%s{x}', "비트")
MAX_DEPTH = 6
VARIABLES = {
    "basis": "$basis: PremiumBasis! = KRW_USDT",
    "maybe": "$maybe: PremiumBasis = KRW_USDC",
    "yes": "$yes: Boolean! = true",
    "no": "$no: Boolean! = false",
}


@dataclass
class Board:
    """What moves while versions stay: when they were received, and the clock's skew."""

    known: dict[str, Premium] = field(default_factory=dict)
    received: int = 0
    skew: int = 0

    def premium(self, symbol: str) -> Premium | None:
        return self.known.get(symbol)

    def premiums(self) -> Sequence[Premium]:
        return tuple(self.known.values())

    def received_ms(self, quote: Quote) -> int:
        return quote.received_ms + self.received

    def age_ms(self, quote: Quote, now_ms: int) -> int:
        return saturate_int32(now_ms - self.skew - quote.exchange_ms)

    def summary(self) -> BoardSummary:
        raise NotImplementedError


@dataclass
class Document:
    """A document in the making; one response name stands for one thing in all of it."""

    draw: st.DrawFn
    meanings: dict[str, str] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def selection(self, kind: GraphQLObjectType, depth: int) -> str:
        """Return what is selected of an object, braces included."""
        items = [self.item(kind, depth) for _ in range(self.draw(st.integers(1, 4)))]
        return f"{{ {' '.join(items)} }}"

    def item(self, kind: GraphQLObjectType, depth: int) -> str:
        forms = ["field"] * 6 + ["inline", "spread", "typename"]
        form = self.draw(st.sampled_from(forms))
        if form == "field":
            return self.field(kind, depth)
        if form == "typename":
            return f"{self.response('__typename', '')}__typename{self.directive()}"
        names = [kind.name, *(found.name for found in kind.interfaces)]
        name = self.draw(st.sampled_from(names))
        if name == kind.name:
            inner = self.selection(kind, depth)
        else:
            inner = f"{{ __typename {self.response('id', '')}id }}"
        if form == "inline":
            on = self.draw(st.sampled_from([f" on {name}", ""]))
            on = f" on {name}" if name != kind.name else on
            return f"...{on}{self.directive()} {inner}"
        fragment = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {fragment} on {name} {inner}")
        return f"...{fragment}{self.directive()}"

    def field(self, kind: GraphQLObjectType, depth: int) -> str:
        found = {
            name: get_named_type(item.type)
            for name, item in kind.fields.items()
            if PLAIN in item.extensions
            and (depth > 1 or not is_object_type(get_named_type(item.type)))
        }
        objects = [name for name in sorted(found) if is_object_type(found[name])]
        name = self.draw(st.sampled_from([*sorted(found), *objects * 2]))
        arguments = self.arguments() if kind.fields[name].args else ""
        inner = found[name]
        selected = (
            self.selection(inner, depth - 1)
            if isinstance(inner, GraphQLObjectType)
            else ""
        )
        response = self.response(name, arguments)
        return f"{response}{name}{arguments}{self.directive()} {selected}"

    def arguments(self) -> str:
        wanted = ["", "(basis: KRW_USDC)", "(basis: $basis)", "(basis: $maybe)"]
        chosen = self.draw(st.sampled_from(wanted))
        self.used.update(name for name in VARIABLES if f"${name}" in chosen)
        return chosen

    def response(self, name: str, arguments: str) -> str:
        """Return an alias or nothing, such that nothing is meant by it elsewhere."""
        meaning = name + arguments
        response = self.draw(st.sampled_from([name, name, "a", "b"]))
        while self.meanings.setdefault(response, meaning) != meaning:
            response += "x"
        return "" if response == name else f"{response}: "

    def directive(self) -> str:
        names = ["", "", "", "", "@include", "@skip"]
        name = self.draw(st.sampled_from(names))
        if not name:
            return ""
        chosen = self.draw(st.sampled_from(["true", "false", "$yes", "$no"]))
        self.used.update({chosen[1:]} & set(VARIABLES))
        return f" {name}(if: {chosen})"


@dataclass(frozen=True)
class Operation:
    text: str
    root: str
    variables: dict[str, object]


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Draw a valid subscription to `premiums` or `premium`."""
    root = draw(st.sampled_from(["premiums", "premiums", "premium"]))
    kind = "PremiumsUpdate" if root == "premiums" else "Premium"
    document = Document(draw)
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    selected = document.selection(found, MAX_DEPTH)
    if root == "premiums" and draw(st.booleans()):
        selected = f"{selected[:-1]} premiums {{ {document.item(COIN, MAX_DEPTH)} }} }}"
    arguments = '(symbol: "BTC")' if root == "premium" else ""
    alias = draw(st.sampled_from(["", "live: "]))
    defined = ", ".join(VARIABLES[name] for name in sorted(document.used))
    head = f"subscription S({defined})" if defined else "subscription"
    text = "\n".join(
        [f"{head} {{ {alias}{root}{arguments} {selected} }}", *document.fragments]
    )
    given_values: dict[str, object] = {}
    for name in sorted(document.used & {"basis", "maybe"}):
        choices = ["OFFICIAL_FX", "KRW_USDT", None]
        chosen = draw(st.sampled_from(choices))
        if chosen is not None:
            given_values[name] = chosen
    for name in sorted(document.used & {"yes", "no"}):
        if draw(st.booleans()):
            given_values[name] = draw(st.booleans())
    return Operation(text, root, given_values)


COIN: Any = SCHEMA.type_map["Premium"]
stamps = st.integers(0, 4_000_000_000_000)
days = st.none() | st.datetimes(
    timezones=st.just(UTC),
    min_value=datetime(2010, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone itself)
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001 (as above)
)
decimals = st.decimals(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [Decimal("1.500"), Decimal("1E+9"), Decimal("-0.000"), Decimal(1300)]
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
warnings = st.lists(st.sampled_from(MarketWarning), max_size=2).map(tuple)
listings = st.builds(
    Listing,
    st.sampled_from(Exchange),
    names,
    names,
    names,
    decimals,
    st.booleans(),
    warnings,
    days,
    days,
)
coins = st.builds(
    Coin,
    st.sampled_from(SYMBOLS),
    names,
    names,
    st.lists(listings, max_size=2).map(tuple),
)
quotes = st.builds(
    Quote,
    st.sampled_from(Exchange),
    names,
    decimals,
    stamps,
    stamps,
    st.sampled_from(Channel),
    st.sampled_from(Quality),
    *[st.none() | decimals] * 6,
)
rates = st.builds(
    FxRate, names, names, decimals, names, stamps, st.sampled_from(Quality)
)


def basis_premiums(basis: PremiumBasis) -> st.SearchStrategy[BasisPremium]:
    return st.builds(
        BasisPremium,
        st.just(basis),
        st.none() | st.builds(Numbers, decimals, decimals),
        st.none() | rates,
        st.sampled_from(Quality),
        st.none() | st.sampled_from(Reason),
    )


# A number beyond 32 bits is an error of graphql-core's.
small = st.integers(-(2**31), 2**31 - 1)
counts = st.one_of(*[small] * 9, st.sampled_from([2**31, -(2**31) - 1]))
versions = st.builds(
    Premium,
    coins,
    st.none() | quotes,
    st.none() | quotes,
    st.tuples(*map(basis_premiums, PremiumBasis)),
    stamps,
    st.none() | stamps,
    counts,
)
events = st.builds(
    PremiumsEvent,
    counts,
    stamps,
    st.booleans(),
    st.lists(versions, max_size=4).map(tuple),
    st.lists(names, max_size=2).map(tuple),
)


def long_way(asked: Operation, source: object, moment: Moment) -> ExecutionResult:
    """Return graphql-core's answer, as the server has it executed."""
    view = (
        PremiumsUpdate.from_domain(source, moment)
        if isinstance(source, PremiumsEvent)
        else PremiumView.from_domain(source, moment)  # type: ignore[arg-type]  # one
    )
    document = parse(asked.text)
    executor = EventExecutor.build(
        SCHEMA, document, raw_variable_values=asked.variables
    )
    assert isinstance(executor, EventExecutor), executor
    result: Any = executor.build_per_event_executor(view).execute_operation(False)
    assert isinstance(result, ExecutionResult)
    return result


def check(
    event: CompiledEvent, asked: Operation, source: object, moment: Moment
) -> bytes | None:
    """Both ways have the same answer; None: it is an error."""
    wanted = long_way(asked, source, moment)
    if wanted.errors:
        with pytest.raises(Irregular):
            event.write(source, moment)
        return None
    found = event.write(source, moment)
    text = json.dumps(wanted.data)
    assert json.loads(found) == json.loads(text)
    # Fields come in the order in which they were asked for.
    assert json.dumps(json.loads(found)) == json.dumps(json.loads(text))
    return found


def compiled(compiler: SelectionCompiler, asked: Operation) -> CompiledEvent:
    document = parse(asked.text)
    assert validate(SCHEMA, document) == [], asked.text
    return compiler.compile(document, None, asked.variables)


COMPILER = SelectionCompiler(SCHEMA)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(operations(), st.data())
def test_the_compiled_answer_is_that_of_graphql_core(
    asked: Operation, data: st.DataObject
) -> None:
    event = compiled(COMPILER, asked)
    assert event.field == asked.root
    board, now_ms = Board(), 2_000_000_000_000
    kept: list[Premium] = []
    for _ in range(3):
        fresh = data.draw(st.lists(versions, max_size=3), label="versions")
        kept = [*kept, *fresh][-4:]
        known = {version.symbol: version for version in kept}
        board = replace(board, known=known, received=data.draw(st.integers(0, 9)))
        board.skew = data.draw(st.integers(-9, 9), label="skew")
        now_ms += data.draw(st.sampled_from([0, 1, 90_000]), label="passed")
        moment = Moment(now_ms, board)
        if asked.root == "premium":
            for version in kept:
                check(event, asked, version, moment)
        else:
            told = tuple(data.draw(st.permutations(kept), label="told"))
            seq = data.draw(counts, label="seq")
            source = PremiumsEvent(seq, now_ms, data.draw(st.booleans()), told, ("X",))
            check(event, asked, source, moment)
        if data.draw(st.booleans(), label="forget"):
            event.forget([SYMBOLS[0]])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(operations(), events, st.data())
def test_what_does_not_move_is_the_same_at_every_moment(
    asked: Operation, source: PremiumsEvent, data: st.DataObject
) -> None:
    event = compiled(COMPILER, asked)
    told = source.premiums[0] if asked.root == "premium" and source.premiums else source
    if event.moving or (asked.root == "premium" and told is source):
        return
    answers = {
        check(event, asked, told, Moment(now_ms, Board({}, now_ms, now_ms)))
        for now_ms in data.draw(st.lists(stamps, min_size=2, max_size=2))
    }
    assert len(answers) == 1
