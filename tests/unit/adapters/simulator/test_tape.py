from adapters.simulator.bar import MINUTE_MS, Deal
from adapters.simulator.tape import KEPT_MS, KEPT_TRADES, MOST_TRADES, Tape


def deal(time_ms: int, number: int = 1, volume: int = 5) -> Deal:
    return Deal(time_ms, 100, volume, "BID" if number % 2 else "ASK", number)


def test_trades_come_back_as_they_were(start_ms: int) -> None:
    tape = Tape(start_ms)
    made = [deal(start_ms + n, n, volume=1 << (40 + n)) for n in range(40)]
    for each in made:
        tape.add(each)
    assert tape.deals(start_ms, start_ms + 40) == made
    assert tape.deals(start_ms + 3, start_ms + 5) == made[3:5]
    assert tape.deals(0, start_ms) == []


def test_old_minutes_go_when_there_are_enough_newer_trades(start_ms: int) -> None:
    tape = Tape(start_ms)
    tape.add(deal(start_ms))
    later = start_ms + KEPT_MS
    for number in range(KEPT_TRADES):
        tape.add(deal(later, number))
    assert len(tape.deals(start_ms, later)) == 1
    tape.add(deal(later + MINUTE_MS))
    assert tape.since_ms == start_ms + MINUTE_MS
    assert tape.deals(start_ms, later) == []
    assert len(tape.deals(later, later + 1)) == KEPT_TRADES


def test_too_many_trades_make_the_oldest_go_but_not_those_of_the_minute(
    start_ms: int,
) -> None:
    tape = Tape(start_ms)
    for number in range(MOST_TRADES + 10):
        tape.add(deal(start_ms, number))
    assert len(tape.deals(start_ms, start_ms + 1)) == MOST_TRADES + 10
    tape.add(deal(start_ms + MINUTE_MS))
    assert tape.since_ms == start_ms + MINUTE_MS
    assert len(tape.deals(0, start_ms + 2 * MINUTE_MS)) == 1
