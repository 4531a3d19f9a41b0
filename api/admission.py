"""Whether an operation may run: its document, its cost, and its caller's budget.

Everything is decided before anything is executed, and in this order: the document's
bounds and mistakes, what the key may do, the operation's cost, then the budget. What is
refused for another reason than the budget is paid for too, by what its document took to
read.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from graphql import GraphQLError, GraphQLSchema, OperationType
from strawberry.types.execution import PreExecutionError

from api.access_scope import scope_refusal
from api.context import ApiContext
from api.cost import CostPlan
from api.document import Prepared, is_known, operation_problem, prepare
from api.error import ErrorCode
from api.limit import JOINING, RETRY_MS, Bound, Limits
from api.spent import Spent
from domain.model.number import saturate_int32
from domain.model.page import MAX_FIRST

LEAST: Final = 1
"""Cost of an operation that is refused, beside that of reading its document."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether an operation may run.

    `context` is the operation's, with what it costs; `refusal` says why it may not
    run, None where it may. `burden_s` is what a subscription's events may cost a
    second.
    """

    context: ApiContext
    refusal: PreExecutionError | None = None
    burden_s: int = 0


def admit(
    schema: GraphQLSchema,
    text: str,
    name: str | None,
    variables: Mapping[str, Any] | None,
    context: ApiContext,
) -> Admission:
    """Decide on an operation, and take what it costs from its caller's budget."""
    unread = unreadable(schema, text, context)
    if unread is not None:
        return Admission(context, PreExecutionError(None, [unread]))
    limits = context.deps.limits
    prepared = prepare(schema, text, limits)
    plan, given = prepared.plan(name), variables or {}
    requested, burden_s = None, 0
    if plan is None:
        errors = _mistakes(schema, text, name, limits)
    else:
        requested = plan.cost(given)
        burden_s = plan.burden_s(given, limits.throttle_ms, requested)
        problem = scope_refusal(context.caller, prepared.document, name)
        problem = problem or excess_of(plan, requested, given, limits)
        errors = [] if problem is None else [problem]
    due = LEAST if errors or context.dry_run else requested or 0
    wait_s = pay(prepared, due, context)
    if wait_s is not None:
        errors = [too_often(due, wait_s, context)]
    if requested is not None:
        context = replace(context, spent=_spent(requested, prepared, name, context))
    refusal = PreExecutionError(None, errors) if errors else None
    return Admission(context, refusal, burden_s)


def unreadable(
    schema: GraphQLSchema, text: str, context: ApiContext
) -> GraphQLError | None:
    """Read a document at its sender's expense; say so where there is no budget left.

    What nobody has sent before is read only for whom has something left, and is paid
    for at once, on credit where need be: reading is the work that an attack is after.
    """
    deps, caller = context.deps, context.caller
    if is_known(schema, text, deps.limits):
        return None
    now_s = deps.clock.monotonic()
    wait_s = deps.guard.take(caller, LEAST, now_s)
    if wait_s is not None:
        return too_often(LEAST, wait_s, context)
    prepared = prepare(schema, text, deps.limits)
    deps.guard.charge(caller, prepared.debt, now_s)
    prepared.debt = 0
    return None


def _mistakes(
    schema: GraphQLSchema, text: str, name: str | None, limits: Limits
) -> list[GraphQLError]:
    """Return what is wrong with a document or an operation's name."""
    problem = operation_problem(schema, text, name, limits)
    if problem is None:
        return list(prepare(schema, text, limits).errors)
    code = {"code": ErrorCode.BAD_USER_INPUT.value}
    return [GraphQLError(problem, extensions=code)]


def _spent(
    requested: int, prepared: Prepared, name: str | None, context: ApiContext
) -> Spent:
    deps, operation = context.deps, prepared.operation(name)
    if operation is None or operation.operation is OperationType.SUBSCRIPTION:
        return Spent(requested, deps.limits.cost)
    left = deps.guard.left(context.caller, deps.clock.monotonic())
    return Spent(requested, deps.limits.cost, max(0, int(left)))


