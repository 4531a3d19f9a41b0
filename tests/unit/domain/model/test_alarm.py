"""When what cannot be written becomes an alarm."""

from domain.model.alarm import ALARM_AFTER_S, REMIND_AFTER_S, Lapse, StoreAlarm

BEGUN = Lapse(100.0, 1_000, "")


def test_a_short_lapse_is_no_alarm() -> None:
    lapse = BEGUN.failed("refused", 100.0 + ALARM_AFTER_S - 0.1)
    assert lapse.alarm is None
    assert lapse.why == "refused"


def test_a_lapse_that_lasts_is_one_since_its_begin_with_the_latest_reason() -> None:
    lapse = BEGUN.failed("refused", 101.0).failed("full", 100.0 + ALARM_AFTER_S)
    assert lapse.alarm == StoreAlarm(1_000, "full")
    assert lapse.told_s == 100.0 + ALARM_AFTER_S


def test_the_first_failure_is_an_alarm_where_it_took_that_long_itself() -> None:
    assert BEGUN.failed("no answer", 110.0).alarm == StoreAlarm(1_000, "no answer")


def test_an_alarm_is_told_again_only_after_a_while() -> None:
    told = BEGUN.failed("full", 105.0)
    assert told.failed("full", 105.0 + REMIND_AFTER_S - 1).told_s == 105.0
    again = told.failed("full", 105.0 + REMIND_AFTER_S)
    assert again.told_s == 105.0 + REMIND_AFTER_S
    assert again.alarm == told.alarm
