"""Documents are parsed, measured and validated once, and kept.

Strawberry's own caches keep parsing and validation apart, forget documents with
errors, and know no limits; its limiters, made anew for each request as it asks for,
would never hit the validation cache.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
    OperationDefinitionNode,
    OperationType,
    ScalarLeafsRule,
    SelectionNode,
    SelectionSetNode,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from api.complexity import Excess, Measure
from api.cost import CostPlan, plan_of
from api.error import ErrorCode
from api.kept_document import KeptDocuments
from api.limit import (
    CACHED_LEAST_WEIGHT,
    CACHED_TEXT_WEIGHT,
    CACHED_WEIGHT,
    LOOK,
    MAX_ERRORS,
    PREPARATION,
    Bound,
    Limits,
)


class IntrospectionRule(MaxIntrospectionDepthRule):
    """The library's bound on lists in lists of types, with our code."""

    def report_error(self, error: GraphQLError) -> None:
        """Report the excess."""
        excess = Excess(error.message, Bound.INTROSPECTION_DEPTH)
        super().report_error(_excess(excess, error.nodes))


class LeafRule(ScalarLeafsRule):
    """The library's rule on what has to be selected, which suggests even where off."""

    def report_error(self, error: GraphQLError) -> None:
        """Report the mistake; a suggestion stands last in its message."""
        if self.context.hide_suggestions:
            message = error.message.partition(" Did you mean ")[0]
            error = GraphQLError(message, error.nodes)
        super().report_error(error)


class IntrospectionOffRule(ASTValidationRule):
    """Refuses the schema's own fields where introspection is off."""

    def enter_field(self, node: FieldNode, *_rest: object) -> None:
        """Look at a field's name; `__typename` is no part of the schema's own."""
        if node.name.value not in ("__schema", "__type"):
            return
        more = {"code": ErrorCode.FORBIDDEN.value, "limit": Bound.INTROSPECTION.value}
        message = "introspection is off here; /schema.graphql has the schema"
        self.report_error(GraphQLError(message, nodes=node, extensions=more))


class SelectionOfNothingRule(ASTValidationRule):
    """Refuses `{ }`, which the grammar has not, but the library's parser takes."""

    def enter_selection_set(self, node: SelectionSetNode, *_rest: object) -> None:
        """Look at a selection."""
        if not node.selections:
            message = "a selection must name at least one field"
            self.report_error(GraphQLError(message, nodes=node))


_OURS: Final[Mapping[type[ASTValidationRule], type[ASTValidationRule]]] = {
    MaxIntrospectionDepthRule: IntrospectionRule,
    ScalarLeafsRule: LeafRule,
}

RULES: Final[tuple[type[ASTValidationRule], ...]] = (
    *(_OURS.get(rule, rule) for rule in specified_rules),
    SelectionOfNothingRule,
    # Those that Strawberry adds.
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)


NO_TEXT: Final = "query must be a GraphQL document"


class Prepared:
    """A document with what is wrong in it; `document` is None where none could be read.

    `debt` is the cost of having prepared it, until somebody has paid.
    """

    __slots__ = ("_plans", "debt", "document", "errors", "weight")

    def __init__(
        self,
        text: str,
        tokens: int,
        document: DocumentNode | None,
        errors: Sequence[GraphQLError],
        plans: Mapping[str | None, CostPlan],
    ) -> None:
        self.document = document
        self.errors = tuple(errors)
        self.debt = LOOK + tokens * PREPARATION + len(text)
        more = CACHED_LEAST_WEIGHT + len(text) // CACHED_TEXT_WEIGHT
        self.weight = tokens + more
        self._plans = plans

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation that would run, None where none would."""
        return None if self.document is None else get_operation_ast(self.document, name)

    def plan(self, name: str | None) -> CostPlan | None:
        """Return what the operation of a name costs; None where none can run."""
        return self._plans.get(name)


_sound: Final[KeptDocuments[Prepared]] = KeptDocuments(CACHED_WEIGHT)
# Apart from them, so that mistakes push nothing out.
_wrong: Final[KeptDocuments[Prepared]] = KeptDocuments(CACHED_WEIGHT // 10)


def prepare(schema: GraphQLSchema, text: str, limits: Limits) -> Prepared:
    """Return the document of a text, from the cache where it is known."""
    key = (schema, text, limits)
    found = _sound.get(key) or _wrong.get(key)
    if found is None:
        made = _prepare(schema, text, limits)
        found = (_wrong if made.errors else _sound).keep(key, made)
    return found


def is_known(schema: GraphQLSchema, text: str, limits: Limits) -> bool:
    """Whether `prepare` has nothing to do for a text."""
    key = (schema, text, limits)
    return key in _sound or key in _wrong


def kept_documents() -> tuple[KeptDocuments[Prepared], KeptDocuments[Prepared]]:
    """Return the caches of sound documents and of those with mistakes."""
    return _sound, _wrong


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operation is: its text, its kind and the first field at its root.

    `kind` is None where none would run; `field` is one of the schema or empty.
    """

    text: str
    kind: OperationType | None = None
    field: str = ""


