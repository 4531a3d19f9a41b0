"""How much of the past one operation may read."""

from graphql import GraphQLError

from api.error import ErrorCode
from api.limit import MAX_HISTORY_ROWS, MIN_QUESTION_ROWS, Bound


class Allowance:
    """Rows of history that an operation may still ask for; one per operation.

    A list of coins asks for the bars of each: what that comes to is known only when
    the resolvers run.
    """

    def __init__(self, rows: int = MAX_HISTORY_ROWS) -> None:
        self._most = self._rows = rows

    def take(self, rows: int) -> None:
        """Take a question for so many rows off; 0: none is asked.

        Raises:
            GraphQLError: QUERY_TOO_COMPLEX, more is asked for than is left.
        """
        cost = max(rows, MIN_QUESTION_ROWS) if rows else 0
        if cost > self._rows:
            raise GraphQLError(
                f"the operation asks for more than {self._most} rows of history; "
                f"each question counts for {MIN_QUESTION_ROWS} at least: ask for fewer "
                "coins, or a smaller `first`",
                extensions={
                    "code": ErrorCode.QUERY_TOO_COMPLEX.value,
                    "limit": Bound.HISTORY_ROWS.value,
                    "maximum": self._most,
                },
            )
        self._rows -= cost
