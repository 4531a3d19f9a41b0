from adapters.simulator.promise import GRACE_MS, Promise
from adapters.simulator.violation import ViolationLog


def test_who_comes_before_the_time_is_noted() -> None:
    log = ViolationLog()
    promise = Promise("upbit", log)
    promise.give("me", "ticker", 1_000, 5_000, "early")
    promise.check("me", "ticker", 1_000 + GRACE_MS - 1, "on its way")
    promise.check("you", "ticker", 2_000, "another address")
    promise.check("me", "market", 2_000, "another group")
    promise.check("me", "ticker", 6_000, "in time")
    assert log.count == 0
    promise.check("me", "ticker", 5_999, "/x")
    (found,) = log.listed()
    assert (found.venue, found.rule, found.detail) == ("upbit", "early", "/x")


def test_a_promise_for_everything_holds_for_every_group_once() -> None:
    log = ViolationLog()
    promise = Promise("binance", log)
    promise.give("me", "", 0, 5_000, "early")
    promise.check("me", "ticker", 1_000, "/x")
    promise.check("me", "", 1_000, "/y")
    assert log.count == 2


def test_asking_again_does_not_renew_the_grace() -> None:
    log = ViolationLog()
    promise = Promise("binance", log)
    promise.give("me", "", 0, 5_000, "early")
    promise.give("me", "", 1_000, 6_000, "early")
    promise.check("me", "", 1_001, "/x")
    assert log.count == 1
    promise.check("me", "", 6_500, "/x")
    assert log.count == 2
    promise.give("me", "", 7_000, 5_000, "early")
    promise.check("me", "", 7_001, "/x")
    assert log.count == 2
