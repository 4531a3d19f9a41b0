"""Values that no resolver should give: the same answer, or graphql-core is asked."""

import enum
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, GraphQLObjectType, Undefined, parse
from hypothesis import example, given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from api.compiled.selection import SelectionCompiler
from api.event_executor import EventExecutor
from api.list_plan import Irregular
from api.moment import Moment
from api.scalar import SCALARS, UnixMs
from api.schema import _shorten
from api.type.resolver import resolver


@strawberry.enum
class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Row:
    """One value for every leaf, and rows within."""

    leaf: Any
    rows: Any = None


@strawberry.type
class Bare:
    """Without a domain's value: what it has is asked of itself."""

    text: str
    maybe: int | None


@strawberry.interface
class Named:
    @resolver("n")
    def text(self) -> str:
        raise NotImplementedError


@strawberry.type
class Odd(Named):
    value: strawberry.Private[Row]
    moment: strawberry.Private[Moment | None]

    @classmethod
    def from_domain(cls, value: Row, moment: Moment | None) -> "Odd":
        return cls(value=value, moment=moment)

    @resolver("n")
    def text(self) -> str:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def number(self) -> int | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def sure(self) -> int:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def ratio(self) -> float | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def flag(self) -> bool | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def exact(self) -> Decimal | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def at(self) -> UnixMs | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def name(self) -> strawberry.ID | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def colour(self) -> Colour | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def made(self) -> Colour:
        return Colour(self.value.leaf)

    @resolver("n")
    def texts(self) -> list[str | None]:
        return [self.value.leaf, "x"]

    @resolver("n")
    def leaves(self) -> list[int] | None:
        return self.value.rows  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def bare(self) -> Bare | None:
        leaf = self.value.leaf
        return Bare(text=leaf, maybe=leaf) if leaf else leaf

    @resolver("n")
    def rows(self) -> list["Odd"]:
        return [Odd.from_domain(row, self.moment) for row in self.value.rows]

    @resolver("n")
    def maybe_rows(self) -> list["Odd | None"] | None:
        return [
            None if row.leaf is None else Odd.from_domain(row, self.moment)
            for row in self.value.rows
        ]

    @resolver("n")
    def called(self) -> list["Odd"]:
        found = []
        for row in self.value.rows:
            found.append(Odd.from_domain(row, self.moment))
        return found

    @resolver("n")
    def times(self, factor: int = 2) -> int:
        if factor > 99:
            raise ValueError("too many")
        return factor

    @resolver("n")
    def doubled(self, factor: int = 2) -> int:
        return factor * 2

    @resolver("n", moving=True)
    def moving(self) -> int | None:
        return self.value.leaf  # type: ignore[no-any-return]  # whatever it is

    @resolver("n")
    def first(self) -> "Odd | None":
        rows = self.value.rows
        return Odd.from_domain(rows[0], self.moment) if rows else None

    @resolver("n")
    def sole(self) -> "Odd":
        rows = self.value.rows
        return None if not rows else Odd.from_domain(rows[0], self.moment)  # type: ignore[return-value]  # the error is meant


@strawberry.type
class Query:
    none: int = 0


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def odd(self) -> AsyncIterator[Odd]:
        yield Odd.from_domain(Row(1), None)


def core() -> Any:
    made = strawberry.Schema(
        Query,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=EventExecutor,
    )
    for kind in made._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                _shorten(field)
    return made._schema


CORE = core()
COMPILER = SelectionCompiler(CORE)
LEAVES = [
    "__typename",
    "text",
    "number",
    "sure",
    "ratio",
    "flag",
    "exact",
    "at",
    "name",
    "colour",
    "made",
    "texts",
    "leaves",
    "times",
    "doubled",
    "moving",
]
FIELDS = (
    *LEAVES,
    "bare { text maybe __typename }",
    "few: times(factor: 3)",
    "four: doubled(factor: $n)",
    "many: times(factor: 100)",
)
OBJECTS = ("rows", "maybeRows", "called", "first", "sole")

odd_leaves = st.one_of(
    st.none(),
    st.integers(-3, 3),
    st.text(max_size=2),
    st.sampled_from(
        [
            *(2**31 - 1, 2**31, -(2**31), -(2**31) - 1, True, False, 1.0, 1.5),
            *(float("nan"), float("inf"), 1e22, "7", "red", "RED", Colour.BLUE),
            *(Decimal("1.50"), Decimal("NaN"), Decimal(1), b"x", (1,)),
            *(ValueError("a value"), Undefined, UnixMs(0), "\ud800"),
        ]
    ),
)
rows = st.recursive(
    st.builds(Row, odd_leaves, st.sampled_from([[], None, [1, 2], (1,), [None], 3])),
    lambda inner: st.builds(Row, odd_leaves, st.lists(inner, max_size=3)),
    max_leaves=6,
)
selections = st.recursive(
    st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3).map(" ".join),
    lambda inner: st.tuples(
        st.sampled_from(OBJECTS), inner, st.sampled_from(FIELDS)
    ).map(lambda parts: f"{parts[0]} {{ {parts[1]} }} {parts[2]}"),
    max_leaves=3,
)


def long_way(text: str, row: Row) -> ExecutionResult:
    executor = EventExecutor.build(CORE, parse(text))
    assert isinstance(executor, EventExecutor)
    view = Odd.from_domain(row, None)
    result: Any = executor.build_per_event_executor(view).execute_operation(False)
    assert isinstance(result, ExecutionResult)
    return result


def answer(text: str, row: Row) -> bytes:
    moment: Any = None
    event = COMPILER.compile(parse(text), None, None)
    return event.write(row, moment)


@given(rows, selections)
@example(Row("\ud800"), "text")
@example(Row(1, [Row(None, [])]), "maybeRows { text }")
@example(Row(1, [Row(None, [])]), "sole { sole { number } }")
@example(Row(1, [Row(2, [Row(3, [])])]), "called { called { moving number } }")
def test_odd_values_are_answered_alike_or_not_at_all(row: Row, selection: str) -> None:
    text = (
        f"subscription($n: Int! = 4) {{ odd {{ {selection} d: doubled(factor: $n) }} }}"
    )
    wanted = long_way(text, row)
    try:
        found = answer(text, row)
    except Irregular:
        return
    assert wanted.errors is None
    # A float that is whole is the same number as an integer in JSON.
    assert json.loads(found) == json.loads(json.dumps(wanted.data))


@pytest.mark.parametrize("selection", [*FIELDS[:8], "name", *FIELDS[11:-1]])
@pytest.mark.parametrize("leaf", ["red", 7, True, 1.0, Decimal(3), None])
def test_what_has_no_error_is_answered(selection: str, leaf: object) -> None:
    row = Row(leaf, [])
    text = (
        f"subscription($n: Int! = 4) {{ odd {{ {selection} d: doubled(factor: $n) }} }}"
    )
    wanted = long_way(text, row)
    if wanted.errors:
        with pytest.raises(Irregular):
            answer(text, row)
    else:
        assert json.loads(answer(text, row)) == json.loads(json.dumps(wanted.data))


@pytest.mark.parametrize("selection", ["rows", "maybeRows", "called", "first", "sole"])
def test_objects_within_objects_are_answered(selection: str) -> None:
    row = Row(1, [Row(2, [Row(3, [1])]), Row(4, [])])
    text = (
        f"subscription {{ odd {{ {selection} {{ {selection} {{ number }} text }} }} }}"
    )
    wanted = long_way(text, row)
    assert wanted.errors is None
    assert json.loads(answer(text, row)) == json.loads(json.dumps(wanted.data))
