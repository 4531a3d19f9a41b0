"""Documents are parsed, measured and validated once, and kept.

Strawberry's own caches keep parsing and validation apart, forget documents with
errors, and know no limits; its limiters, made anew for each request as it asks for,
would never hit the validation cache.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    MaxIntrospectionDepthRule,
    Node,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    get_operation_ast,
    parse,
    specified_rules,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

from api.complexity import Measure
from api.error import ErrorCode
from api.limit import CACHED_DOCUMENTS, MAX_CACHED_TEXT, MAX_TOKENS


class IntrospectionRule(MaxIntrospectionDepthRule):
    """The library's bound on lists in lists of types, with our code."""

    def report_error(self, error: GraphQLError) -> None:
        """Report the excess."""
        super().report_error(_excess(error.message, error.nodes))


RULES: Final[tuple[type[ASTValidationRule], ...]] = (
    *(rule for rule in specified_rules if rule is not MaxIntrospectionDepthRule),
    IntrospectionRule,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document with what is wrong in it; None where it cannot even be parsed."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]


def prepare(schema: GraphQLSchema, text: str) -> Prepared:
    """Return the document of a text, from the cache where it is known."""
    if len(text) > MAX_CACHED_TEXT:
        return _prepare(schema, text)
    return _cached_prepare(schema, text)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operation is: its text, its kind and the first field at its root.

    `kind` is None where none would run; `field` is one of the schema or empty.
    """

    text: str
    kind: OperationType | None = None
    field: str = ""


def asked(schema: GraphQLSchema, text: str, name: str | None) -> Asked:
    """Return the operation that would run."""
    document = prepare(schema, text).document
    operation = None if document is None else get_operation_ast(document, name)
    if document is None or operation is None:
        return Asked(text)
    root = schema.get_root_type(operation.operation)
    field = _first_field(document, operation.selection_set)
    known = root is not None and field in root.fields
    return Asked(text, operation.operation, field if known else "")


def operation_type(
    schema: GraphQLSchema, text: str, name: str | None
) -> OperationType | None:
    """Return the kind of the operation that would run, None where none would."""
    document = prepare(schema, text).document
    operation = None if document is None else get_operation_ast(document, name)
    return None if operation is None else operation.operation


def operation_problem(schema: GraphQLSchema, text: str, name: str | None) -> str | None:
    """Say why no operation of a document can run; the library would take the first."""
    if not text:
        return "query must be a GraphQL document"
    document = prepare(schema, text).document
    if document is None or get_operation_ast(document, name) is not None:
        return None
    if name is None:
        return "operationName must name one of the document's several operations"
    return "operationName must be the name of an operation in the document"


class DocumentPreparation(SchemaExtension):
    """Gives the execution its document and the errors found in it."""

    def on_parse(self) -> Iterator[None]:
        """Take the document; one that cannot be parsed is told of by the library."""
        context = self.execution_context
        context.parse_options["max_tokens"] = MAX_TOKENS
        context.graphql_document = self._prepared().document
        yield

    def on_validate(self) -> Iterator[None]:
        """Take the errors."""
        self.execution_context.pre_execution_errors = list(self._prepared().errors)
        yield

    def _prepared(self) -> Prepared:
        context = self.execution_context
        # The one schema that strawberry executes is its protected attribute.
        graphql_schema = context.schema._schema  # noqa: SLF001 (no public way to it)
        return prepare(graphql_schema, context.query or "")


def _first_field(document: DocumentNode, selected: SelectionSetNode) -> str:
    """Return the name of the first field, through fragments; empty: not found."""
    spread: set[str] = set()
    node: SelectionNode = selected.selections[0]
    while not isinstance(node, FieldNode):
        inner = getattr(node, "selection_set", None)
        if isinstance(node, FragmentSpreadNode):
            # A fragment in itself is refused, but only after it was asked for.
            if node.name.value in spread:
                return ""
            spread.add(node.name.value)
            inner = _fragment(document, node.name.value)
        if inner is None:
            return ""
        node = inner.selections[0]
    return node.name.value


def _fragment(document: DocumentNode, name: str) -> SelectionSetNode | None:
    for found in document.definitions:
        if isinstance(found, FragmentDefinitionNode) and found.name.value == name:
            return found.selection_set
    return None


def _prepare(schema: GraphQLSchema, text: str) -> Prepared:
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
    except GraphQLError as exc:
        return Prepared(None, (exc,))
    try:
        excess = Measure(document).excess()
        if excess is None:
            errors = validate_document(schema, document, RULES)
            return Prepared(document, tuple(errors))
    except RecursionError:
        excess = "the document is nested too deeply"
    return Prepared(document, (_excess(excess),))


def _excess(message: str, nodes: Collection[Node] | None = None) -> GraphQLError:
    code = {"code": ErrorCode.QUERY_TOO_COMPLEX.value}
    return GraphQLError(message, nodes=nodes, extensions=code)


_cached_prepare = lru_cache(CACHED_DOCUMENTS)(_prepare)
