"""A subscription's place in a group, and in what is counted."""

from graphql import GraphQLError

from api.admission import too_many
from api.context import ApiContext
from api.limit import Bound
from api.live.engine import LiveEngine
from api.live.group import Member, Owner
from api.live.question import Question
from api.measure import joined


class Seat:
    """One member of a group, from its admission to its end."""

    __slots__ = ("_context", "_engine", "_is_taken", "member")

    def __init__(self, engine: LiveEngine, member: Member, context: ApiContext) -> None:
        self.member = member
        self._engine = engine
        self._context = context
        self._is_taken = True
        self._count(1)

    def resume(self) -> None:
        """Hear that there is room for what was missed."""
        self._engine.resume((self.member,))

    def leave(self) -> None:
        """Leave the group; once."""
        if self._is_taken:
            self._engine.leave(self.member)
            self.ended()

    def ended(self) -> None:
        """Hear that the group has let it go; once."""
        if self._is_taken:
            self._is_taken = False
            self._count(-1)

    def _count(self, step: int) -> None:
        context = self._context
        field = self.member.group.field
        context.deps.traffic.subscriptions[field, context.transport] += step


def take_seat(
    engine: LiveEngine,
    owner: Owner,
    name: str,
    question: Question,
    context: ApiContext,
) -> Seat | None:
    """Make a subscription a member of a group and send its first event.

    None: it has to run the ordinary way, which also tells what is wrong with it.
    """
    began_s = context.deps.clock.monotonic()
    query, operation = question.query, question.operation
    given = question.variables
    member = engine.join(owner, name, query, given, operation, context)
    if member is None:
        return None
    context.subscribed()
    joined(context, query, began_s)
    return Seat(engine, member, context)


def too_many_subscriptions(context: ApiContext) -> GraphQLError:
    """Return what a caller is told who has as many subscriptions as it may."""
    allowed = context.caller.subscriptions
    if allowed is None:
        allowed = context.deps.limits.subscriptions
    return too_many(Bound.SUBSCRIPTIONS, allowed)
