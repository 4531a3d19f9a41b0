import json

import pytest

from adapters.simulator.price_tick import units
from adapters.simulator.upbit_request import RefusedRequest, Topic, read_request

TICKET = {"ticket": "t"}


def ask(*parts: dict[str, object]) -> str:
    return json.dumps([TICKET, *parts])


def test_several_types_make_one_request() -> None:
    text = ask(
        {"type": "ticker", "codes": ["KRW-BTC"], "is_only_snapshot": True},
        {"type": "orderbook", "codes": ["KRW-BTC.1", "KRW-ETH"], "level": 10000},
        {"type": "trade", "codes": ["KRW-BTC"], "isOnlyRealtime": True},
        {"format": "SIMPLE"},
    )
    request = read_request(text)
    assert (request.ticket, request.form) == ("t", "SIMPLE")
    ticker, book, trade = request.demands
    assert (ticker.snapshot, ticker.realtime) == (True, False)
    assert book.topics == (
        Topic("orderbook", "KRW-BTC", 1, units("10000")),
        Topic("orderbook", "KRW-ETH", 30, units("10000")),
    )
    assert (trade.snapshot, trade.realtime) == (False, True)
    assert trade.topics == (Topic("trade", "KRW-BTC"),)


def test_the_default_format_has_long_keys() -> None:
    assert read_request(ask({"type": "ticker", "codes": ["KRW-BTC"]})).form == "DEFAULT"


def test_a_question_for_the_subscriptions_is_no_subscription() -> None:
    request = read_request('[{"method":"LIST_SUBSCRIPTIONS"},{"ticket":"x"}]')
    assert request.listing
    assert request.demands == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{", "WRONG_FORMAT"),
        ('{"ticket":"t"}', "WRONG_FORMAT"),
        ("[1]", "WRONG_FORMAT"),
        ('[{"type":"ticker","codes":["KRW-BTC"]}]', "NO_TICKET"),
        (ask(), "NO_TYPE"),
        (ask({"type": "ticker"}), "NO_CODES"),
        (ask({"type": "ticker", "codes": []}), "INVALID_PARAM"),
        (ask({"type": "tickers", "codes": ["KRW-BTC"]}), "INVALID_PARAM"),
        (ask({"type": 5, "codes": ["KRW-BTC"]}), "INVALID_PARAM"),
        (ask({"type": "myOrder", "codes": ["KRW-BTC"]}), "INVALID_AUTH"),
        (ask({"type": "candle.1d", "codes": ["KRW-BTC"]}), "INVALID_PARAM"),
        (
            ask({"type": "orderbook", "codes": ["KRW-BTC"], "level": "x"}),
            "INVALID_PARAM",
        ),
        (ask({"type": "ticker", "codes": ["A"]}, {"format": "XML"}), "INVALID_PARAM"),
    ],
)
def test_what_is_no_request_is_refused_by_name(text: str, name: str) -> None:
    with pytest.raises(RefusedRequest) as caught:
        read_request(text)
    assert caught.value.name == name


@pytest.mark.parametrize("code", ["KRW-BTC.2", "KRW-BTC.x", "KRW-BTC."])
def test_a_number_of_levels_that_is_not_there_means_thirty(code: str) -> None:
    request = read_request(ask({"type": "orderbook", "codes": [code]}))
    assert request.demands[0].topics == (Topic("orderbook", "KRW-BTC", 30),)
