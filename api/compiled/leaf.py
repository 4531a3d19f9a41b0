"""Leaves as JSON: graphql-core's checks, without its calls for what is ordinary.

A value of exactly the expected class is written at once, any other by the type's own
`coerce_output_value`; what that refuses is `Irregular`.
"""

from collections.abc import Callable, Hashable
from decimal import Decimal
from functools import lru_cache
from inspect import isawaitable
from typing import Final

import msgspec
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from strawberry.types.enum import StrawberryEnumDefinition

from api.list_plan import Irregular
from api.scalar import instant_text, write_decimal, write_instant
from domain.model.number import canonical

KEPT_TEXTS: Final = 16_384
"""Quoted texts that are kept (symbols, names, markets); at the cap all are dropped."""

KEPT_INSTANTS: Final = 4_096
"""Texts of instants that are kept: a tick's coins share one. The oldest goes."""

NULL: Final = "null"
_LAST_DIGITS: Final = "123456789"
MAX_INT: Final = 2**31 - 1
_encode: Final = msgspec.json.Encoder().encode

Write = Callable[[object], str]


def json_text(value: object) -> str:
    """Return the JSON of a value."""
    return _encode(value).decode()


def checked(kind: GraphQLLeafType) -> Write:
    """Return what writes any value as graphql-core does."""

    def write(value: object) -> str:
        if value is None or value is Undefined or isinstance(value, Exception):
            raise Irregular
        if isawaitable(value):
            raise Irregular
        coerced = kind.coerce_output_value(value)
        if coerced is None or coerced is Undefined:
            raise Irregular
        return json_text(coerced)

    return write


class Texts(dict[object, str]):
    """Quoted texts by value; they are asked for again and again."""

    def __init__(self, write: Write) -> None:
        super().__init__()
        self._write = write

    def __missing__(self, value: object) -> str:
        """Write a text, and keep it where it is exactly one: 1 and true are equal."""
        text = self._write(value)
        if type(value) is str:
            if len(self) >= KEPT_TEXTS:
                self.clear()
            self[value] = text
        return text


class Words(dict[object, str]):
    """The words of an enumeration by value, as the domain has it or as the API has."""

    def __init__(self, write: Write, form: Callable[[object], object]) -> None:
        super().__init__()
        self._write = write
        self._form = form

    def __missing__(self, value: object) -> str:
        """Write a word and keep it: there are few."""
        text = self[value] = self._write(self._form(value))
        return text


class Leaves:
    """The writers of a schema's leaf types, each made once."""

    def __init__(self) -> None:
        self._made: dict[Hashable, object] = {}

    def writer(self, kind: GraphQLLeafType) -> tuple[object, str]:
        """Return what writes a type, and how it is applied to a value, in `{}`s.

        The first `{}` is the writer's name, the second the value.
        """
        if kind in (GraphQLString, GraphQLID):
            return self._once(kind, lambda: Texts(checked(kind))), "{}[{}]"
        if kind is GraphQLBoolean:
            return self._once(kind, lambda: _truths(checked(kind))), "{}[{}]"
        if isinstance(kind, GraphQLEnumType):
            return self._once(kind, lambda: Words(checked(kind), _same)), "{}[{}]"
        return self._once(kind, lambda: _function(kind)), "{}({})"

    def words(self, kind: GraphQLEnumType, form: Callable[..., object]) -> object:
        """Return the words by the values that `form` makes members of."""
        return self._once((kind, form), lambda: Words(checked(kind), form))

    def _once(self, key: Hashable, make: Callable[[], object]) -> object:
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = make()
        return found


def members(kind: GraphQLLeafType) -> type | None:
    """Return the class whose members an enumeration's values are."""
    definition = kind.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryEnumDefinition):
        return None
    return definition.wrapped_cls


def _same(value: object) -> object:
    return value


def _truths(write: Write) -> Texts:
    known = Texts(write)
    known.update({True: "true", False: "false"})
    return known


def _function(kind: GraphQLLeafType) -> Write:
    """Return the fastest function that writes as a scalar's own does."""
    slow = checked(kind)
    coerce = kind.coerce_output_value
    if kind is GraphQLInt:
        return _int_writer(slow)
    if coerce is write_decimal:
        return _decimal_writer(slow)
    if coerce is write_instant:
        return _instant_writer(slow)
    return slow


def _int_writer(slow: Write) -> Write:
    def write(value: object) -> str:
        if type(value) is int and -MAX_INT <= value <= MAX_INT:
            return str(value)
        return slow(value)

    return write


def _decimal_writer(slow: Write) -> Write:
    def write(value: object) -> str:
        if type(value) is Decimal:
            text = str(value)
            # Most are canonical already: no exponent, and no zeros to be cut off.
            if text[-1] not in _LAST_DIGITS or "E" in text:
                text = canonical(value)
            return f'"{text}"'
        return slow(value)

    return write


def _instant_writer(slow: Write) -> Write:
    text_of = lru_cache(KEPT_INSTANTS)(instant_text)

    def write(value: object) -> str:
        if type(value) is int:
            return f'"{text_of(value)}"'
        return slow(value)

    return write
