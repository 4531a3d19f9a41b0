"""What is drawn of selections and of what they select, for tests of compiled code."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_object_type
from hypothesis import strategies as st

from api.list_plan import PLAIN
from api.schema import api_schema
from domain.model.coin import Coin, Listing
from domain.model.fx import FxRate, PremiumBasis
from domain.model.market import Channel, Exchange, MarketWarning, Quality, Reason
from domain.model.number import saturate_int32
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.quote import Quote
from domain.model.summary import BoardSummary

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


COIN: Any = SCHEMA.type_map["Premium"]
stamps = st.integers(0, 4_000_000_000_000)
days = st.none() | st.datetimes(
    timezones=st.just(UTC),
    min_value=datetime(2010, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone itself)
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001 (hypothesis adds the zone itself)
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