def asked(schema: GraphQLSchema, text: str, name: str | None, limits: Limits) -> Asked:
    """Return the operation that would run."""
    prepared = prepare(schema, text, limits)
    document, operation = prepared.document, prepared.operation(name)
    if document is None or operation is None:
        return Asked(text)
    root = schema.get_root_type(operation.operation)
    field = _first_field(document, operation.selection_set)
    known = root is not None and field in root.fields
    return Asked(text, operation.operation, field if known else "")


def operation_type(
    schema: GraphQLSchema, text: str, name: str | None, limits: Limits
) -> OperationType | None:
    """Return the kind of the operation that would run, None where none would."""
    operation = prepare(schema, text, limits).operation(name)
    return None if operation is None else operation.operation


def operation_problem(
    schema: GraphQLSchema, text: str, name: str | None, limits: Limits
) -> str | None:
    """Say why no operation of a document can run; the library would take the first."""
    if not text:
        return NO_TEXT
    prepared = prepare(schema, text, limits)
    if prepared.document is None or prepared.operation(name) is not None:
        return None
    if name is None:
        return "operationName must name one of the document's several operations"
    return "operationName must be the name of an operation in the document"


class DocumentPreparation(SchemaExtension):
    """Gives the execution its document and the errors found in it."""

    def on_parse(self) -> Iterator[None]:
        """Take the document; one that cannot be parsed is told of by the library."""
        context = self.execution_context
        # For those that cannot be parsed: the library tries again, to tell of it.
        context.parse_options["max_tokens"] = context.context.deps.limits.tokens
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
        limits = context.context.deps.limits
        return prepare(graphql_schema, context.query or "", limits)


def _first_field(document: DocumentNode, selected: SelectionSetNode) -> str:
    """Return the name of the first field, through fragments; empty: not found."""
    spread: set[str] = set()
    inner: SelectionSetNode | None = selected
    while inner is not None and inner.selections:
        node: SelectionNode = inner.selections[0]
        if isinstance(node, FieldNode):
            return node.name.value
        inner = getattr(node, "selection_set", None)
        if isinstance(node, FragmentSpreadNode):
            # A fragment in itself is refused, but only after it was asked for.
            if node.name.value in spread:
                return ""
            spread.add(node.name.value)
            inner = _fragment(document, node.name.value)
    return ""


def _fragment(document: DocumentNode, name: str) -> SelectionSetNode | None:
    for found in document.definitions:
        if isinstance(found, FragmentDefinitionNode) and found.name.value == name:
            return found.selection_set
    return None


def _prepare(schema: GraphQLSchema, text: str, limits: Limits) -> Prepared:
    try:
        document = parse(text, max_tokens=limits.tokens)
    except GraphQLError as exc:
        # How far it was read is not told: all that may be, or all there is.
        tokens = min(limits.tokens, len(text))
        return Prepared(text, tokens, None, [_unread(exc, limits)], {})
    plans: Mapping[str | None, CostPlan] = {}
    try:
        errors = _mistakes(schema, document, limits)
        if not errors:
            plans = _plans(schema, document)
    except RecursionError:
        errors = [_excess(_too_deep(limits))]
    return Prepared(text, document.token_count, document, errors, plans)


def _mistakes(
    schema: GraphQLSchema, document: DocumentNode, limits: Limits
) -> list[GraphQLError]:
    excess = Measure(document, limits).excess()
    if excess is not None:
        return [_excess(excess)]
    rules = RULES if limits.introspection else (*RULES, IntrospectionOffRule)
    found = validate(
        schema,
        document,
        rules,
        max_errors=MAX_ERRORS,
        hide_suggestions=not limits.suggestions,
    )
    return _told_once(found)


def _told_once(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Tell the same mistake once, with every place: answers stay small."""
    told: dict[str, GraphQLError] = {}
    for error in errors:
        known = told.get(error.message)
        if known is None or not error.nodes:
            told[error.message] = error
            continue
        nodes = [*(known.nodes or ()), *error.nodes]
        more = known.extensions
        told[error.message] = GraphQLError(error.message, nodes, extensions=more)
    return list(told.values())


def _plans(schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, CostPlan]:
    """Return the plan of each operation, by name; of an only one under None too."""
    plans: dict[str | None, CostPlan] = {}
    for item in document.definitions:
        if isinstance(item, OperationDefinitionNode):
            name = None if item.name is None else item.name.value
            plans[name] = plan_of(schema, document, item)
    if len(plans) == 1:
        plans[None] = next(iter(plans.values()))
    return plans


def _too_deep(limits: Limits) -> Excess:
    return Excess("the document is nested too deeply", Bound.DEPTH, limits.depth)


def _unread(error: GraphQLError, limits: Limits) -> GraphQLError:
    """Give an error of the parser's own bounds their names; others stay."""
    if "Parsing aborted" not in error.message:
        return error
    if "tokens" in error.message:
        message = f"the document has more than the {limits.tokens} tokens allowed"
        excess = Excess(message, Bound.TOKENS, limits.tokens)
    else:
        excess = _too_deep(limits)
    return _excess(excess)


def _excess(excess: Excess, nodes: Collection[Node] | None = None) -> GraphQLError:
    more: dict[str, object] = {"code": ErrorCode.QUERY_TOO_COMPLEX.value}
    if excess.bound is not None:
        more["limit"] = excess.bound.value
    if excess.maximum is not None:
        more["maximum"] = excess.maximum
    return GraphQLError(excess.message, nodes=nodes, extensions=more)
