"""Resolvers written in place, leaves, and what is kept of them."""

import ast
import json
from collections.abc import Iterator
from json import dumps
from types import FunctionType
from typing import Any

import pytest
from graphql import GraphQLObjectType, GraphQLString

from api.compiled import leaf
from api.compiled.body import body_of
from api.compiled.draft import Draft
from api.compiled.inline import Scope, read_of
from api.compiled.leaf import Leaves
from api.list_plan import PLAIN, Irregular
from api.schema import api_schema
from api.type.vocabulary import Quality

SCHEMA = api_schema().core
TABLE = {Quality.LIVE: "green"}
LIVE = Quality.LIVE


class View:
    """A view's resolvers, as they may be written one day."""

    value: Any
    moment: Any

    def plain(self) -> object:
        found = self.value.a
        return None if found is None else dumps(found, sort_keys=True)

    def module(self) -> object:
        return json.dumps(self.value.a)

    def table(self) -> object:
        return TABLE[LIVE]

    def given(self, first: int, second: int = 2) -> object:
        return self.value[first] + second

    def bare(self) -> object:
        return dumps(self)

    def deeper(self) -> object:
        return self.plain()

    def binding(self) -> object:
        return (lambda: self.value)()

    def unknown(self) -> object:
        return nowhere  # type: ignore[name-defined]  # noqa: F821 (it is meant)

    def late(self) -> object:
        return dumps(y := self.value) + y

    def many(self, *more: int) -> object:
        return more

    def looping(self) -> object:
        for found in self.value:
            return found
        return None


def inlined(
    name: str, arguments: dict[str, object], view: str | None = None
) -> str | None:
    """Return a resolver as it is written into code, constants as they are named."""
    scope = Scope(View, None if view else "v", "m", view)
    draft = Draft("v", "m")
    found = read_of(vars(View)[name], arguments, scope, draft)
    if found is None:
        return None
    lines = [f"{name} = {ast.unparse(value)}" for name, value in found.steps]
    return "; ".join([*lines, ast.unparse(found.result)])


@pytest.mark.parametrize(
    ("name", "arguments", "wanted"),
    [
        ("plain", {}, "x1 = v.a; None if x1 is None else C0(x1, sort_keys=True)"),
        ("module", {}, "C1(v.a)"),
        ("table", {}, "C2"),
        ("given", {"first": 0}, "v[C0] + C1"),
        ("given", {}, None),
        ("given", {"third": 3}, None),
        ("bare", {}, None),
        ("deeper", {}, None),
        ("binding", {}, None),
        ("unknown", {}, None),
        ("late", {}, None),
        ("many", {}, None),
        ("looping", {}, None),
    ],
)
def test_a_resolver_that_only_reads_is_written_in_place(
    name: str, arguments: dict[str, object], wanted: str | None
) -> None:
    assert inlined(name, arguments) == wanted


def test_an_object_without_a_domain_value_is_asked_itself() -> None:
    assert inlined("plain", {}, "w") == (
        "x1 = w.value.a; None if x1 is None else C0(x1, sort_keys=True)"
    )
    assert inlined("bare", {}, "w") == "C0(w)"


def plain_fields(*names: str) -> Iterator[tuple[str, FunctionType, type]]:
    for name in names:
        kind = SCHEMA.type_map[name]
        assert isinstance(kind, GraphQLObjectType)
        origin = kind.extensions["strawberry-definition"].origin
        for field, found in kind.fields.items():
            if PLAIN in found.extensions:
                yield f"{name}.{field}", found.extensions[PLAIN], origin


def test_every_field_of_the_board_is_written_in_place() -> None:
    """Not for its answer but for its speed: a call and a view cost five times more."""
    names = [
        "Premium",
        "Coin",
        "Quote",
        "FxRate",
        "BasisPremium",
        "Listing",
        "PremiumsUpdate",
    ]
    called = {
        name
        for name, function, origin in plain_fields(*names)
        if read_of(function, {}, Scope(origin, "v"), Draft("v", "m")) is None
    }
    assert called == set()


def test_a_resolver_whose_source_is_another_by_now_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = dict(plain_fields_by_name("Premium"))
    symbol = found["Premium.symbol"]
    assert body_of(symbol) is not None
    changed = FunctionType(
        symbol.__code__.replace(co_consts=("another", 1)), symbol.__globals__
    )
    assert body_of(changed) is None
    nowhere = FunctionType(
        symbol.__code__.replace(co_filename="/nowhere.py"), symbol.__globals__
    )
    assert body_of(nowhere) is None
    assert body_of(len) is None
    monkeypatch.setattr("linecache.getlines", lambda _name: ["def ("])
    broken = FunctionType(
        symbol.__code__.replace(co_filename="/broken.py"), symbol.__globals__
    )
    assert body_of(broken) is None


def plain_fields_by_name(name: str) -> Iterator[tuple[str, FunctionType]]:
    for field, function, _ in plain_fields(name):
        yield field, function


def test_kept_texts_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaf, "KEPT_TEXTS", 2)
    texts: Any = Leaves().writer(GraphQLString)[0]
    assert [texts[text] for text in ("a", "b", "a", 'c"')] == [
        *('"a"', '"b"', '"a"'),
        r'"c\""',
    ]
    assert set(texts) == {'c"'}


class Later:
    """Something to be awaited."""

    def __await__(self) -> Iterator[None]:
        return iter(())


@pytest.mark.parametrize("value", [None, Later(), ValueError("x")])
def test_what_is_no_leaf_at_all_is_irregular(value: object) -> None:
    texts: Any = Leaves().writer(GraphQLString)[0]
    with pytest.raises(Irregular):
        texts[value]
