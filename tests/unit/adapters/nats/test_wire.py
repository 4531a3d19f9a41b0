"""News to bytes and back."""

import pytest

from adapters.nats.wire import (
    Unreadable,
    decode_news,
    decode_state,
    encode_news,
    encode_state,
    learned,
)
from domain.model.board_news import BoardState
from domain.model.coin import Coin
from tests.contract.bus.board import NOW_MS, news_of, premium_of, signs


def texts(value: object) -> str:
    """Return a value with every digit of its decimals."""
    return repr(value)


def test_news_are_the_same_to_the_last_digit() -> None:
    told = news_of(3, 1, 2, "BTC", "ETH", removed=("XRP",))
    assert texts(decode_news(encode_news(told, {}), {})) == texts(told)


def test_coins_go_once_and_are_kept_by_the_reader() -> None:
    first, second = news_of(1, 0, 1, "BTC"), news_of(1, 1, 2, "BTC")
    known: dict[str, Coin] = {}
    whole = encode_news(first, known)
    known = learned(known, first)
    short = encode_news(second, known)
    assert len(short) < len(whole) - 100
    coins: dict[str, Coin] = {}
    decode_news(whole, coins)
    assert decode_news(short, coins) == second


def test_news_of_a_coin_nobody_told_of_cannot_be_read() -> None:
    told = news_of(1, 0, 1, "BTC")
    with pytest.raises(Unreadable, match="BTC"):
        decode_news(encode_news(told, learned({}, told)), {})


@pytest.mark.parametrize("data", [b"", b"\x00", b"{}", b"\x93\x01\x02\x03"])
def test_other_bytes_cannot_be_read(data: bytes) -> None:
    with pytest.raises(Unreadable):
        decode_news(data, {})


def test_a_state_is_read_as_it_was_written() -> None:
    state = BoardState(1, 2, NOW_MS, 77, (premium_of("BTC", 1, 2),), signs())
    coins: dict[str, Coin] = {}
    assert texts(decode_state(encode_state(state), 77, coins)) == texts(state)
    assert set(coins) == {"BTC"}


def test_a_rate_that_many_versions_share_goes_once() -> None:
    one = len(encode_news(news_of(1, 0, 1, "BTC"), {}))
    two = len(encode_news(news_of(1, 0, 1, "BTC", "ETH"), {}))
    many = len(encode_news(news_of(1, 0, 1, "BTC", "ETH", "XRP"), {}))
    assert many - two == two - one + len("XRP") - len("ETH")
