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
    """View of an `Edge` of a domain `Page` of coins."""

    value: strawberry.Private[model.Edge[coin_model.Coin]]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: model.Edge[coin_model.Coin], moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("Its place in this order and filter.")
    def cursor(self) -> str:
        """Its place."""
        return self.value.cursor

    @resolver("The coin.")
    def node(self) -> Coin:
        """The coin."""
        return Coin.from_domain(self.value.row, self.moment)


@strawberry.type(description="A page of coins.")
class CoinConnection:
    """View of a domain `Page` of coins."""

    value: strawberry.Private[model.Page[coin_model.Coin]]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(cls, value: model.Page[coin_model.Coin], moment: Moment) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("The coins of this page.")
    def edges(self) -> list[CoinEdge]:
        """The rows."""
        return [CoinEdge.from_domain(edge, self.moment) for edge in self.value.edges]

    @resolver("What lies around this page.")
    def page_info(self) -> PageInfo:
        """What lies around."""
        return PageInfo.from_domain(self.value)

    @resolver("How many coins match, on all pages.")
    def total_count(self) -> int:
        """How many match."""
        return self.value.total


@strawberry.type(description="A premium's place in a page.")
class PremiumEdge:
    """View of an `Edge` of a domain `Page` of premiums."""

    value: strawberry.Private[model.Edge[premium_model.Premium]]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(
        cls, value: model.Edge[premium_model.Premium], moment: Moment
    ) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("Its place in this order and filter.")
    def cursor(self) -> str:
        """Its place."""
        return self.value.cursor

    @resolver("The premium.")
    def node(self) -> Premium:
        """The premium."""
        return Premium.from_domain(self.value.row, self.moment)


@strawberry.type(description="A page of premiums.")
class PremiumConnection:
    """View of a domain `Page` of premiums."""

    value: strawberry.Private[model.Page[premium_model.Premium]]
    moment: strawberry.Private[Moment]

    @classmethod
    def from_domain(
        cls, value: model.Page[premium_model.Premium], moment: Moment
    ) -> Self:
        """Return the view."""
        return cls(value=value, moment=moment)

    @resolver("The premiums of this page.")
    def edges(self) -> list[PremiumEdge]:
        """The rows."""
        return [PremiumEdge.from_domain(edge, self.moment) for edge in self.value.edges]

    @resolver("What lies around this page.")
    def page_info(self) -> PageInfo:
        """What lies around."""
        return PageInfo.from_domain(self.value)

    @resolver("How many premiums match, on all pages.")
    def total_count(self) -> int:
        """How many match."""
        return self.value.total

    @resolver("The whole board in one line, whatever the filter.", moving=True)
    def summary(self) -> BoardSummary:
        """The board in one line."""
        return BoardSummary.from_domain(self.moment.board.summary(), self.moment)
