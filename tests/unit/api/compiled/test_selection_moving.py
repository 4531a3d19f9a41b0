"""What a kept fragment may hold: nothing that another moment would tell otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from graphql import GraphQLObjectType, get_named_type

from api.list_plan import PLAIN
from api.moment import Moment
from api.schema import api_schema
from api.type.premium import Premium as PremiumView
from api.type.resolver import MOVING
from api.type.update import PremiumsUpdate
from domain.model.coin import Coin, Listing
from domain.model.fx import FxRate, PremiumBasis
from domain.model.market import Channel, Exchange, MarketWarning, Quality, Reason
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.quote import Quote
from domain.model.summary import BoardSummary
from domain.services.premium_watch import PremiumsEvent

SCHEMA = api_schema().core
Place = tuple[str, str]
ONE = Decimal(1)


@dataclass
class Board:
    """A board that says something else of everything than another one."""

    shift: int
    known: Premium | None = None

    def premium(self, symbol: str) -> Premium | None:
        return self.known

    def premiums(self) -> Sequence[Premium]:
        return ()

    def received_ms(self, quote: Quote) -> int:
        return quote.received_ms + self.shift

    def age_ms(self, quote: Quote, now_ms: int) -> int:
        return now_ms + self.shift

    def summary(self) -> BoardSummary:
        raise NotImplementedError


def quote(exchange: Exchange) -> Quote:
    known = (ONE,) * 6
    return Quote(
        *(exchange, "M", ONE, 1_000, 2_000, Channel.REST, Quality.LIVE), *known
    )


def premium() -> Premium:
    """Return one in which nothing is null."""
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    warned = (MarketWarning.DELISTING,)
    listing = Listing(
        *(Exchange.UPBIT, "KRW-A", "A", "KRW", ONE, True, warned),
        *(instant, instant),
    )
    rate = FxRate("USD", "KRW", ONE, "dunamu", 500, Quality.LIVE)
    bases = tuple(
        BasisPremium(*(basis, Numbers(ONE, ONE), rate, Quality.STALE, Reason.FX_STALE))
        for basis in PremiumBasis
    )
    coin = Coin("A", "에이", "Ay", (listing,))
    sides = quote(Exchange.UPBIT), quote(Exchange.BINANCE)
    return Premium(coin, *sides, bases, 3_000, 4_000, 5, 6)


def plain(kind: GraphQLObjectType) -> Iterator[str]:
    for name, field in kind.fields.items():
        if PLAIN in field.extensions:
            yield name


def reachable(kind: GraphQLObjectType, seen: set[Place]) -> set[Place]:
    """Return every plain field of a type and of what it leads to."""
    for name in plain(kind):
        if (kind.name, name) not in seen:
            seen.add((kind.name, name))
            inner = get_named_type(kind.fields[name].type)
            if isinstance(inner, GraphQLObjectType):
                reachable(inner, seen)
    return seen


def differing(name: str, left: object, right: object, seen: set[Place]) -> set[Place]:
    """Return the fields of two views of one value that do not tell the same."""
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLObjectType)
    found: set[Place] = set()
    for field in plain(kind):
        if (name, field) in seen:
            continue
        seen.add((name, field))
        read = kind.fields[field].extensions[PLAIN]
        answers = read(left), read(right)
        inner = get_named_type(kind.fields[field].type)
        if not isinstance(inner, GraphQLObjectType):
            if answers[0] != answers[1]:
                found.add((name, field))
            continue
        pairs = [item if isinstance(item, list) else [item] for item in answers]
        if [values(item) for item in pairs[0]] != [values(item) for item in pairs[1]]:
            found.add((name, field))
            continue
        for one, other in zip(*pairs, strict=True):
            found |= differing(inner.name, one, other, seen)
    return found


def values(view: object) -> object:
    value: object = view.value  # type: ignore[attr-defined]  # every view has one
    return value


def test_every_field_that_differs_between_two_moments_is_marked_as_moving() -> None:
    version = premium()
    other = Premium(version.coin, None, None, version.bases, 0)
    event = PremiumsEvent(1, 2, True, (version,), ("B",))
    early = Moment(10_000, Board(0, version))
    late = Moment(99_999, Board(7, other))
    views = (
        PremiumsUpdate.from_domain(event, early),
        PremiumsUpdate.from_domain(event, late),
    )
    seen: set[Place] = set()
    found = differing("PremiumsUpdate", *views, seen)
    update = SCHEMA.type_map["PremiumsUpdate"]
    assert isinstance(update, GraphQLObjectType)
    # Nothing was passed over.
    assert seen == reachable(update, set())
    assert {kind for kind, _ in seen} >= {"Coin", "Quote", "FxRate", "Listing"}
    marked = {
        (kind, name)
        for kind, name in seen
        if SCHEMA.type_map[kind].fields[name].extensions[MOVING]  # type: ignore[attr-defined]  # an object
    }
    assert found == marked
    assert found == {
        ("Quote", "receivedAt"),
        ("Quote", "ageMs"),
        ("FxRate", "ageMs"),
        ("Coin", "premium"),
    }


def test_the_views_of_premiums_are_those_that_were_looked_at() -> None:
    kind = SCHEMA.type_map["Premium"]
    assert isinstance(kind, GraphQLObjectType)
    assert kind.extensions["strawberry-definition"].origin is PremiumView
