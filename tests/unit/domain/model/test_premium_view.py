"""What one subscriber has been told: nothing lost, nothing told twice."""

from decimal import Decimal

import pytest

from domain.model.market import Exchange, Quality
from domain.model.premium_query import PremiumFilter, PremiumView
from tests.unit.domain.model.conftest import Desk, Make


class Client:
    """A view on a board, and what it told last."""

    def __init__(self, desk: Desk, wanted: PremiumFilter) -> None:
        self.board = desk.board
        self.view = PremiumView(wanted)

    def begin(self) -> list[str]:
        """Return the symbols of the first event."""
        found = self.view.snapshot(self.board.premiums(), self.board.seq)
        return [premium.symbol for premium in found]

    def next(self) -> tuple[list[str], list[str]]:
        """Return what is told and what is removed since."""
        told, removed = self.view.delta(
            self.board.changed_since(self.view.tick),
            self.board.symbols,
            self.board.seq,
        )
        return [premium.symbol for premium in told], list(removed)


@pytest.fixture
def above(open_desk: Desk) -> Client:
    """A client that wants at least 1 percent; all is at zero."""
    client = Client(open_desk, PremiumFilter.of(min_percent=Decimal(1)))
    assert client.begin() == []
    return client


def test_the_first_event_holds_every_matching_coin_by_symbol(open_desk: Desk) -> None:
    open_desk.trade("KRW-BTC", "1")
    open_desk.tick()
    client = Client(open_desk, PremiumFilter())
    assert client.begin() == ["BTC", "ETH"]
    assert client.view.tick == open_desk.board.seq
    assert client.next() == ([], [])


def test_a_later_event_holds_only_what_changed(open_desk: Desk) -> None:
    client = Client(open_desk, PremiumFilter())
    client.begin()
    open_desk.trade("KRW-ETH", "1")
    open_desk.tick()
    assert client.next() == (["ETH"], [])
    assert client.next() == ([], [])


def test_changes_of_several_ticks_are_merged(open_desk: Desk) -> None:
    client = Client(open_desk, PremiumFilter())
    client.begin()
    for market, price in (("KRW-ETH", "1"), ("KRW-BTC", "2"), ("KRW-ETH", "3")):
        open_desk.trade(market, price)
        open_desk.tick()
    assert client.next() == (["BTC", "ETH"], [])


def test_a_coin_that_came_to_match_is_told_and_one_that_no_longer_does_is_removed(
    open_desk: Desk, above: Client
) -> None:
    open_desk.trade("KRW-BTC", "53000000")
    open_desk.tick()
    assert above.next() == (["BTC"], [])
    open_desk.trade("KRW-BTC", "52000000")
    open_desk.tick()
    assert above.next() == ([], ["BTC"])


def test_a_change_of_a_coin_that_never_matched_is_not_told(
    open_desk: Desk, above: Client
) -> None:
    open_desk.trade("KRW-BTC", "52000001")
    open_desk.tick()
    assert above.next() == ([], [])


def test_a_percent_that_became_null_is_removed_under_a_percent_filter(
    open_desk: Desk, above: Client, make: Make
) -> None:
    open_desk.trade("KRW-BTC", "53000000")
    open_desk.tick()
    above.next()
    open_desk.board.set_coins([make.coin("BTC", only_domestic=True), make.coin("ETH")])
    open_desk.tick()
    assert above.next() == ([], ["BTC"])


def test_a_delisted_coin_that_was_told_is_removed_once(
    open_desk: Desk, make: Make
) -> None:
    client = Client(open_desk, PremiumFilter())
    client.begin()
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.tick()
    assert client.next() == ([], ["ETH"])
    assert client.next() == ([], [])


def test_a_delisted_coin_that_was_never_told_is_not_removed(
    open_desk: Desk, above: Client, make: Make
) -> None:
    open_desk.board.set_coins([make.coin("BTC")])
    open_desk.tick()
    assert above.next() == ([], [])


def test_a_coin_that_left_and_came_back_between_two_events_is_told_again(
    open_desk: Desk, make: Make
) -> None:
    client = Client(open_desk, PremiumFilter())
    client.begin()
    for coins in (["BTC"], ["BTC", "ETH"]):
        open_desk.board.set_coins(map(make.coin, coins))
        open_desk.tick()
    assert client.next() == (["ETH"], [])


def test_a_venue_going_down_is_one_event_with_all_its_coins(open_desk: Desk) -> None:
    client = Client(open_desk, PremiumFilter())
    client.begin()
    open_desk.down(Exchange.UPBIT)
    open_desk.tick()
    assert client.next() == (["BTC", "ETH"], [])


def test_a_venue_going_down_removes_its_coins_from_those_who_want_live_ones(
    open_desk: Desk,
) -> None:
    client = Client(open_desk, PremiumFilter.of(quality=[Quality.LIVE]))
    assert client.begin() == ["BTC", "ETH"]
    open_desk.down(Exchange.UPBIT)
    open_desk.tick()
    assert client.next() == ([], ["BTC", "ETH"])


def test_ages_alone_make_no_event(open_desk: Desk) -> None:
    client = Client(open_desk, PremiumFilter())
    client.begin()
    open_desk.pass_s(4)
    open_desk.tell(Exchange.UPBIT)
    open_desk.tell(Exchange.BINANCE)
    open_desk.tick()
    assert client.next() == ([], [])
