"""What a request over HTTP asks for, decided from what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cross_web import HTTPException
from graphql import GraphQLError, GraphQLSchema, OperationType

from api.accept import Form, Wanted
from api.admission import unreadable
from api.body import Sent
from api.caller import Caller
from api.context import ApiContext
from api.deps import ApiDeps
from api.document import prepare
from api.live.guest import guest_of

DRY_RUN: Final = "x-kimp-dry-run"
"""The header that asks for an operation's cost instead of its answer."""

COST: Final = "cost"
"""Its value."""

NO_STREAM: Final = (
    "a subscription needs a stream: WebSocket (graphql-transport-ws), "
    "Accept: text/event-stream, or Accept: multipart/mixed;subscriptionSpec=1.0"
)
NO_FORM: Final = (
    "Accept must allow application/graphql-response+json, application/json or "
    "text/event-stream"
)


@dataclass(frozen=True, slots=True)
class Ask:
    """An operation that is asked for.

    `query` is its document, empty where `refusal` says why there is none. `form` is
    how it is answered. `parsed`: the document can be read; `lasts`: it subscribes.
    `dry_run`: only its cost is asked for.
    """

    caller: Caller
    sent: Sent
    query: str
    form: Form
    parsed: bool = True
    lasts: bool = False
    dry_run: bool = False
    refusal: GraphQLError | None = None


def caller_in(headers: Mapping[str, str], peer: str, deps: ApiDeps) -> Caller:
    """Return who asks, by headers (lower-case names) and the connection's address.

    Lines of one name are joined by commas.

    Raises:
        AccessRefused: the key is missing or wrong.
    """
    guest = guest_of(headers, peer, deps)
    return deps.access.caller(guest.credential, guest.caller.address)


def ask(
    schema: GraphQLSchema,
    deps: ApiDeps,
    caller: Caller,
    sent: Sent,
    wanted: Wanted,
    *,
    dry_run: bool = False,
) -> Ask:
    """Return what is asked for, with the document that stands behind its name.

    A dry run has one answer, of a subscription too.

    Raises:
        HTTPException: 406, no form of ours is accepted.
    """
    try:
        query = deps.persisted.text(sent.query, sent.extensions, sent.document_id)
        unread = unreadable(schema, query, ApiContext(deps, caller=caller))
    except GraphQLError as exc:
        query, unread = "", exc
    if unread is not None:
        # Nobody knows whether it subscribes; who takes only a stream is told in one.
        form = _form(wanted.query or wanted.subscription, NO_FORM)
        return Ask(caller, sent, "", form, dry_run=dry_run, refusal=unread)
    prepared = prepare(schema, query, deps.limits)
    operation = prepared.operation(sent.operation_name)
    parsed = prepared.document is not None
    kind = None if operation is None else operation.operation
    lasts = kind is OperationType.SUBSCRIPTION and not dry_run
    if lasts:
        form = _form(wanted.subscription, NO_STREAM)
    else:
        form = _form(wanted.query, NO_FORM)
    return Ask(caller, sent, query, form, parsed, lasts, dry_run)


def is_dry_run(headers: Mapping[str, str]) -> bool:
    """Whether only the cost is asked for; headers by lower-case name."""
    return headers.get(DRY_RUN, "").strip().lower() == COST


def _form(found: Form | None, why: str) -> Form:
    if found is None:
        raise HTTPException(406, why)
    return found
