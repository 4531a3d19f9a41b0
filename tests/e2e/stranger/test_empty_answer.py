"""Answers of nothing are JSON like any other, however often they are asked for."""

import json
from typing import Any

import pytest

from tests.e2e.stranger.conftest import Raw, request_of

COIN = 'query Q($is: Boolean!) { coin(symbol: "BTC") @include(if: $is) { symbol } }'


@pytest.mark.parametrize("header", ["User-Agent: plain", "X-Unknown: not plain"])
def test_a_query_with_every_root_left_out_has_empty_data(raw: Raw, header: str) -> None:
    asked: dict[str, Any] = {"query": COIN, "variables": {"is": False}}
    body = json.dumps(asked).encode()
    for _ in range(4):
        told = raw.exchange(request_of(body, header, "Connection: close"))
        answer = json.loads(told.partition(b"\r\n\r\n")[2])
        assert answer["data"] == {}
