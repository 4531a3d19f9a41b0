from decimal import Decimal

import pytest

from adapters.binance.answer import (
    DAYS,
    KLINES,
    SYMBOLS,
    DayRow,
    KlineRow,
    SymbolRow,
    row_text,
)
from adapters.binance.wire import UndecodableFrame

SYMBOL = (
    b'{"symbol":"ETHUSDT","status":"TRADING","baseAsset":"ETH","quoteAsset":"USDT"}'
)
DAY = b'{"symbol":"ETHUSDT","lastPrice":"4.00000200","closeTime":1499869899040}'


def test_the_list_is_read_out_of_its_object() -> None:
    rows = SYMBOLS.read(b'{"timezone":"UTC","symbols":[' + SYMBOL + b"]}")
    assert rows.good == [SymbolRow("ETHUSDT", "ETH", "USDT", "TRADING")]


def test_a_row_alone_reads_as_an_array_of_one() -> None:
    assert DAYS.read(DAY) == DAYS.read(b"[" + DAY + b"]")
    assert DAYS.read(DAY).good == [DayRow("ETHUSDT", "4.00000200", 1499869899040)]


def test_candles_are_arrays_of_which_the_rest_is_passed_over() -> None:
    rows = KLINES.read(
        b'[[1499040000000,"0.1","0.8","0.05","0.2","148.9",1499644799999,"2434.1",'
        b'308,"1756.8","28.4","0"]]'
    )
    assert rows.good == [
        KlineRow(
            1499040000000, "0.1", "0.8", "0.05", "0.2", "148.9", 1499644799999, "2434.1"
        )
    ]


def test_a_bad_row_costs_itself_only_and_is_kept() -> None:
    for reader, good in ((SYMBOLS, SYMBOL), (DAYS, DAY)):
        body = b'[{"symbol":7},' + good + b"]"
        rows = reader.read(b'{"symbols":' + body + b"}" if reader is SYMBOLS else body)
        assert len(rows.good) == 1
        ((detail, bad),) = rows.bad
        assert detail
        assert bad == b'{"symbol":7}'


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "malformed"),
        (b"<html>", "malformed"),
        (b"[" * 100_000, "malformed"),
        (b"7", "shape"),
        (b'{"code":-1121,"msg":"Invalid symbol."}', "shape"),
        (
            b'{"symbol":"A","lastPrice":1e9999999999999999999,"closeTime":1}',
            "malformed",
        ),
    ],
)
def test_a_body_of_another_shape_is_told_by_its_kind(body: bytes, kind: str) -> None:
    with pytest.raises(UndecodableFrame) as caught:
        DAYS.read(body)
    assert caught.value.kind == kind


def test_a_list_without_its_array_is_of_another_shape() -> None:
    with pytest.raises(UndecodableFrame):
        SYMBOLS.read(b'{"symbols":{}}')


def test_a_row_can_be_written_again() -> None:
    row = DayRow("ETHUSDT", Decimal("4.00"), 5)
    assert b'"lastPrice":"4.00"' in row_text(row)
