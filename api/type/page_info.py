"""What lies around a page (GraphQL Cursor Connections Specification)."""

from typing import Self, TypeVar

import strawberry

from domain.model import page as model

T = TypeVar("T")


@strawberry.type(description="What lies around a page.")
class PageInfo:
    """View of a domain `Page`'s edges."""

    has_next_page: bool = strawberry.field(description="Whether rows follow.")
    has_previous_page: bool = strawberry.field(description="Whether rows precede.")
    start_cursor: str | None = strawberry.field(
        description="The first row's cursor; null where the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="The last row's cursor, for `after`; null where it is empty."
    )

    @classmethod
    def from_domain(cls, page: model.Page[T]) -> Self:
        """Return the view."""
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )
