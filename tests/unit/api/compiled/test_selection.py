"""What is compiled, what is not, and what is kept of it for how long."""

import gc
import json
import weakref
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError, parse

from api.compiled.selected import Uncompilable
from api.compiled.selection import CompiledEvent, SelectionCompiler
from api.list_plan import Irregular
from api.moment import Moment
from api.schema import api_schema
from domain.model.coin import Coin
from domain.model.fx import PremiumBasis
from domain.model.health import Health, ServiceStatus, UpstreamStatus
from domain.model.market import Channel, Exchange, Quality
from domain.model.premium import BasisPremium, Premium
from domain.model.quote import Quote
from domain.model.summary import BoardSummary
from domain.services.premium_watch import PremiumsEvent

SCHEMA = api_schema().core


class Board:
    """A board whose skew can be set."""

    def __init__(self) -> None:
        self.skew_ms = 0

    def premium(self, symbol: str) -> Premium | None:
        return None

    def premiums(self) -> Sequence[Premium]:
        return ()

    def received_ms(self, quote: Quote) -> int:
        return quote.received_ms

    def age_ms(self, quote: Quote, now_ms: int) -> int:
        return now_ms - quote.exchange_ms - self.skew_ms

    def summary(self) -> BoardSummary:
        raise NotImplementedError


def version(symbol: str, seq: int = 1, price: str = "10") -> Premium:
    quote = Quote(
        *(Exchange.UPBIT, f"KRW-{symbol}", Decimal(price), 1_000, 2_000),
        *(Channel.REST, Quality.LIVE),
    )
    bases = tuple(
        BasisPremium(basis, None, None, Quality.UNAVAILABLE, None)
        for basis in PremiumBasis
    )
    return Premium(Coin(symbol, symbol, symbol), quote, None, bases, 3_000, seq=seq)


def told(*versions: Premium) -> PremiumsEvent:
    return PremiumsEvent(7, 4_000, False, versions, ("GONE",))


@pytest.fixture
def compiler() -> SelectionCompiler:
    return SelectionCompiler(SCHEMA)


@pytest.fixture
def moment() -> Moment:
    return Moment(5_000, Board())


def compiled(
    compiler: SelectionCompiler, text: str, **variables: object
) -> CompiledEvent:
    return compiler.compile(parse(text), None, variables)


def data(event: CompiledEvent, source: object, moment: Moment) -> Any:
    return json.loads(event.write(source, moment))


