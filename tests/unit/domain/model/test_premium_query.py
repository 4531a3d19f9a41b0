"""Which premiums a client wants, in which order."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypedDict

import pytest

from domain.model.fx import PremiumBasis
from domain.model.market import Quality
from domain.model.page import Direction, PageRequest, paginate
from domain.model.premium import BasisPremium, Numbers, Premium
from domain.model.premium_query import (
    PremiumFilter,
    PremiumOrder,
    PremiumOrderField,
)
from tests.unit.domain.model.conftest import Make

LIVE, STALE, UNAVAILABLE = Quality


@dataclass(frozen=True)
class Row:
    """Makes published premiums; the won are ten times the percent."""

    make: Make

    def __call__(
        self,
        symbol: str,
        percent: str | None = "1",
        *,
        quality: Quality = LIVE,
        usdt_percent: str | None = None,
        volume: str | None = None,
        change: str | None = None,
        domestic: bool = True,
    ) -> Premium:
        """Return a coin's premium on the two bases, with a volume and a change."""
        percents = zip(PremiumBasis, (percent, usdt_percent, None), strict=True)
        bases = tuple(
            BasisPremium(basis, numbers(text), None, quality, None)
            for basis, text in percents
        )
        quote = self.make.quote(
            f"KRW-{symbol}",
            "1",
            quote_volume_24h=known(volume),
            change_percent_since_utc_midnight=known(change),
        )
        shown = quote if domestic else None
        return Premium(self.make.coin(symbol), shown, None, bases, at_ms=0)


def numbers(text: str | None) -> Numbers | None:
    return None if text is None else Numbers(Decimal(text), Decimal(text) * 10)


