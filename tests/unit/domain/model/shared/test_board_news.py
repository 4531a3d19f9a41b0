"""News folded into a state."""

import pytest

from domain.model.board_news import (
    BoardNews,
    BoardSigns,
    BoardState,
    HeardNews,
    NewsMissing,
    fold,
)
from domain.model.market import Exchange, MarketKey
from tests.contract.bus.board import NOW_MS, news_of, signs

KEY = MarketKey(Exchange.BINANCE, "BTCUSDT")


def test_changes_replace_and_removals_drop() -> None:
    heard = [
        HeardNews(news_of(1, 0, 1, "BTC", "ETH"), 1),
        HeardNews(news_of(1, 1, 3, "BTC", removed=("ETH", "XRP")), 2),
    ]
    state = fold(BoardState(), heard)
    assert [(p.symbol, p.seq) for p in state.premiums] == [("BTC", 3)]
    assert (state.term, state.seq, state.position) == (1, 3, 2)


def test_news_of_an_older_term_only_move_the_position() -> None:
    state = fold(BoardState(term=2, seq=5), [HeardNews(news_of(1, 5, 9, "BTC"), 7)])
    assert state == BoardState(term=2, seq=5, position=7)


def test_a_gap_between_state_and_news_is_missing_news() -> None:
    with pytest.raises(NewsMissing):
        fold(BoardState(seq=3), [HeardNews(news_of(1, 4, 5, "BTC"), 1)])


def test_later_signs_replace_earlier_ones_but_stamps_add_up() -> None:
    later = BoardSigns(carried={KEY: NOW_MS})
    both = signs().then(later)
    assert both.rates == ()
    assert both.carried == {**signs().carried, KEY: NOW_MS}
    assert signs().then(None) == signs()
    told = BoardNews(1, 0, 0, NOW_MS, signs=later)
    assert fold(BoardState(signs=signs()), [HeardNews(told, 1)]).signs == both
