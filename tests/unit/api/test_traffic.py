"""What the API counts, and under which labels."""

import pytest

from api.traffic import OTHER, Traffic


def test_methods_that_are_none_of_ours_are_counted_as_one() -> None:
    traffic = Traffic()
    for method in ("POST", "BREW", "WHEN"):
        traffic.request(method, "/graphql", 405, 0.001)
    assert traffic.requests == {
        ("POST", "/graphql", "405"): 1,
        (OTHER, "/graphql", "405"): 2,
    }


def test_a_stream_has_no_duration() -> None:
    traffic = Traffic()
    traffic.request("POST", "/graphql", 200, None)
    assert traffic.requests["POST", "/graphql", "200"] == 1
    assert not traffic.request_s


def test_sockets_and_subscriptions_are_counted_while_they_last() -> None:
    traffic = Traffic()
    traffic.socket_opened()
    with traffic.subscription("premium", "websocket"):
        assert traffic.sockets == 1
        assert traffic.subscriptions["premium", "websocket"] == 1
    traffic.socket_closed()
    assert (traffic.sockets, traffic.sockets_opened) == (0, 1)
    assert traffic.subscriptions["premium", "websocket"] == 0


def test_a_failure_ends_the_count_too() -> None:
    traffic = Traffic()
    with pytest.raises(KeyError), traffic.subscription("premium", "websocket"):
        raise KeyError
    assert traffic.subscriptions["premium", "websocket"] == 0


def test_an_event_of_a_group_is_counted_for_each_member() -> None:
    traffic = Traffic()
    traffic.delivered("premiums", "websocket", 3, 0.5)
    assert traffic.events["premiums", "websocket"] == 3
    assert (traffic.lag_s["premiums"].count, traffic.lag_s["premiums"].total) == (
        3,
        1.5,
    )


def test_a_lag_is_never_negative_and_nothing_merged_is_not_counted() -> None:
    traffic = Traffic()
    traffic.lagged("premiums", -1.0, -1)
    traffic.lagged("premiums", 0.5, 3)
    assert traffic.lag_s["premiums"].total == 0.5
    assert traffic.merged == {"premiums": 3}
