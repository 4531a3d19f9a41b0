import json

import pytest

from adapters.simulator.replay_event import RecordedAnswer
from adapters.simulator.replay_rest import RecordedAnswers

TICKERS = (
    b'[{"market":"KRW-BTC","trade_price":1.50000000,"change_price":0E-8} ,\n'
    b' {"market":"KRW-ETH","trade_price":2},{"market":"BTC-ETH","trade_price":3}]'
)
DAYS = b'[{"symbol":"BTCUSDT","lastPrice":"1.0"},{"symbol":"ETHUSDT","lastPrice":"2"}]'


def answer(venue: str, path: str, body: bytes, **query: str) -> RecordedAnswer:
    return RecordedAnswer(0, venue, path, body, query)


@pytest.fixture
def answers() -> RecordedAnswers:
    known = RecordedAnswers()
    every = {"quote_currencies": "KRW,BTC"}
    known.note(RecordedAnswer(0, "upbit", "/v1/ticker/all", TICKERS, every))
    known.note(answer("binance", "/api/v3/ticker/24hr", DAYS))
    known.note(answer("upbit", "/v1/market/all", b"[]", is_details="true"))
    known.note(answer("fx", "/v1/latest", b"{}", base="USD", symbols="KRW"))
    return known


def test_the_same_question_has_the_latest_answer(answers: RecordedAnswers) -> None:
    assert answers.find("binance", "/api/v3/ticker/24hr", {}) == DAYS
    answers.note(answer("binance", "/api/v3/ticker/24hr", b"[]"))
    assert answers.find("binance", "/api/v3/ticker/24hr", {}) == b"[]"


def test_lists_and_rates_answer_whatever_else_is_asked(
    answers: RecordedAnswers,
) -> None:
    assert answers.find("upbit", "/v1/market/all", {}) == b"[]"
    assert answers.find("fx", "/v1/latest", {"base": "USD"}) == b"{}"


def test_some_markets_are_answered_from_all_digit_for_digit(
    answers: RecordedAnswers,
) -> None:
    found = answers.find("upbit", "/v1/ticker", {"markets": "KRW-BTC"})
    row = b'{"market":"KRW-BTC","trade_price":1.50000000,"change_price":0E-8}'
    assert found == b"[" + row + b"]"
    won = answers.find("upbit", "/v1/ticker/all", {"quote_currencies": "KRW"})
    assert won is not None
    assert [each["market"] for each in json.loads(won)] == ["KRW-BTC", "KRW-ETH"]
    one = answers.find("binance", "/api/v3/ticker/24hr", {"symbol": "ETHUSDT"})
    assert one == b'{"symbol":"ETHUSDT","lastPrice":"2"}'
    two = answers.find(
        "binance", "/api/v3/ticker/24hr", {"symbols": '["BTCUSDT","ETHUSDT"]'}
    )
    assert two is not None
    assert len(json.loads(two)) == 2
    full = answers.find("binance", "/api/v3/ticker/24hr", {"type": "FULL"})
    assert full == DAYS


@pytest.mark.parametrize(
    ("venue", "path", "query"),
    [
        ("upbit", "/v1/ticker", {"markets": "KRW-BTC,KRW-NOPE"}),
        ("upbit", "/v1/ticker/all", {"quote_currencies": "USDT"}),
        ("upbit", "/v1/candles/days", {"market": "KRW-BTC"}),
        ("binance", "/api/v3/ticker/24hr", {"symbol": "NOPE"}),
        ("binance", "/api/v3/ticker/24hr", {"symbols": '["NOPE"]'}),
        ("binance", "/api/v3/klines", {}),
        ("fx", "/v6/latest/USD", {}),
    ],
)
def test_what_was_not_recorded_has_no_answer(
    answers: RecordedAnswers, venue: str, path: str, query: dict[str, str]
) -> None:
    assert answers.find(venue, path, query) is None


def test_without_the_answer_about_all_there_is_none_about_some() -> None:
    nothing = RecordedAnswers()
    query = {"symbol": "BTCUSDT"}
    assert nothing.find("binance", "/api/v3/ticker/24hr", query) is None


@pytest.mark.parametrize("body", [b"{}", b"", b'[{"market":', b"[1,2]", b"[ ]"])
def test_an_answer_that_is_no_list_of_rows_has_none(body: bytes) -> None:
    known = RecordedAnswers()
    known.note(answer("upbit", "/v1/ticker/all", body))
    assert known.find("upbit", "/v1/ticker", {"markets": "KRW-BTC"}) is None


def test_a_list_of_symbols_that_is_none_asks_for_all(answers: RecordedAnswers) -> None:
    for text in ("oops", '"BTCUSDT"'):
        found = answers.find("binance", "/api/v3/ticker/24hr", {"symbols": text})
        assert found == DAYS
