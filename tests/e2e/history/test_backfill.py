"""Backfills in bad weather, and what becomes of their bars: see the three stories.

Each has venues, a database and a folder of its own. They are told side by side, because
most of their time is waiting: for a budget, for a venue that is down.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future

import pytest

from tests.conftest import PostgresServer
from tests.e2e.history import fault_story as fault
from tests.e2e.history import garbage_story as garbage
from tests.e2e.history import retention_story as retention
from tests.e2e.history.desk import STORY_LIMIT_S, Story, side_by_side

# Those that wait the longest come first.
STORIES: list[Story] = [
    fault.a_venue_that_goes_down_halfway_is_exit_1_and_the_next_run_completes,
    fault.questions_that_are_refused_for_their_number_wait_and_go_on,
    retention.hours_and_days_outlive_their_minutes_and_the_market,
    fault.a_killed_backfill_goes_on_where_it_was,
    garbage.an_answer_that_is_no_list_of_candles_fails_the_run,
    garbage.what_cannot_be_believed_makes_no_bar_and_is_asked_for_again,
    fault.a_year_of_days_takes_the_least_questions_and_the_true_rates,
    fault.candles_out_of_order_twice_and_with_holes_are_put_right_and_counted,
    fault.minutes_are_asked_for_within_half_the_budget,
    fault.a_rate_file_replaces_every_source_and_what_was_kept,
    fault.without_any_rate_source_the_run_fails,
]


@pytest.fixture(scope="module")
def under_way(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Mapping[Story, Future[None]]]:
    folder = tmp_path_factory.mktemp("desks")
    with side_by_side(STORIES, folder, postgres_server) as futures:
        yield futures


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES, ids=[s.__name__ for s in STORIES])
def test_of_backfills(under_way: Mapping[Story, Future[None]], story: Story) -> None:
    under_way[story].result(STORY_LIMIT_S)
