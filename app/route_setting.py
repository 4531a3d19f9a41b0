"""Settings of the channel router: every threshold of the table of design.md."""

from typing import Self

from pydantic import Field, model_validator

from app.setting_part import Part, Percent, Seconds
from domain.model.route import RoutePolicy
from domain.services.candle_reading import CandleLimits
from domain.services.channel_race import Patience
from domain.services.market_data_service import ReadLimits


class RouteSettings(Part):
    """Which channel of a venue answers a one-off read, and how long it is good."""

    many_candles: int = Field(
        200, ge=1, le=1_001, description="From so many candles on REST is asked."
    )
    several_tickers: int = Field(
        2, ge=1, le=1_000, description="From so many tickers on the stream is asked."
    )
    window_calls: int = Field(
        100, ge=1, le=10_000, description="Last calls a channel is judged by."
    )
    min_success_percent: Percent = Field(
        80.0, description="A channel with less success is passed over."
    )
    max_p50_ms: float = Field(
        5_000.0, gt=0, description="A channel with a longer median is passed over."
    )
    record_from_calls: int = Field(
        5, ge=1, le=10_000, description="Calls a channel needs to be judged at all."
    )
    failed_just_now_s: Seconds = Field(
        4.0, description="How long a failure alone has a channel passed over."
    )
    probe_after_s: Seconds = Field(
        4.0,
        description=(
            "A channel that is passed over for its record is asked once in so long."
        ),
    )
    recover_after: int = Field(
        3,
        ge=1,
        le=10_000,
        description="Good, quick calls in a row after which its record begins anew.",
    )
    even_percent: Percent = Field(
        50.0, description="REST's share of candles where neither channel is better."
    )
    better_percent: Percent = Field(
        70.0, description="Share of the channel that does better."
    )
    much_better_percent: Percent = Field(
        80.0, description="Share of the channel that does much better."
    )
    compare_from_calls: int = Field(
        20, ge=1, le=10_000, description="Calls both need before they are compared."
    )
    better_success_points: Percent = Field(
        5.0, description="Percentage points of success that make a channel better."
    )
    much_better_success_points: Percent = Field(
        10.0, description="Percentage points that make it much better."
    )
    better_speed: float = Field(
        1.5,
        ge=1,
        description="Where success does not tell: how many times faster is better.",
    )
    much_better_speed: float = Field(
        3.0, ge=1, description="How many times faster is much better."
    )
    alone_ms: float = Field(
        500.0,
        gt=0,
        description="A channel silent for so long is no longer waited for alone.",
    )
    answer_within_ms: float = Field(
        3_000.0,
        gt=0,
        description=(
            "After the first failed try a question is answered within this time, by "
            "the other channel or by the stored value."
        ),
    )
    give_up_s: Seconds = Field(
        12.0, description="The longest a question waits where nothing has failed."
    )
    max_under_way: int = Field(
        256,
        ge=2,
        le=100_000,
        description="Calls under way; at the cap a question gets the stored value.",
    )
    order_book_ttl_ms: float = Field(
        1_000.0, gt=0, description="How long an order book is served again."
    )
    running_candle_ttl_ms: float = Field(
        1_000.0, gt=0, description="How long the running candle is served again."
    )
    streamed_candles: int = Field(
        1,
        ge=0,
        le=1_000,
        description=(
            "Up to so many candles a stream is taken to have all of: REST and stream "
            "share those questions."
        ),
    )
    closed_candle_ttl_s: Seconds = Field(
        60.0, description="How long closed candles are served again."
    )
    candle_settle_ms: float = Field(
        2_000.0,
        ge=0,
        description="After a candle's end closed ones are good no longer than running.",
    )
    max_kept: int = Field(
        1_000,
        ge=1,
        le=100_000,
        description="Order books and lists of trades kept, each; the oldest goes.",
    )
    max_series: int = Field(
        128, ge=1, le=10_000, description="Series of candles kept; the oldest goes."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        pairs = (
            (self.even_percent, self.better_percent, "better_percent"),
            (self.better_percent, self.much_better_percent, "much_better_percent"),
            (
                self.better_success_points,
                self.much_better_success_points,
                "much_better_success_points",
            ),
            (self.better_speed, self.much_better_speed, "much_better_speed"),
            (self.recover_after, self.window_calls, "window_calls"),
        )
        for small, large, name in pairs:
            if small > large:
                raise ValueError(f"{name} must be at least {small:g}")
        return self

    def policy(self) -> RoutePolicy:
        """Return the thresholds of the table."""
        return RoutePolicy(
            many_candles=self.many_candles,
            several_tickers=self.several_tickers,
            window_calls=self.window_calls,
            min_success_share=self.min_success_percent / 100,
            max_p50_ms=self.max_p50_ms,
            record_from_calls=self.record_from_calls,
            failed_just_now_s=self.failed_just_now_s,
            probe_after_s=self.probe_after_s,
            recover_after=self.recover_after,
            even_share=self.even_percent / 100,
            better_share=self.better_percent / 100,
            much_better_share=self.much_better_percent / 100,
            compare_from_calls=self.compare_from_calls,
            better_success=self.better_success_points / 100,
            much_better_success=self.much_better_success_points / 100,
            better_speed=self.better_speed,
            much_better_speed=self.much_better_speed,
        )

    def patience(self) -> Patience:
        """Return how long whom is waited for."""
        return Patience(
            alone_s=self.alone_ms / 1_000,
            answer_within_s=self.answer_within_ms / 1_000,
            give_up_s=self.give_up_s,
            max_under_way=self.max_under_way,
        )

    def limits(self) -> ReadLimits:
        """Return how long answers are good, and how many are kept."""
        return ReadLimits(
            order_book_ttl_s=self.order_book_ttl_ms / 1_000,
            max_kept=self.max_kept,
            candles=CandleLimits(
                closed_ttl_s=self.closed_candle_ttl_s,
                running_ttl_s=self.running_candle_ttl_ms / 1_000,
                settle_s=self.candle_settle_ms / 1_000,
                streamed=self.streamed_candles,
                max_series=self.max_series,
            ),
        )
