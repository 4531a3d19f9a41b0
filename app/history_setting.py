"""What is kept of the past, and for how long (`KIMP_HISTORY__…`)."""

from pydantic import Field

from app.setting_part import Part, Seconds


class HistorySettings(Part):
    """Bars, snapshots, and how their gaps are healed."""

    minutes_days: int = Field(
        400,
        ge=2,
        le=36_500,
        description=(
            "Minute bars are kept for so many days; whole months are dropped. Hours "
            "and days derived from them stay."
        ),
    )
    bars_days: int = Field(
        0,
        ge=0,
        le=36_500,
        description="Larger bars are kept for so many days; 0: for ever.",
    )
    heal_days: int = Field(
        7,
        ge=0,
        le=400,
        description=(
            "So many days back gaps among minutes are looked for and healed at start; "
            "0: gaps are left alone."
        ),
    )
    spool_mb: int = Field(
        256,
        ge=1,
        le=100_000,
        description=(
            "Megabytes of bars that wait on disk, in the data folder, while the "
            "database is away; past it the oldest go, and are healed later."
        ),
    )
    compare_interval_s: Seconds = Field(
        60.0,
        description=(
            "How often what is stored about each coin is compared with what is known."
        ),
    )
    verify_after_s: Seconds = Field(
        120.0,
        description=(
            "So long after the Seoul date change the venues' 1-minute candles of it "
            "are taken for final, and the day's snapshots are compared with them."
        ),
    )
