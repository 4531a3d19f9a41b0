"""An operation that is asked for, by whatever transport."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError


@dataclass(frozen=True, slots=True)
class Question:
    """A document, its variables and the operation in it; `refusal`: why it is none."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation: str | None = None
    refusal: GraphQLError | None = None
