"""A list completed by a plan equals the one completed the long way, errors included."""

import enum
from dataclasses import dataclass
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType
from hypothesis import given
from hypothesis import strategies as st

from api import event_executor
from api.event_executor import EventExecutor
from api.list_plan import ListPlan
from api.schema import _shorten
from api.type.resolver import resolver


@strawberry.enum
class Colour(enum.Enum):
    RED = "red"


@dataclass
class Row:
    """What items are made of; a None where none may be is an error."""

    count: int | None
    label: str | None
    children: list["Row"]


@strawberry.type
class Leaf:
    count: int
    label: str | None


@strawberry.interface
class Named:
    @resolver("n")
    def label(self) -> str | None:
        raise NotImplementedError


@strawberry.type
class Item(Named):
    row: strawberry.Private[Row]

    @resolver("n")
    def label(self) -> str | None:
        return self.row.label

    @resolver("n")
    def count(self) -> int:
        return self.row.count  # type: ignore[return-value]  # the error is meant

    @resolver("n")
    def maybe(self) -> int | None:
        if self.row.count == 3:
            raise ValueError("three")
        return self.row.count

    @resolver("n")
    def times(self, factor: int = 2) -> int:
        return (self.row.count or 1) * factor

    @resolver("n")
    def colour(self) -> Colour:
        return Colour.RED

    @resolver("n")
    def leaf(self) -> Leaf | None:
        row = self.row
        return Leaf(count=row.count, label=row.label) if row.label else None  # type: ignore[arg-type]  # any value may stand in its cells

    @resolver("n")
    def children(self) -> list["Item"]:
        return [Item(row=child) for child in self.row.children]

    @resolver("n")
    def named(self) -> Named:
        return self

    @resolver("n")
    async def later(self) -> int:
        return 1


@strawberry.type
class Query:
    @strawberry.field
    def items(self, info: strawberry.Info) -> list[Item]:
        return [Item(row=row) for row in info.context]

    @strawberry.field
    def maybe_items(self, info: strawberry.Info) -> list[Item | None] | None:
        return [Item(row=row) if row.label else None for row in info.context]


def schema() -> strawberry.Schema:
    made = strawberry.Schema(Query, execution_context_class=EventExecutor)
    for kind in made._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                _shorten(field)
    return made


SCHEMA = schema()
LEAVES = [
    "label",
    "count",
    "maybe",
    "times",
    "three: times(factor: 3)",
    "by: times(factor: $n)",
    "colour",
    "label @skip(if: $no)",
    "count @include(if: $no)",
    "leaf { count label }",
    "leaf { label }",
    "__typename",
    "named { label }",
    "later",
    "...F",
]
rows = st.recursive(
    st.builds(
        Row,
        st.sampled_from([0, 1, 2, 3, None, 2**40]),
        st.none() | st.text(max_size=2),
        st.just([]),
    ),
    lambda inner: st.builds(
        Row, st.integers(0, 2), st.just("x"), st.lists(inner, max_size=10)
    ),
    max_leaves=20,
)
selections = st.recursive(
    st.lists(st.sampled_from(LEAVES), min_size=1, max_size=4).map(" ".join),
    lambda inner: st.tuples(st.sampled_from(LEAVES), inner).map(
        lambda pair: f"{pair[0]} children {{ {pair[1]} }}"
    ),
    max_leaves=3,
)


async def answer(query: str, data: list[Row], planned: bool) -> tuple[Any, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_executor, "PLANNED_FROM", 0 if planned else 10**9)
        result = await SCHEMA.execute(
            query, context_value=data, variable_values={"n": 5, "no": False}
        )
    errors = [error.formatted for error in result.errors or ()]
    return result.data, sorted(errors, key=str)


@given(st.lists(rows, max_size=5), selections, st.sampled_from(["items", "maybeItems"]))
async def test_the_plan_answers_as_the_long_way_does(
    data: list[Row], selection: str, field: str
) -> None:
    query = (
        f"query($n: Int! = 5, $no: Boolean! = false) {{ {field} {{ {selection} "
        "u: times(factor: $n) w: label @skip(if: $no) ...F } } "
        "fragment F on Item { label count }"
    )
    # A name is selected once with each set of arguments here, so all is valid.
    assert await answer(query, data, planned=True) == await answer(
        query, data, planned=False
    )


@pytest.mark.parametrize(
    ("selection", "is_planned"),
    [
        ("label times(factor: 3) leaf { count } children { colour }", True),
        ("label later", False),
        ("named { label }", False),
        ("__typename", False),
    ],
)
async def test_what_is_plain_is_planned_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, selection: str, is_planned: bool
) -> None:
    made = []
    finisher = ListPlan.finisher

    def watched(self: ListPlan, kind: Any, details: Any) -> Any:
        found = finisher(self, kind, details)
        made.append(found)
        return found

    monkeypatch.setattr(ListPlan, "finisher", watched)
    data = [Row(1, "a", []) for _ in range(event_executor.PLANNED_FROM)]
    result = await SCHEMA.execute(f"{{ items {{ {selection} }} }}", context_value=data)
    assert result.errors is None
    assert (made[-1] is not None) is is_planned
