import re

import pytest

from adapters.simulator.replay_stamp import (
    DAY_MS,
    TimeMap,
    shift_binance,
    shift_rate,
    shift_upbit,
)

# 2026-03-01 14:59:59.500 UTC, an hour and 1.25 s before ours.
THEN = 1_772_377_199_500
LATER = TimeMap(THEN, THEN + 3_601_250)
NOW = THEN + 3_601_250


def test_at_its_own_speed_every_instant_moves_alike() -> None:
    assert [LATER(THEN + each) - NOW for each in (-DAY_MS, 0, 500)] == [-DAY_MS, 0, 500]


@pytest.mark.parametrize(("speed", "after"), [(2.0, 500), (0.5, 2_000), (0.0, 1_000)])
def test_another_speed_changes_the_distances_of_what_comes_after(
    speed: float, after: int
) -> None:
    to_ours = TimeMap(THEN, NOW, speed)
    assert to_ours(THEN + 1_000) == NOW + after
    assert to_ours(THEN - 1_000) == NOW - 1_000


def test_order_holds_at_every_speed() -> None:
    to_ours = TimeMap(THEN, NOW, 7.3)
    instants = [to_ours(THEN + each) for each in range(-50, 200)]
    assert instants == sorted(instants)


def test_upbits_short_ticker_moves_with_date_and_time_and_nothing_else() -> None:
    frame = (
        b'{"ty":"ticker","cd":"KRW-BTC","tp":1772377199500,"cp":0E-8,'
        b'"tdt":"20260301","ttm":"145959","ttms":1772377199500,'
        b'"h52wdt":"2026-01-01","tms":1772377199600}'
    )
    assert shift_upbit(frame, LATER) == (
        b'{"ty":"ticker","cd":"KRW-BTC","tp":1772377199500,"cp":0E-8,'
        b'"tdt":"20260301","ttm":"160000","ttms":1772380800750,'
        b'"h52wdt":"2026-01-01","tms":1772380800850}'
    )


def test_upbits_short_trade_writes_dates_with_strokes() -> None:
    frame = (
        b'"tms":1772377199500,"td":"2026-03-01","ttm":"14:59:59","ttms":1772377199500'
    )
    assert shift_upbit(frame, TimeMap(THEN, THEN + DAY_MS)) == (
        b'"tms":1772463599500,"td":"2026-03-02","ttm":"14:59:59","ttms":1772463599500'
    )


def test_upbits_answer_has_the_time_of_seoul_beside() -> None:
    row = (
        b'{"market":"KRW-BTC","trade_date":"20260301","trade_time":"145959",'
        b'"trade_date_kst":"20260301","trade_time_kst":"235959",'
        b'"trade_timestamp":1772377199500,"timestamp":1772377199500}'
    )
    assert shift_upbit(row, LATER) == (
        b'{"market":"KRW-BTC","trade_date":"20260301","trade_time":"160000",'
        b'"trade_date_kst":"20260302","trade_time_kst":"010000",'
        b'"trade_timestamp":1772380800750,"timestamp":1772380800750}'
    )


def test_upbits_candle_stays_on_its_minutes() -> None:
    frame = (
        b'{"ty":"candle.5m","cdttmu":"2026-03-01T14:55:00",'
        b'"cdttmk":"2026-03-01T23:55:00","tms":1772377199500}'
    )
    assert shift_upbit(frame, LATER) == (
        b'{"ty":"candle.5m","cdttmu":"2026-03-01T15:55:00",'
        b'"cdttmk":"2026-03-02T00:55:00","tms":1772380800750}'
    )


def test_binances_stamps_move_and_its_numbers_of_trades_do_not() -> None:
    frame = (
        b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1772377199500,'
        b'"a":1772377199500,"f":1772377199500,"T":1772377199400}}'
    )
    assert shift_binance(frame, LATER) == (
        b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1772380800750,'
        b'"a":1772377199500,"f":1772377199500,"T":1772380800650}}'
    )
    ticker = b'{"e":"24hrTicker","E":1772377199500,"O":1772290799500,"C":1772377199500}'
    assert shift_binance(ticker, LATER) == (
        b'{"e":"24hrTicker","E":1772380800750,"O":1772294400750,"C":1772380800750}'
    )
    row = (
        b'{"openTime":1772290799500,"closeTime":1772377199500,"firstId":1772377199500}'
    )
    assert shift_binance(row, LATER) == (
        b'{"openTime":1772294400750,"closeTime":1772380800750,"firstId":1772377199500}'
    )


@pytest.mark.parametrize(
    ("interval", "length_ms"), [("1s", 1_000), ("1m", 60_000), ("4h", 14_400_000)]
)
def test_binances_kline_keeps_its_length_and_grid(
    interval: str, length_ms: int
) -> None:
    opened = THEN // length_ms * length_ms
    frame = (
        f'{{"e":"kline","E":{THEN},"k":{{"t":{opened},"T":{opened + length_ms - 1},'
        f'"i":"{interval}","f":{THEN},"L":{THEN}}}}}'
    ).encode()
    found = re.fullmatch(
        rb'{"e":"kline","E":(\d+),"k":{"t":(\d+),"T":(\d+),"i":"\w+","f":(\d+),.*',
        shift_binance(frame, LATER),
    )
    assert found is not None
    event, begins, ends, first = map(int, found.groups())
    assert (event, first) == (NOW, THEN)
    assert begins % length_ms == 0
    assert ends - begins == length_ms - 1


def test_a_kline_without_interval_moves_as_a_whole() -> None:
    frame = b'{"E":1772377199500,"k":{"t":1772377199500,"T":1772377199500}}'
    assert b'"T":1772380800750' in shift_binance(frame, LATER)


def test_a_banks_notice_moves_with_the_time_of_seoul() -> None:
    body = (
        b'[{"code":"FRX.KRWUSD","date":"2026-03-01","time":"23:59:59",'
        b'"basePrice":1398.68,"timestamp":1772377199000}]'
    )
    assert shift_rate(body, LATER) == (
        b'[{"code":"FRX.KRWUSD","date":"2026-03-02","time":"01:00:00",'
        b'"basePrice":1398.68,"timestamp":1772380800250}]'
    )


def test_a_fixing_moves_by_whole_days_and_a_daily_table_by_seconds() -> None:
    fixing = b'{"amount":1.0,"base":"USD","date":"2026-02-27","rates":{"KRW":1398.68}}'
    assert shift_rate(fixing, LATER) == fixing
    later = TimeMap(THEN, THEN + 3 * DAY_MS + 5)
    assert b'"date":"2026-03-02"' in shift_rate(fixing, later)
    table = b'{"time_last_update_unix":1772377199,"time_next_update_unix":1772463599}'
    assert shift_rate(table, LATER) == (
        b'{"time_last_update_unix":1772380800,"time_next_update_unix":1772467200}'
    )