def known(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


class Bounds(TypedDict, total=False):
    """Which percents are wanted."""

    min_percent: Decimal
    max_percent: Decimal


@pytest.fixture
def row(make: Make) -> Row:
    """A maker of published premiums."""
    return Row(make)


def test_without_conditions_everything_matches(row: Row) -> None:
    assert PremiumFilter().matches(row("BTC", None, quality=UNAVAILABLE))


def test_symbols_match_without_regard_to_case_and_unknown_ones_match_nothing(
    row: Row,
) -> None:
    wanted = PremiumFilter.of(symbols=["btc", "nosuch"])
    assert wanted.matches(row("BTC"))
    assert not wanted.matches(row("ETH"))


def test_empty_lists_match_nothing(row: Row) -> None:
    assert not PremiumFilter.of(symbols=[]).matches(row("BTC"))
    assert not PremiumFilter.of(quality=[]).matches(row("BTC"))


def test_quality_is_that_of_the_official_basis(row: Row) -> None:
    wanted = PremiumFilter.of(quality=[STALE, UNAVAILABLE])
    assert wanted.matches(row("BTC", quality=STALE))
    assert not wanted.matches(row("BTC", quality=LIVE))


@pytest.mark.parametrize(
    ("bounds", "percent", "matches"),
    [
        ({"min_percent": Decimal(1)}, "1", True),
        ({"min_percent": Decimal(1)}, "0.999999", False),
        ({"max_percent": Decimal(1)}, "1", True),
        ({"max_percent": Decimal(1)}, "1.000001", False),
        ({"min_percent": Decimal(-2), "max_percent": Decimal(2)}, "0", True),
        ({"min_percent": Decimal(2), "max_percent": Decimal(-2)}, "0", False),
        ({"min_percent": Decimal(-99)}, None, False),
        ({"max_percent": Decimal(99)}, None, False),
    ],
)
def test_percent_bounds_are_inclusive_and_a_null_percent_matches_none(
    row: Row, bounds: Bounds, percent: str | None, matches: bool
) -> None:
    assert PremiumFilter.of(**bounds).matches(row("BTC", percent)) is matches


def test_the_percent_bounds_speak_of_the_official_basis(row: Row) -> None:
    wanted = PremiumFilter.of(min_percent=Decimal(5))
    assert not wanted.matches(row("BTC", "1", usdt_percent="9"))


def test_a_volume_that_is_too_low_or_unknown_does_not_match(row: Row) -> None:
    wanted = PremiumFilter.of(min_quote_volume_24h=Decimal(100))
    assert wanted.matches(row("BTC", volume="100"))
    assert not wanted.matches(row("BTC", volume="99.9"))
    assert not wanted.matches(row("BTC"))
    assert not wanted.matches(row("BTC", domestic=False))


def test_equal_filters_have_equal_names_and_different_ones_do_not() -> None:
    of = PremiumFilter.of

    assert of(symbols=["b", "A"]).name == of(symbols=["A", "B", "a"]).name
    assert of(min_percent=Decimal("1.0")).name == of(min_percent=Decimal(1)).name
    filters = [
        of(),
        of(symbols=[]),
        of(symbols=["A"]),
        of(quality=[]),
        of(quality=[LIVE]),
        of(min_percent=Decimal(1)),
        of(max_percent=Decimal(1)),
        of(min_quote_volume_24h=Decimal(1)),
    ]
    assert len({wanted.name for wanted in filters}) == len(filters)


@pytest.fixture
def rows(row: Row) -> list[Premium]:
    """Four premiums whose orders all differ."""
    return [
        row("A", "3", usdt_percent="1", volume="5", change="0"),
        row("B", "-1", usdt_percent="2", volume="50", change="-7"),
        row("C", "20", usdt_percent=None, volume=None, change="9"),
        row("D", None, usdt_percent="-3", volume="6", domestic=False),
    ]


@pytest.mark.parametrize(
    ("field", "basis", "ascending", "descending"),
    [
        (PremiumOrderField.SYMBOL, "OFFICIAL_FX", "ABCD", "DCBA"),
        (PremiumOrderField.PERCENT, "OFFICIAL_FX", "BACD", "CABD"),
        (PremiumOrderField.PERCENT, "KRW_USDT", "DABC", "BADC"),
        (PremiumOrderField.PERCENT, "KRW_USDC", "ABCD", "ABCD"),
        (PremiumOrderField.ABSOLUTE_KRW, "OFFICIAL_FX", "BACD", "CABD"),
        (PremiumOrderField.DOMESTIC_VOLUME, "OFFICIAL_FX", "ABCD", "BACD"),
        (PremiumOrderField.DOMESTIC_CHANGE, "OFFICIAL_FX", "BACD", "CABD"),
    ],
)
def test_premiums_are_ordered_by_the_field_on_its_basis_with_nulls_last(
    rows: list[Premium],
    field: PremiumOrderField,
    basis: str,
    ascending: str,
    descending: str,
) -> None:
    for direction, expected in (
        (Direction.ASC, ascending),
        (Direction.DESC, descending),
    ):
        order = PremiumOrder(field, direction, PremiumBasis(basis))
        page = paginate(rows, order.ordering(PremiumFilter()), PageRequest(9))
        assert "".join(premium.symbol for premium in page.rows) == expected


def test_the_default_order_is_by_symbol_ascending(rows: list[Premium]) -> None:
    ordering = PremiumOrder().ordering(PremiumFilter())
    page = paginate(reversed(rows), ordering, PageRequest(9))
    assert [premium.symbol for premium in page.rows] == ["A", "B", "C", "D"]


def test_an_ordering_is_named_by_field_basis_and_filter() -> None:
    orders = [
        PremiumOrder(),
        PremiumOrder(PremiumOrderField.PERCENT),
        replace(PremiumOrder(), basis=PremiumBasis.KRW_USDT),
    ]
    filters = [PremiumFilter(), PremiumFilter.of(symbols=["A"])]
    names = {order.ordering(wanted).name for order in orders for wanted in filters}
    assert len(names) == 6
