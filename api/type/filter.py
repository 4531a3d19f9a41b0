"""What clients may ask for: filters and orders."""

from decimal import Decimal

import strawberry

from api.type.vocabulary import (
    CoinOrderField,
    Direction,
    Exchange,
    MarketWarning,
    PremiumBasis,
    PremiumOrderField,
    Quality,
)


@strawberry.input(
    description="Conditions on coins; all hold at once, null is no condition."
)
class CoinFilter:
    """See the domain's `CoinFilter`."""

    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Part of the symbol, of the Korean name (also by initial consonants: "
            "ㅂㅌㅋㅇ) or of the English name; at most 64 characters."
        ),
    )
    symbols: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Only these, in any case; unknown ones match nothing, `[]` matches "
            "nothing; at most 1000."
        ),
    )
    exchange: Exchange | None = strawberry.field(
        default=strawberry.UNSET, description="Only coins listed there now."
    )
    warning: MarketWarning | None = strawberry.field(
        default=strawberry.UNSET, description="Only coins with this warning now."
    )


@strawberry.input(
    description=(
        "Conditions on premiums; all hold at once, null is no condition. Percent and "
        "quality are those of OFFICIAL_FX, bounds are inclusive; an unknown number "
        "meets no bound."
    )
)
class PremiumFilter:
    """See the domain's `PremiumFilter`."""

    symbols: list[str] | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "Only these, in any case; unknown ones match nothing, `[]` matches "
            "nothing; at most 1000."
        ),
    )
    quality: list[Quality] | None = strawberry.field(
        default=strawberry.UNSET, description="Only these; `[]` matches nothing."
    )
    min_percent: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="At least so many percent."
    )
    max_percent: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="At most so many percent."
    )
    min_quote_volume_24h: Decimal | None = strawberry.field(
        name="minQuoteVolume24h",
        default=strawberry.UNSET,
        description="At least this turnover on Upbit in 24 hours, in won.",
    )


@strawberry.input(description="The order of coins; ties go by symbol.")
class CoinOrder:
    """See the domain's `CoinOrder`."""

    field: CoinOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(
        default=Direction.ASC, description="Which way."
    )


@strawberry.input(
    description="The order of premiums; nulls come last both ways, ties go by symbol."
)
class PremiumOrder:
    """See the domain's `PremiumOrder`."""

    field: PremiumOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(
        default=Direction.DESC, description="Which way."
    )
    basis: PremiumBasis = strawberry.field(
        default=PremiumBasis.OFFICIAL_FX,
        description="On which basis PERCENT and ABSOLUTE_KRW are.",
    )
