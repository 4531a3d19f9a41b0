"""The schema as a reader wants it: one entry per type, each with its members."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    print_ast,
)

from api.schema import schema_text
from api.schema_rule import Fielded, own_types


class Kind(Enum):
    """What an entry is; the value heads its group, in this order."""

    QUERY = "Queries"
    SUBSCRIPTION = "Subscriptions"
    TYPE = "Types"
    INTERFACE = "Interfaces"
    INPUT = "Inputs"
    ENUM = "Enums"
    SCALAR = "Scalars"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: its type as written, the type's bare name, its default or empty."""

    name: str
    type: str
    named: str
    default: str
    description: str


@dataclass(frozen=True, slots=True)
class Member:
    """A field, input field or enum value; a value has no type."""

    name: str
    description: str
    type: str = ""
    named: str = ""
    default: str = ""
    arguments: tuple[Argument, ...] = ()
    deprecation: str | None = None

    @property
    def words(self) -> str:
        """Everything that a search finds it by."""
        arguments = (f"{a.name} {a.named} {a.description}" for a in self.arguments)
        return " ".join((self.name, self.named, self.description, *arguments))


@dataclass(frozen=True, slots=True)
class Entry:
    """A type. `used_by`: coordinates of what has it as its type, in schema order."""

    name: str
    kind: Kind
    description: str
    members: tuple[Member, ...] = ()
    interfaces: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()
    specified_by: str = ""

    @property
    def words(self) -> str:
        """Everything that a search finds the type itself by."""
        return f"{self.name} {self.description}"


_ORDER: Final = {kind: place for place, kind in enumerate(Kind)}


@cache
def entries() -> tuple[Entry, ...]:
    """Return the entries of our schema, by kind and name; they are made once."""
    return entries_of(build_schema(schema_text()))


def entries_of(schema: GraphQLSchema) -> tuple[Entry, ...]:
    """Return the entries of a schema made from text, by kind and name."""
    found = [_entry(schema, kind) for kind in own_types(schema)]
    users = _users(found)
    found = [replace(entry, used_by=tuple(users[entry.name])) for entry in found]
    return tuple(sorted(found, key=lambda entry: (_ORDER[entry.kind], entry.name)))


def anchors(schema: GraphQLSchema) -> frozenset[str]:
    """Return the names that the page of a schema can be linked to."""
    return anchors_of(entries_of(schema))


def anchors_of(found: Sequence[Entry]) -> frozenset[str]:
    """Return the names that entries can be linked by."""
    members = {f"{entry.name}.{m.name}" for entry in found for m in entry.members}
    return frozenset(members | {entry.name for entry in found})


def _entry(schema: GraphQLSchema, kind: GraphQLNamedType) -> Entry:
    return Entry(
        kind.name,
        _kind(schema, kind),
        _text(kind.description),
        tuple(_members(kind)),
        tuple(interface.name for interface in getattr(kind, "interfaces", ())),
        specified_by=getattr(kind, "specified_by_url", None) or "",
    )


def _kind(schema: GraphQLSchema, kind: GraphQLNamedType) -> Kind:
    if kind is schema.query_type:
        return Kind.QUERY
    if kind is schema.subscription_type:
        return Kind.SUBSCRIPTION
    kinds: Mapping[type[GraphQLNamedType], Kind] = {
        GraphQLObjectType: Kind.TYPE,
        GraphQLInterfaceType: Kind.INTERFACE,
        GraphQLInputObjectType: Kind.INPUT,
        GraphQLEnumType: Kind.ENUM,
        GraphQLScalarType: Kind.SCALAR,
    }
    return kinds[type(kind)]  # a union would be new here: KeyError tells it at once


def _members(kind: GraphQLNamedType) -> Iterator[Member]:
    if isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            text = _text(value.description)
            yield Member(name, text, deprecation=value.deprecation_reason)
    elif isinstance(kind, Fielded):
        for name, field in kind.fields.items():
            yield _member(name, field)


def _member(name: str, field: GraphQLField | GraphQLInputField) -> Member:
    arguments = field.args if isinstance(field, GraphQLField) else {}
    return Member(
        name,
        _text(field.description),
        str(field.type),
        get_named_type(field.type).name,
        _default(field) if isinstance(field, GraphQLInputField) else "",
        tuple(_argument(name, argument) for name, argument in arguments.items()),
        field.deprecation_reason,
    )


def _argument(name: str, argument: GraphQLArgument) -> Argument:
    named = get_named_type(argument.type).name
    text = _text(argument.description)
    return Argument(name, str(argument.type), named, _default(argument), text)


def _default(item: GraphQLArgument | GraphQLInputField) -> str:
    node = item.ast_node
    if node is None or node.default_value is None:
        return ""
    return print_ast(node.default_value)


def _text(description: str | None) -> str:
    return " ".join((description or "").split())


def _users(found: Sequence[Entry]) -> Mapping[str, list[str]]:
    users: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in found:
        for interface in entry.interfaces:
            users[interface][entry.name] = None
        for member in entry.members:
            users[member.named][f"{entry.name}.{member.name}"] = None
            for argument in member.arguments:
                users[argument.named][f"{entry.name}.{member.name}"] = None
    return defaultdict(list, {name: list(where) for name, where in users.items()})
