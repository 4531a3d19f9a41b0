from adapters.simulator.bar import MINUTE_MS, Bar, join
from adapters.simulator.minute import KEPT_MINUTES, Minutes


def bar(start_ms: int, size: int = 1) -> Bar:
    return Bar(start_ms, 5, 9, 3, 7, size, size * 2, 4, start_ms + 1, size // 3, 2, 11)


def test_minutes_come_back_as_they_were_however_big(start_ms: int) -> None:
    minutes = Minutes()
    first, second = bar(start_ms, 3), bar(start_ms + MINUTE_MS, 2**80)
    assert not minutes.add(first)
    assert not minutes.add(second)
    assert minutes.first_ms == start_ms
    assert minutes.bar(start_ms, start_ms + MINUTE_MS) == first
    assert minutes.bar(start_ms + 1, start_ms + 2 * MINUTE_MS) == second
    assert minutes.bar(start_ms, start_ms + 2 * MINUTE_MS) == join(first, second)
    assert minutes.bar(0, start_ms) is None


def test_the_oldest_hour_goes_and_it_is_told(start_ms: int) -> None:
    minutes = Minutes()
    dropped = [
        n
        for n in range(KEPT_MINUTES + 61)
        if minutes.add(bar(start_ms + n * MINUTE_MS))
    ]
    assert dropped == [KEPT_MINUTES + 59]
    assert minutes.first_ms == start_ms + 60 * MINUTE_MS
