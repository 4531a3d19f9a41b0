"""Pages of coins and premiums (GraphQL Cursor Connections Specification)."""

from typing import Self

import strawberry

from api.moment import Moment
from api.type.page_info import PageInfo
from api.type.premium import Coin, Premium
from api.type.resolver import resolver
from api.type.summary import BoardSummary
from domain.model import coin as coin_model
from domain.model import page as model
from domain.model import premium as premium_model


@strawberry.type(description="A coin's place in a page.")
class CoinEdge:
    """A coin and its cursor."""

    cursor: str = strawberry.field(description="Its place in this order and filter.")
    node: Coin = strawberry.field(description="The coin.")


@strawberry.type(description="A page of coins.")
class CoinConnection:
    """View of a domain `Page` of coins."""

    page: strawberry.Private[model.Page[coin_model.Coin]]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, page: model.Page[coin_model.Coin], moment: Moment) -> Self:
        """Return the view."""
        return cls(page=page, moment=moment)

    @resolver("The coins of this page.")
    def edges(self) -> list[CoinEdge]:
        """The rows."""
        return [
            CoinEdge(cursor=cursor, node=Coin.from_domain(row, self.moment))
            for cursor, row in zip(self.page.cursors, self.page.rows, strict=True)
        ]

    @resolver("What lies around this page.")
    def page_info(self) -> PageInfo:
        """What lies around."""
        return PageInfo.from_domain(self.page)

    @resolver("How many coins match, on all pages.")
    def total_count(self) -> int:
        """How many match."""
        return self.page.total


@strawberry.type(description="A premium's place in a page.")
class PremiumEdge:
    """A premium and its cursor."""

    cursor: str = strawberry.field(description="Its place in this order and filter.")
    node: Premium = strawberry.field(description="The premium.")


@strawberry.type(description="A page of premiums.")
class PremiumConnection:
    """View of a domain `Page` of premiums."""

    page: strawberry.Private[model.Page[premium_model.Premium]]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(
        cls, page: model.Page[premium_model.Premium], moment: Moment
    ) -> Self:
        """Return the view."""
        return cls(page=page, moment=moment)

    @resolver("The premiums of this page.")
    def edges(self) -> list[PremiumEdge]:
        """The rows."""
        return [
            PremiumEdge(cursor=cursor, node=Premium.from_domain(row, self.moment))
            for cursor, row in zip(self.page.cursors, self.page.rows, strict=True)
        ]

    @resolver("What lies around this page.")
    def page_info(self) -> PageInfo:
        """What lies around."""
        return PageInfo.from_domain(self.page)

    @resolver("How many premiums match, on all pages.")
    def total_count(self) -> int:
        """How many match."""
        return self.page.total

    @resolver("The whole board in one line, whatever the filter.")
    def summary(self) -> BoardSummary:
        """The board in one line."""
        return BoardSummary.from_domain(self.moment.board.summary(), self.moment)
