"""What fields of coins and premiums may be asked with."""

from datetime import date
from typing import Annotated

import strawberry

from api.scalar import UnixMs
from api.type.vocabulary import Direction, Interval, PremiumBasis, StatsWindow
from domain.model.history_query import MAX_SPAN_BARS
from domain.model.page import MAX_FIRST, MIN_FIRST
from domain.services.history_service import MAX_SPARKLINE, MIN_SPARKLINE

Basis = Annotated[PremiumBasis, strawberry.argument(description="How to convert.")]
Length = Annotated[
    Interval, strawberry.argument(description="How long each bar is; S1 is not kept.")
]
Begin = Annotated[
    UnixMs,
    strawberry.argument(
        name="from",
        description=(
            "Bars that opened then or later; at most "
            f"{MAX_SPAN_BARS} bars before `to`, and not after it."
        ),
    ),
]
End = Annotated[
    UnixMs, strawberry.argument(name="to", description="Bars that opened before.")
]
FirstDay = Annotated[
    date | None,
    strawberry.argument(
        name="from", description="The first day, inclusive; null: from the beginning."
    ),
]
LastDay = Annotated[
    date | None,
    strawberry.argument(
        name="to", description="The last day, inclusive; null: to the end."
    ),
]
Way = Annotated[Direction, strawberry.argument(description="ASC: the oldest first.")]
Rows = Annotated[
    int | None,
    strawberry.argument(
        name="first", description=f"Rows per page, {MIN_FIRST} to {MAX_FIRST}."
    ),
]
After = Annotated[
    str | None,
    strawberry.argument(description="A cursor; rows after it, all else being equal."),
]
Window = Annotated[
    StatsWindow, strawberry.argument(description="How far back to look.")
]
Points = Annotated[
    int,
    strawberry.argument(
        description=f"At most so many points, {MIN_SPARKLINE} to {MAX_SPARKLINE}."
    ),
]
