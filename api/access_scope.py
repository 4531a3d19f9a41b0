"""What a key may do, held against what an operation asks for.

Decided from the document before anything runs: no answer differs by the caller, it is
given or refused as a whole.
"""

from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationType,
    SelectionSetNode,
    get_operation_ast,
)

from api.caller import Caller
from api.complexity import asks_history, fragments_of
from api.error import ErrorCode
from domain.model.access import ALL_SCOPES, Scope

_ALL: Final = frozenset(map(str, ALL_SCOPES))


def scopes_of(caller: Caller) -> frozenset[str]:
    """Return what a caller may do: everything without a key."""
    return _ALL if caller.key is None else caller.scopes


def scope_refusal(
    caller: Caller, document: DocumentNode | None, operation: str | None
) -> GraphQLError | None:
    """Return why a caller's key does not do for an operation, None where it does.

    Without a key, or with one that may do everything, nothing is looked at.
    """
    if document is None or is_free(caller):
        return None
    missing = scopes_needed(document, operation) - caller.scopes
    if not missing:
        return None
    names = ", ".join(sorted(missing))
    message = f"this API key may not do that: it lacks the scope {names}"
    return GraphQLError(message, extensions={"code": ErrorCode.FORBIDDEN.value})


def is_free(caller: Caller) -> bool:
    """Whether a caller may do everything, so that no document need be looked at."""
    return caller.key is None or len(caller.scopes) == len(ALL_SCOPES)


def scopes_needed(document: DocumentNode, operation: str | None) -> frozenset[Scope]:
    """Return what the operation that would run needs; nothing where none would."""
    found = get_operation_ast(document, operation)
    if found is None:
        return frozenset()
    lasting = found.operation is OperationType.SUBSCRIPTION
    needed = {Scope.LIVE if lasting else Scope.READ}
    if _reads_past(document, found.selection_set):
        needed.add(Scope.HISTORY)
    return frozenset(needed)


def _reads_past(document: DocumentNode, selected: SelectionSetNode) -> bool:
    """Whether a selection asks for the past anywhere; each fragment is looked at once.

    Whatever `@skip` and `@include` say: they are known only when it runs.
    """
    fragments = dict(fragments_of(document))
    waiting = [selected]
    while waiting:
        for item in waiting.pop().selections:
            if isinstance(item, FieldNode) and asks_history(item):
                return True
            within: object = item
            if isinstance(item, FragmentSpreadNode):
                within = fragments.pop(item.name.value, None)
            inner = getattr(within, "selection_set", None)
            if inner is not None:
                waiting.append(inner)
    return False