def pay(prepared: Prepared, cost: int, context: ApiContext) -> float | None:
    """Take a cost, and what its document took to read; else the seconds to wait."""
    deps = context.deps
    owed = cost + prepared.debt
    wait_s = deps.guard.take(context.caller, owed, deps.clock.monotonic())
    if wait_s is None:
        prepared.debt = 0
    return wait_s


def can_pay(prepared: Prepared, cost: int, context: ApiContext) -> bool:
    """Whether `pay` would take a cost."""
    deps = context.deps
    now_s = deps.clock.monotonic()
    return deps.guard.admits(context.caller, cost + prepared.debt, now_s)


def take_joining(context: ApiContext) -> bool:
    """Take what it costs to be told what others are told; False: it is too much."""
    deps = context.deps
    now_s = deps.clock.monotonic()
    return deps.guard.take(context.caller, JOINING, now_s) is None


def excess_of(
    plan: CostPlan, cost: int, variables: Mapping[str, Any], limits: Limits
) -> GraphQLError | None:
    """Say why an operation of a cost is too large, None where it is not.

    A plan counts no more than MAX_FIRST rows of a page: where that many are allowed,
    the fields refuse longer ones themselves.
    """
    if limits.list_size < MAX_FIRST and plan.rows(variables) > limits.list_size:
        more = {"limit": Bound.LIST_SIZE.value, "maximum": limits.list_size}
        code = {"code": ErrorCode.BAD_USER_INPUT.value, "argument": "first"}
        message = f"first: must be 1 to {limits.list_size}"
        return GraphQLError(message, extensions={**code, **more})
    if cost <= limits.cost:
        return None
    return GraphQLError(
        f"the operation costs {cost}, above the {limits.cost} allowed: ask for fewer "
        "rows (`first`) or fewer fields",
        extensions={
            "code": ErrorCode.QUERY_TOO_COMPLEX.value,
            "limit": Bound.COST.value,
            "maximum": limits.cost,
        },
    )


def too_often(cost: float, wait_s: float, context: ApiContext) -> GraphQLError:
    """Return what a caller is told whose budget is used up."""
    wait_ms = saturate_int32(max(1, math.ceil(wait_s * 1000)))
    rate = _rate(context)
    message = (
        f"the budget is used up: it gains {rate} a second, this costs {cost}; try "
        f"again in {wait_ms} ms"
    )
    return _above_rate(message, rate, wait_ms)


def too_lively(burden_s: int, context: ApiContext) -> GraphQLError:
    """Return what a caller is told whose subscriptions would cost too much together."""
    rate = _rate(context)
    message = (
        f"its events may cost {burden_s} a second; with the subscriptions that run it "
        f"is above the {rate} allowed: end one, or raise throttleMs"
    )
    return _above_rate(message, rate, RETRY_MS)


def _rate(context: ApiContext) -> int:
    """Return the cost a second that a caller may use, as it is told."""
    own = context.caller.rate
    return round(context.deps.limits.rate if own is None else own)


def _above_rate(message: str, rate: int, retry_after_ms: int) -> GraphQLError:
    extensions = {
        "code": ErrorCode.RATE_LIMITED.value,
        "limit": Bound.RATE.value,
        "maximum": rate,
        "retryAfterMs": retry_after_ms,
    }
    return GraphQLError(message, extensions=extensions)


def too_many(bound: Bound, allowed: int) -> GraphQLError:
    """Return what a caller is told who holds as much as one may."""
    return GraphQLError(
        f"{allowed} {_HELD[bound]} at the same time are allowed",
        extensions={
            "code": ErrorCode.RATE_LIMITED.value,
            "limit": bound.value,
            "maximum": allowed,
        },
    )


_HELD: Final = {
    Bound.SOCKETS: "WebSockets of one caller",
    Bound.SUBSCRIPTIONS: "subscriptions of one caller",
    Bound.OPERATIONS: "operations on one WebSocket",
}
