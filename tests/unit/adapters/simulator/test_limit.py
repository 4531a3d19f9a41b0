from adapters.simulator.limit import (
    BINANCE_CONNECTS,
    BINANCE_WEIGHT_PER_MIN,
    STRIKES,
    BinanceLimit,
    MessageLimit,
    UpbitLimit,
    Window,
)

NOON_MS = 1_795_176_000_000


def test_a_window_starts_anew() -> None:
    window = Window(1_000)
    assert [window.add(500, "a"), window.add(999, "a"), window.add(999, "b")] == [
        1,
        2,
        1,
    ]
    assert window.add(1_000, "a") == 1
    assert window.left_ms(1_250) == 750


def test_upbit_allows_ten_requests_a_second_and_group() -> None:
    limit = UpbitLimit()
    verdicts = [limit.request("me", "ticker", NOON_MS) for _ in range(11)]
    assert [v.status for v in verdicts] == [200] * 10 + [429]
    assert verdicts[0].headers["Remaining-Req"] == "group=ticker; min=600; sec=9"
    assert verdicts[9].headers["Remaining-Req"] == "group=ticker; min=600; sec=0"
    assert verdicts[10].rule == "requests per second"
    assert limit.request("me", "candles", NOON_MS).status == 200
    assert limit.request("you", "ticker", NOON_MS).status == 200
    assert limit.request("me", "ticker", NOON_MS + 1_000).status == 200


def test_upbit_bans_who_goes_on() -> None:
    limit = UpbitLimit()
    verdicts = [limit.request("me", "ticker", NOON_MS) for _ in range(11 + STRIKES)]
    assert verdicts[-2].status == 429
    assert (verdicts[-1].status, verdicts[-1].wait_ms) == (418, 60_000)
    banned = limit.request("me", "candles", NOON_MS + 59_999)
    assert (banned.status, banned.rule) == (418, "request while banned")
    assert limit.request("me", "candles", NOON_MS + 60_000).status == 200


def test_a_second_ban_is_twice_as_long() -> None:
    limit = UpbitLimit()
    waits = []
    for start_ms in (NOON_MS, NOON_MS + 60_000):
        verdicts = [limit.request("me", "x", start_ms) for _ in range(11 + STRIKES)]
        waits.append(verdicts[-1].wait_ms)
    assert waits == [60_000, 120_000]


def test_upbit_lets_an_origin_through_once_in_ten_seconds() -> None:
    limit = UpbitLimit()
    first = limit.request("me", "ticker", NOON_MS, origin=True)
    second = limit.request("me", "ticker", NOON_MS + 9_999, origin=True)
    third = limit.request("me", "ticker", NOON_MS + 10_000, origin=True)
    assert [first.status, second.status, third.status] == [200, 429, 200]
    assert {first.rule, second.rule, third.rule} == {"Origin header"}


def test_upbit_allows_five_connects_a_second() -> None:
    limit = UpbitLimit()
    statuses = [limit.connect("me", NOON_MS).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert limit.connect("me", NOON_MS + 1_000, origin=True).rule == "Origin header"
    assert limit.connect("me", NOON_MS + 1_000, origin=True).status == 429


def test_binance_counts_weight_by_the_minute() -> None:
    limit = BinanceLimit()
    full = limit.request("me", BINANCE_WEIGHT_PER_MIN, NOON_MS)
    assert full.status == 200
    assert full.headers["X-MBX-USED-WEIGHT-1M"] == "6000"
    over = limit.request("me", 1, NOON_MS + 500)
    assert over.status == 429
    assert over.headers["Retry-After"] == "60"
    assert over.rule == "weight per minute"
    assert limit.request("me", 1, NOON_MS + 60_000).status == 200


def test_binance_bans_who_goes_on() -> None:
    limit = BinanceLimit()
    limit.request("me", BINANCE_WEIGHT_PER_MIN, NOON_MS)
    verdicts = [limit.request("me", 1, NOON_MS) for _ in range(STRIKES + 2)]
    assert (verdicts[-2].status, verdicts[-2].headers["Retry-After"]) == (418, "120")
    assert (verdicts[-1].status, verdicts[-1].rule) == (418, "request while banned")


def test_binance_allows_300_connects_in_five_minutes() -> None:
    limit = BinanceLimit()
    statuses = [
        limit.connect("me", NOON_MS).status for _ in range(BINANCE_CONNECTS + 1)
    ]
    assert statuses == [200] * BINANCE_CONNECTS + [429]


def test_messages_are_limited_by_second_and_minute() -> None:
    limit = MessageLimit(2, 3)
    assert [limit.allows(0), limit.allows(10), limit.allows(20)] == [True, True, False]
    assert not limit.allows(1_000)
    assert limit.allows(60_000)
    unbounded = MessageLimit(1)
    assert all(unbounded.allows(second * 1_000) for second in range(200))
