"""How long lists are taken to be when the cost of an operation is counted.

A list is as long as its argument says (`first`, `points`, `depth`, or the entries of
`markets`); a connection's argument is its rows'. Where a filter names symbols there
are no more rows than those. Every other list has a size that is assumed here, about
what it is on a large day; tests/unit/api/test_cost.py checks that none is left out.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
)

from domain.model.pace import MAX_THROTTLE_MS
from domain.model.page import MAX_FIRST

Variables = Mapping[str, Any]
Reader = Callable[[Variables], int]

SIZE_ARGUMENTS: Final = ("first", "points", "depth", "markets")
"""Arguments that say how many; of these a field has one at most."""

BOARD_SIZE: Final = 300
"""Coins of a board that is watched whole."""

THROTTLE: Final = "throttleMs"

USUAL_PACE_MS: Final = 1_000
"""Between events of a subscription that has no throttle: `health`."""

ASSUMED: Final[Mapping[str, int]] = {
    "Query.fxRates": 6,
    "Coin.listings": 3,
    "Coin.warnings": 2,
    "Listing.warnings": 2,
    "Premium.bases": 3,
    "CandleSeries.channels": 2,
    "Health.upstreams": 8,
    "PremiumsUpdate.removed": 10,
    "__Schema.types": 70,
    "__Schema.directives": 8,
    "__Type.fields": 6,
    "__Type.interfaces": 1,
    "__Type.possibleTypes": 1,
    "__Type.enumValues": 2,
    "__Type.inputFields": 1,
    "__Field.args": 1,
    "__Directive.args": 1,
    "__Directive.locations": 3,
}
"""Entries of lists without an argument."""

WATCHED: Final[Mapping[str, int]] = {"Subscription.premiums": BOARD_SIZE}
"""Fields without an argument whose object has rows all the same."""


def rows(
    name: str, field: GraphQLField, node: FieldNode, defaults: Variables
) -> int | Reader | None:
    """Return how many rows a field's list or object has; None: it does not say.

    `name` is `Type.field`; `defaults` are those of the operation's variables. What is
    out of range or no number at all counts as the default: it is refused elsewhere.
    """
    given = {item.name.value: item.value for item in node.arguments or ()}
    asked = _asked(name, field, given, defaults)
    if asked is None:
        return None
    named = _named(given.get("filter"), defaults)
    return asked if named is None else _fewer(asked, named)


def pace_ms(field: GraphQLField, node: FieldNode, defaults: Variables) -> int | Reader:
    """Return the least time between events of a subscription field, in ms.

    One without `throttleMs` tells at most once a second.
    """
    argument = field.args.get(THROTTLE)
    if argument is None:
        return USUAL_PACE_MS
    usual = int(argument.default_value)
    for item in node.arguments or ():
        if item.name.value == THROTTLE:
            return _pace(item.value, usual, defaults)
    return usual


def _pace(value: ValueNode, usual: int, defaults: Variables) -> int | Reader:
    if isinstance(value, VariableNode):
        key, default = value.name.value, defaults.get(value.name.value)
        return lambda variables: _whole(variables.get(key, default), usual)
    if isinstance(value, IntValueNode):
        return _whole(int(value.value[:_DIGITS]), usual)
    return usual


def _whole(value: object, usual: int) -> int:
    """Return a number of ms; what the subscription refuses counts as usual."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return usual
    return int(value) if 1 <= value <= MAX_THROTTLE_MS else usual


def is_given(value: ValueNode | None, defaults: Variables) -> bool | Reader:
    """Whether an argument is anything but left out or null."""
    if not isinstance(value, VariableNode):
        return not isinstance(value, NullValueNode | None)
    key, default = value.name.value, defaults.get(value.name.value)
    return lambda variables: int(variables.get(key, default) is not None)


def _asked(
    name: str,
    field: GraphQLField,
    given: Mapping[str, ValueNode],
    defaults: Variables,
) -> int | Reader | None:
    if name in WATCHED:
        return WATCHED[name]
    for argument in SIZE_ARGUMENTS:
        if argument in field.args:
            default = field.args[argument].default_value
            usual = default if isinstance(default, int) else 0
            return _count(given.get(argument), usual, defaults)
    return None


def _count(value: ValueNode | None, usual: int, defaults: Variables) -> int | Reader:
    match value:
        case VariableNode():
            return _of_variable(value.name.value, usual, defaults)
        case IntValueNode():
            return _size(int(value.value[:_DIGITS]), usual)
        case ListValueNode():
            return min(len(value.values), MAX_FIRST)
        case None | NullValueNode() | BooleanValueNode():
            return usual
    return _size([value], usual)


def _of_variable(key: str, usual: int, defaults: Variables) -> Reader:
    default = defaults.get(key)

    def read(variables: Variables) -> int:
        return _size(variables.get(key, default), usual)

    return read


def _size(value: object, usual: int) -> int:
    if type(value) is int:
        return value if 0 <= value <= MAX_FIRST else _beyond(value)
    if isinstance(value, list):
        return min(len(value), MAX_FIRST)
    if isinstance(value, str):
        return 1
    if isinstance(value, float) and 0 <= value < MAX_FIRST:
        return int(value)
    return usual


def _beyond(value: int) -> int:
    """Count what no list may have as the longest one: its resolver refuses it."""
    return 0 if value < 0 else MAX_FIRST


def _named(value: ValueNode | None, defaults: Variables) -> int | Reader | None:
    """Return how many symbols a filter names, None where it surely names none."""
    if isinstance(value, VariableNode):
        return _of_filter(value.name.value, defaults)
    for field in value.fields if isinstance(value, ObjectValueNode) else ():
        if field.name.value == "symbols":
            return _count(field.value, _UNNAMED, defaults)
    return None


def _of_filter(key: str, defaults: Variables) -> Reader:
    default = defaults.get(key)

    def read(variables: Variables) -> int:
        value = variables.get(key, default)
        symbols = value.get("symbols") if isinstance(value, dict) else None
        return _UNNAMED if symbols is None else _size(symbols, _UNNAMED)

    return read


def _fewer(one: int | Reader, other: int | Reader) -> int | Reader:
    if isinstance(one, int) and isinstance(other, int):
        return min(one, other)
    first, second = _reader(one), _reader(other)
    return lambda variables: min(first(variables), second(variables))


def _reader(found: int | Reader) -> Reader:
    return (lambda _variables: found) if isinstance(found, int) else found


# More than any page has: a filter without symbols takes nothing away.
_UNNAMED: Final = MAX_FIRST
# Of a number that is written out; more of them are too many rows anyway.
_DIGITS: Final = 10
