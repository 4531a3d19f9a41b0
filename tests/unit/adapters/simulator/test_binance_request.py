import pytest

from adapters.simulator.binance_request import RefusedRequest, read_request, topic_of


def test_a_subscription_is_read() -> None:
    text = '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}'
    request = read_request(text)
    assert (request.method, request.streams, request.id) == (
        "SUBSCRIBE",
        ("btcusdt@trade",),
        1,
    )
    listed = read_request('{"method":"LIST_SUBSCRIPTIONS","id":"x"}')
    assert (listed.method, listed.streams, listed.id) == ("LIST_SUBSCRIPTIONS", (), "x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "Invalid JSON"),
        ("[]", "expected an object"),
        ('{"method":"SUBSCRIBE_ALL","id":1}', "unknown variant"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":[1]}', "request ID"),
        ('{"method":"SUBSCRIBE","params":"a","id":1}', "must be a list"),
        ('{"method":"SUBSCRIBE","params":[1],"id":1}', "list of strings"),
        ('{"method":"UNSUBSCRIBE","params":[],"id":1}', "too few"),
        ('{"params":["a"],"id":1}', "missing field"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":true}', "request ID"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":1.5}', "request ID"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":9223372036854775808}', "ID"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":"a-b"}', "request ID"),
        ('{"method":"LIST_SUBSCRIPTIONS","params":["a"],"id":1}', "too many"),
        ('{"method":"GET_PROPERTY","params":[],"id":1}', "must be a string"),
        ('{"method":"GET_PROPERTY","params":["combined",1],"id":1}', "too many"),
        ('{"method":"SET_PROPERTY","params":["combined"],"id":1}', "Boolean"),
        ('{"method":"SET_PROPERTY","params":["speed",1],"id":1}', "Unknown property"),
    ],
)
def test_what_is_no_request_is_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedRequest, match=words):
        read_request(text)


@pytest.mark.parametrize(
    ("stream", "topic"),
    [
        ("btcusdt@trade", ("BTCUSDT", "trade")),
        ("币安人生usdt@miniTicker", ("币安人生USDT", "miniTicker")),
        ("!miniTicker@arr", ("", "!miniTicker@arr")),
        ("BTCUSDT@trade", ("", "BTCUSDT@trade")),
        ("btcusdt", ("", "btcusdt")),
    ],
)
def test_stream_names_are_lower_case(stream: str, topic: tuple[str, str]) -> None:
    assert topic_of(stream) == topic
