"""LIVE, first half: sessions, their data, cuts, renewals, and REST as its own."""

import pytest

from domain.model.event import FeedBatch, FeedDown, FeedUp
from domain.model.feed import FeedMonitor
from domain.model.market import Channel, Exchange

UPBIT, BINANCE = Exchange.UPBIT, Exchange.BINANCE
WEBSOCKET, REST = Channel.WEBSOCKET, Channel.REST


class Feeds(FeedMonitor):
    """A monitor with short words."""

    def up(self, at_s: float, channel: Channel = WEBSOCKET, **how: bool) -> None:
        """Begin a session on Upbit."""
        self.observe(FeedUp(UPBIT, channel, at_s, **how))

    def down(self, at_s: float, channel: Channel = WEBSOCKET) -> None:
        """Cut it."""
        self.observe(FeedDown(UPBIT, channel, at_s, "cut"))

    def data(self, at_s: float, channel: Channel = WEBSOCKET, **how: bool) -> None:
        """Bring a message."""
        self.observe(FeedBatch(UPBIT, channel, 0, at_s, (), **how))


@pytest.fixture
def feeds() -> Feeds:
    """No session yet."""
    return Feeds()


@pytest.mark.parametrize(("exchange", "bound_s"), [(UPBIT, 10.0), (BINANCE, 5.0)])
def test_a_session_is_fresh_while_data_is_within_the_bound_of_its_venue(
    exchange: Exchange, bound_s: float
) -> None:
    feeds = FeedMonitor()
    feeds.observe(FeedUp(exchange, WEBSOCKET, 100.0))
    feeds.observe(FeedBatch(exchange, WEBSOCKET, 0, 101.0, ()))
    assert feeds.live_since(exchange, 101.0 + bound_s) == 100.0
    assert feeds.live_since(exchange, 101.001 + bound_s) is None


def test_the_bounds_are_settings() -> None:
    feeds = Feeds({UPBIT: 1.0, BINANCE: 1.0})
    feeds.up(0.0)
    feeds.data(0.0)
    assert feeds.live_since(UPBIT, 1.5) is None


def test_a_session_that_is_up_but_brought_no_data_yet_is_not_fresh(
    feeds: Feeds,
) -> None:
    feeds.up(100.0)
    assert feeds.live_since(UPBIT, 100.0) is None


def test_a_venue_never_heard_has_no_session(feeds: Feeds) -> None:
    assert feeds.session(UPBIT, WEBSOCKET) is None
    assert feeds.live_since(UPBIT, 0.0) is None


def test_a_cut_ends_the_session_at_once(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    feeds.down(100.1)
    assert feeds.live_since(UPBIT, 100.1) is None
    session = feeds.session(UPBIT, WEBSOCKET)
    assert session is not None
    assert session.down_reason == "cut"


def test_data_after_a_cut_and_before_the_next_session_counts_for_none(
    feeds: Feeds,
) -> None:
    feeds.up(100.0)
    feeds.down(101.0)
    feeds.data(102.0)
    assert feeds.live_since(UPBIT, 102.0) is None
    feeds.up(103.0)
    assert feeds.live_since(UPBIT, 103.0) is None


def test_a_new_session_begins_anew(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    feeds.down(101.0)
    feeds.up(102.0)
    feeds.data(102.5)
    assert feeds.live_since(UPBIT, 103.0) == 102.0


def test_a_planned_renewal_with_overlap_continues_the_session(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    feeds.up(105.0, renewed=True)
    assert feeds.live_since(UPBIT, 106.0) == 100.0


def test_a_renewal_after_a_cut_continues_nothing(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    feeds.down(101.0)
    feeds.up(102.0, renewed=True)
    feeds.data(102.0)
    assert feeds.live_since(UPBIT, 102.0) == 102.0


def test_a_session_that_begins_while_another_is_up_ends_that_one(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    feeds.up(101.0)
    assert feeds.live_since(UPBIT, 101.0) is None


def test_rest_polling_is_a_session_of_its_own(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    feeds.down(101.0)
    feeds.up(102.0, REST)
    feeds.data(102.0, REST)
    assert feeds.live_since(UPBIT, 103.0) == 102.0
    feeds.up(104.0)
    feeds.data(104.0)
    assert feeds.live_since(UPBIT, 105.0) == 102.0
    feeds.down(105.0, REST)
    assert feeds.live_since(UPBIT, 105.0) == 104.0


def test_a_single_rest_answer_is_no_session(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(101.0, seed=True)
    assert feeds.live_since(UPBIT, 101.0) is None


def test_one_venue_says_nothing_about_the_other(feeds: Feeds) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    assert feeds.live_since(BINANCE, 100.0) is None


def test_a_venue_turns_when_a_feed_becomes_fresh_or_stale_and_only_then(
    feeds: Feeds,
) -> None:
    assert feeds.turned(99.0) == set()
    feeds.up(100.0)
    assert feeds.turned(100.0) == set()
    feeds.data(100.0)
    assert feeds.turned(100.0) == {UPBIT}
    feeds.data(101.0)
    assert feeds.turned(101.0) == set()
    assert feeds.turned(111.5) == {UPBIT}
    assert feeds.turned(112.0) == set()


def test_a_venue_turns_when_its_session_was_cut_and_began_anew_in_between(
    feeds: Feeds,
) -> None:
    feeds.up(100.0)
    feeds.data(100.0)
    feeds.turned(100.0)
    feeds.down(100.01)
    feeds.up(100.02)
    feeds.data(100.03)
    assert feeds.turned(100.1) == {UPBIT}