def test_an_event_is_written_under_its_response_name(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    event = compiled(
        compiler,
        "subscription { board: premiums { seq removed premiums { s: symbol seq } } }",
    )
    assert event.field == "premiums"
    assert event.moving is False
    assert data(event, told(version("A"), version("B", 2)), moment) == {
        "board": {
            "seq": 7,
            "removed": ["GONE"],
            "premiums": [{"s": "A", "seq": 1}, {"s": "B", "seq": 2}],
        }
    }
    assert data(event, told(), moment)["board"]["premiums"] == []


def test_one_coin_is_written_from_its_premium(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    event = compiled(
        compiler, 'subscription { premium(symbol: "A") { symbol global { price } } }'
    )
    assert event.field == "premium"
    assert data(event, version("A"), moment) == {
        "premium": {"symbol": "A", "global": None}
    }


def test_health_is_written_too(compiler: SelectionCompiler, moment: Moment) -> None:
    event = compiled(
        compiler,
        "subscription { health { status upstreams { name messagesPerSecond "
        "latencyMsP50 channel } } }",
    )
    upstream = UpstreamStatus(
        "upbit.rest", ServiceStatus.HEALTHY, None, messages_per_second=1.5
    )
    health = Health(ServiceStatus.DEGRADED, "1", 0, ServiceStatus.HEALTHY, (upstream,))
    assert data(event, health, moment) == {
        "health": {
            "status": "DEGRADED",
            "upstreams": [
                {
                    "name": "upbit.rest",
                    "messagesPerSecond": 1.5,
                    "latencyMsP50": None,
                    "channel": None,
                }
            ],
        }
    }


def test_what_moves_is_written_anew_from_a_kept_fragment(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    event = compiled(
        compiler,
        "subscription { premiums { premiums { domestic { price ageMs } "
        "global { ageMs } } } }",
    )
    assert event.moving is True
    same = told(version("A"))
    ages = []
    for now_ms in (5_000, 6_000):
        found = data(event, same, replace(moment, now_ms=now_ms))
        ages.append(found["premiums"]["premiums"][0]["domestic"]["ageMs"])
    assert ages == [4_000, 5_000]


SHARING = (
    "subscription A { premiums { premiums { symbol percent(basis: KRW_USDT) } } }",
    "subscription B($b: PremiumBasis! = KRW_USDT) { premiums(throttleMs: 200) "
    "{ ...F } } fragment F on PremiumsUpdate { premiums { ...G } } "
    "fragment G on Premium { symbol percent(basis: $b) percent(basis: $b) }",
    'subscription C($n: Boolean = false) { premiums(filter: {symbols: ["A"]}) '
    "{ premiums { symbol ... on Premium { percent(basis: KRW_USDT) } "
    "seq @include(if: $n) } } }",
)


def test_equal_selections_of_different_operations_are_one(
    compiler: SelectionCompiler,
) -> None:
    assert len({id(compiled(compiler, text)) for text in SHARING[:1]}) == 1
    events = [compiled(compiler, text) for text in SHARING]
    assert events[0] is events[1] is events[2]


def test_equal_selections_of_coins_share_their_fragments(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    events = [
        compiled(compiler, text)
        for text in (
            "subscription { premiums { premiums { symbol seq } } }",
            "subscription { premiums { seq p: premiums { symbol seq } } }",
            'subscription { premium(symbol: "A") { symbol seq } }',
            "subscription { premiums { premiums { seq symbol } } }",
            "subscription { premiums { premiums { symbol seq: seq a: seq } } }",
        )
    ]
    kept = [event._fragments[0] for event in events]
    assert kept[0] is kept[1] is kept[2]
    assert len(set(map(id, kept))) == 3
    data(events[0], told(version("A")), moment)
    assert [len(fragments) for fragments in kept] == [1, 1, 1, 0, 0]


def test_arguments_tell_selections_apart(compiler: SelectionCompiler) -> None:
    text = (
        "subscription($b: PremiumBasis! = KRW_USDC) "
        "{ premiums { premiums { percent(basis: $b) } } }"
    )
    default = compiled(compiler, text)
    assert default is compiled(compiler, text, b="KRW_USDC")
    assert default is not compiled(compiler, text, b="KRW_USDT")


def test_at_most_one_version_of_a_coin_is_kept_and_none_that_left(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    event = compiled(compiler, "subscription { premiums { premiums { seq } } }")
    (fragments,) = event._fragments
    old, new, other = version("A", 1), version("A", 2), version("B", 1)
    data(event, told(old, other), moment)
    assert data(event, told(new), moment) == {"premiums": {"premiums": [{"seq": 2}]}}
    assert len(fragments) == 2
    # A reader who lags is told of what it is told of, not of what is kept.
    assert data(event, told(old), moment) == {"premiums": {"premiums": [{"seq": 1}]}}
    event.forget(iter(["A", "C"]))
    assert len(fragments) == 1


def test_a_new_version_is_known_by_identity_and_not_by_equality(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    event = compiled(
        compiler, "subscription { premiums { premiums { domestic { price } } } }"
    )
    first = version("A")
    data(event, told(first), moment)
    (fragments,) = event._fragments
    again = replace(first)
    assert again == first
    data(event, told(again), moment)
    assert fragments._kept["A"][0] is again


@pytest.mark.parametrize("fields", ["symbol seq", "symbol domestic { ageMs }"])
def test_nothing_is_left_when_the_last_event_is_gone(
    compiler: SelectionCompiler, moment: Moment, fields: str
) -> None:
    gc.disable()
    try:
        texts = [
            f"subscription {{ premiums {{ premiums {{ {fields} }} }} }}",
            f"subscription {{ premiums {{ seq premiums {{ {fields} }} }} }}",
        ]
        one, two = (compiled(compiler, text) for text in texts)
        fragments = weakref.ref(one._fragments[0])
        event = weakref.ref(one)
        data(one, told(version("A")), moment)
        del one
        assert event() is not None  # for a while: the next one may ask alike
        compiler._used.clear()
        assert event() is None
        assert fragments() is two._fragments[0]
        del two
        assert fragments() is None
        assert not compiler._events
        assert not compiler._fragments
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("subscription { premiums { premiums { stats { mean } } } }", "Premium.stats"),
        (
            "subscription { premiums { premiums { coin { dailySnapshots { pageInfo "
            "{ hasNextPage } } } } } }",
            "Coin.dailySnapshots",
        ),
        ("subscription { premiums { seq } health { status } }", "premiums, health"),
        ("subscription { __typename }", "__typename"),
        ("subscription { premiums @skip(if: true) { seq } }", ""),
        ("subscription { premiums { nothing } }", "PremiumsUpdate.nothing"),
        ("subscription { nothing }", "nothing"),
        ("query { premiums { totalCount } }", "query"),
        ("subscription { premiums { ... @defer { seq } } }", "premiums"),
        ("subscription { ... @defer { premiums { seq } } }", "premiums"),
        ("subscription { premiums { premiums @stream { seq } } }", "premiums"),
        (
            "subscription { premiums { premiums { percent(basis: NONE) } } }",
            "Premium.percent",
        ),
        ("subscription { premiums { premiums { seq @skip(if: 3) } } }", "Argument"),
    ],
)
def test_what_only_graphql_core_can_answer_is_named(
    compiler: SelectionCompiler, text: str, named: str
) -> None:
    with pytest.raises(Uncompilable) as caught:
        compiled(compiler, text)
    assert named in str(caught.value)


@pytest.mark.parametrize("depth", [120, 2_000])
def test_a_selection_nested_beyond_the_interpreter_is_not_compiled(
    compiler: SelectionCompiler, depth: int
) -> None:
    fragments = [
        f"fragment F{n} on Coin {{ premium {{ coin {{ ...F{n + 1} }} }} }}"
        for n in range(depth)
    ]
    text = "subscription { premiums { premiums { coin { ...F0 } } } }"
    last = f"fragment F{depth} on Coin {{ symbol }}"
    with pytest.raises(Uncompilable):
        compiled(compiler, "\n".join([text, *fragments, last]))


@pytest.mark.parametrize(
    ("name", "variables"),
    [("A", {"b": "NONE"}), ("A", {}), ("C", {"b": "KRW_USDT"}), (None, {})],
)
def test_wrong_variables_and_names_are_errors_of_graphql(
    compiler: SelectionCompiler, name: str | None, variables: dict[str, object]
) -> None:
    text = (
        "subscription A($b: PremiumBasis!) { premiums { premiums "
        "{ percent(basis: $b) } } } subscription B { premiums { seq } }"
    )
    with pytest.raises(GraphQLError):
        compiler.compile(parse(text), name, variables)


def test_what_is_an_error_there_is_irregular_here(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    event = compiled(compiler, "subscription { premiums { premiums { symbol seq } } }")
    with pytest.raises(Irregular):
        event.write(told(version("A"), version("B", 2**31)), moment)
    with pytest.raises(Irregular):
        event.write(None, moment)
    # What was in order before and after is written all the same.
    assert data(event, told(version("A"), version("B", 2)), moment)


def test_an_object_of_which_nothing_is_selected_is_empty(
    compiler: SelectionCompiler, moment: Moment
) -> None:
    event = compiled(
        compiler,
        "subscription { premiums { premiums { domestic { price @skip(if: true) } } } }",
    )
    assert data(event, told(version("A")), moment) == {
        "premiums": {"premiums": [{"domestic": {}}]}
    }
