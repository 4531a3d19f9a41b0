import pytest

from adapters.upbit.answer import CANDLES, MARKETS, TICKERS, TickerRow, row_text
from adapters.upbit.wire import UndecodableFrame


def test_good_rows_come_as_they_stand() -> None:
    rows = TICKERS.read(
        b'[{"market":"KRW-BTC","trade_price":1.50},{"market":"A","trade_price":2}]'
    )
    assert [(row.market, str(row.trade_price)) for row in rows.good] == [
        ("KRW-BTC", "1.50"),
        ("A", "2"),
    ]
    assert rows.bad == []


def test_a_bad_row_costs_itself_only_and_is_kept() -> None:
    rows = TICKERS.read(
        b'[{"market":7,"trade_price":1},{"market":"KRW-BTC","trade_price":2},'
        b'{"market":"KRW-ETH","trade_price":1e9999999999999999999}]'
    )
    assert [row.market for row in rows.good] == ["KRW-BTC"]
    details, bodies = zip(*rows.bad, strict=True)
    assert all(details)
    assert bodies[0] == b'{"market":7,"trade_price":1}'


def test_a_candle_without_its_prices_is_bad() -> None:
    rows = CANDLES.read(b'[{"market":"KRW-BTC","candle_date_time_utc":"x"}]')
    assert rows.good == []
    assert len(rows.bad) == 1


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "malformed"),
        (b"<html>", "malformed"),
        (b'[{"market":"KRW-BTC"}', "malformed"),
        (b"[" * 100_000, "malformed"),
        (b"{}", "shape"),
        (b"null", "shape"),
    ],
)
def test_a_body_that_is_no_array_is_told_by_its_kind(body: bytes, kind: str) -> None:
    with pytest.raises(UndecodableFrame) as caught:
        MARKETS.read(body)
    assert caught.value.kind == kind


def test_a_row_can_be_written_again() -> None:
    row = TickerRow("KRW-BTC", "1.50")
    assert TICKERS.read(b"[" + row_text(row) + b"]").good == [row]
