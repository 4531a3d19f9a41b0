"""What resolvers are given: one value per operation, never per socket."""

from dataclasses import dataclass

from api.deps import ApiDeps
from api.moment import Moment


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The context value of GraphQL operations."""

    deps: ApiDeps

    def moment(self) -> Moment:
        """Return the moment of an answer that is written now."""
        return Moment(self.deps.clock.now_ms(), self.deps.board.board)
