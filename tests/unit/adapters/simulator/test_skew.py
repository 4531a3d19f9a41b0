from adapters.simulator.skew import date_header, shifted


def test_stamps_move_and_prices_and_numbers_stay() -> None:
    before = (
        b'{"tms":1758875206974,"tp":1758875206974.0,"p":"1758875206974",'
        b'"sid":17588752069740001,"t":1234567890123,"E":1758875206999}'
    )
    assert shifted(before, -5_000) == (
        b'{"tms":1758875201974,"tp":1758875206974.0,"p":"1758875206974",'
        b'"sid":17588752069740001,"t":1234567890123,"E":1758875201999}'
    )


def test_microseconds_move_alike() -> None:
    assert shifted(b'{"E":1758875206974321}', 1) == b'{"E":1758875206975321}'


def test_dates_and_times_move_over_midnight() -> None:
    before = (
        b'"trade_date":"20251231","trade_time":"235959",'
        b'"trade_date_kst":"20260101","trade_time_kst":"085959"'
    )
    assert shifted(before, 1_000) == (
        b'"trade_date":"20260101","trade_time":"000000",'
        b'"trade_date_kst":"20260101","trade_time_kst":"090000"'
    )
    dashed = b'"td":"2026-01-01","ttm":"00:00:00"'
    assert shifted(dashed, -1_000) == b'"td":"2025-12-31","ttm":"23:59:59"'


def test_the_edges_of_a_streamed_kline_stay() -> None:
    before = b'{"E":1758875206974,"k":{"t":1758875160000,"T":1758875219999}}'
    after = b'{"E":1758875207974,"k":{"t":1758875160000,"T":1758875219999}}'
    assert shifted(before, 1_000) == after


def test_the_date_is_written_as_http_does() -> None:
    assert date_header(1_795_154_400_999) == "Fri, 20 Nov 2026 06:00:00 GMT"
