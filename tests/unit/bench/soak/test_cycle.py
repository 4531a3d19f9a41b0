from typing import Any

from bench.soak.cycle import _is_streamed, _stands_in


def coin(domestic: str, dollars: str, quality: str = "LIVE") -> dict[str, Any]:
    return {
        "quality": quality,
        "domestic": {"channel": domestic},
        "global": {"channel": dollars},
    }


def board(*coins: dict[str, Any]) -> dict[str, Any]:
    return {str(number): item for number, item in enumerate(coins)}


def test_rest_stands_in_when_no_live_price_is_of_a_stream() -> None:
    assert _stands_in(board(coin("REST", "REST"), coin("REST", "REST")))
    assert not _stands_in(board(coin("REST", "REST"), coin("REST", "WEBSOCKET")))
    assert not _stands_in(board(coin("REST", "REST"), coin("REST", "REST", "STALE")))
    assert not _stands_in({})


def test_streams_are_back_when_both_tell_and_most_are_live() -> None:
    assert _is_streamed(board(coin("WEBSOCKET", "REST"), coin("REST", "WEBSOCKET")))
    assert not _is_streamed(board(coin("WEBSOCKET", "REST"), coin("REST", "REST")))
    stale = coin("WEBSOCKET", "WEBSOCKET", "STALE")
    assert not _is_streamed(board(coin("WEBSOCKET", "WEBSOCKET"), stale))
    assert not _is_streamed({})
