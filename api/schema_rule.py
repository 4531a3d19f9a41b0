"""What the schema promises about itself: everything described, nothing gone unsaid.

Each function returns problems as sentences, empty where there are none. Policy:
docs/SCHEMA.md.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

OWN_PAGE: Final = "/docs/reference#"
"""How the address of a scalar begins whose specification we serve ourselves."""

REPLACED_BY_NOTHING: Final = "Nothing replaces it"
"""How the reason of a deprecation begins that has no replacement."""

Fielded = GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType
"""Types that have fields."""

_PLACEHOLDER: Final = re.compile(
    r"\b(TODO|TBD|FIXME|XXX|lorem|n/a|placeholder)\b", re.I
)
_REASON: Final = re.compile(
    rf"(?:Use `(?P<use>[^`]+)`|{REPLACED_BY_NOTHING})[^`]*; "
    r"removed no earlier than (?P<day>\d{4}-\d\d-\d\d)\."
)
_WANTED_REASON: Final = (
    'must be "Use `Type.field`; removed no earlier than 2027-06-30.", or '
    f'"{REPLACED_BY_NOTHING}; removed …" where nothing does'
)


@dataclass(frozen=True, slots=True)
class Part:
    """Anything of the schema that can be described; `where` is its coordinate."""

    where: str
    description: str | None
    deprecation: str | None = None


def own_types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """Return the types that are not GraphQL's own, by name."""
    return [
        schema.type_map[name]
        for name in sorted(schema.type_map)
        if not is_introspection_type(schema.type_map[name])
        and not is_specified_scalar_type(schema.type_map[name])
    ]


def parts(schema: GraphQLSchema) -> Iterator[Part]:
    """Yield every type, field, argument, input field, value and directive of ours."""
    for kind in own_types(schema):
        yield Part(kind.name, kind.description)
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                yield Part(
                    f"{kind.name}.{name}", value.description, value.deprecation_reason
                )
        elif isinstance(kind, Fielded):
            yield from _members(kind)
    for directive in schema.directives:
        if not is_specified_directive(directive):
            where = f"@{directive.name}"
            yield Part(where, directive.description)
            yield from _arguments(where, directive.args)


def _members(kind: Fielded) -> Iterator[Part]:
    for name, field in kind.fields.items():
        where = f"{kind.name}.{name}"
        yield Part(where, field.description, field.deprecation_reason)
        yield from _arguments(where, getattr(field, "args", {}))


def _arguments(where: str, arguments: Mapping[str, GraphQLArgument]) -> Iterator[Part]:
    for name, argument in arguments.items():
        yield Part(
            f"{where}({name}:)", argument.description, argument.deprecation_reason
        )


def description_problems(schema: GraphQLSchema) -> list[str]:
    """Say what lacks a description that is a sentence."""
    return [
        f"{part.where}: {problem}"
        for part in parts(schema)
        if (problem := _description_problem(part)) is not None
    ]


def _description_problem(part: Part) -> str | None:
    text = (part.description or "").strip()
    if not text:
        return "is not described"
    if not text.endswith("."):
        return "its description does not end with a period"
    if (found := _PLACEHOLDER.search(text)) is not None:
        return f"its description holds a placeholder, {found[0]!r}"
    last = re.split(r"[.(:]+", part.where.rstrip(":)"))[-1]
    if _letters(text) in {"", _letters(last)}:
        return "its description only repeats its name"
    return None


def _letters(text: str) -> str:
    return re.sub(r"\W|_", "", text).lower()


def scalar_problems(
    schema: GraphQLSchema, serves: Callable[[str], bool] = lambda _address: False
) -> list[str]:
    """Say which scalar names no specification: a public one, or one of our own pages.

    `serves`: whether an address that begins with `OWN_PAGE` is there.
    """
    problems = []
    for kind in own_types(schema):
        if not isinstance(kind, GraphQLScalarType):
            continue
        url = kind.specified_by_url or ""
        if url.startswith(OWN_PAGE):
            if not serves(url):
                problems.append(f"{kind.name}: nothing is served at {url}")
        elif not re.fullmatch(r"https://[\w.-]+/\S*", url):
            problems.append(f"{kind.name}: @specifiedBy names no specification")
    return problems


def deprecation_problems(schema: GraphQLSchema) -> list[str]:
    """Say which deprecation names no replacement that stays, or no day."""
    found = list(parts(schema))
    staying = {part.where for part in found if part.deprecation is None}
    return [
        f"{part.where}: {problem}"
        for part in found
        if part.deprecation is not None
        and (problem := _deprecation_problem(part.deprecation, staying)) is not None
    ]


def _deprecation_problem(reason: str, staying: Set[str]) -> str | None:
    found = _REASON.fullmatch(reason)
    if found is None or stays_until(reason) is None:
        return f"the reason of its deprecation {_WANTED_REASON}"
    if found["use"] is not None and found["use"] not in staying:
        return f"is replaced by `{found['use']}`, which is not there, or going too"
    return None


def stays_until(reason: str) -> date | None:
    """Return the day before which nothing goes, None where the reason names none."""
    found = _REASON.fullmatch(reason)
    if found is None:
        return None
    try:
        return date.fromisoformat(found["day"])
    except ValueError:
        return None


def deprecated_until(schema: GraphQLSchema) -> dict[str, date | None]:
    """Return the coordinates that are deprecated, with the day they stay until."""
    return {
        part.where: stays_until(part.deprecation)
        for part in parts(schema)
        if part.deprecation is not None
    }
