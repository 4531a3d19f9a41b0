from adapters.simulator.fault import Fault, Garbage, Throttle


def test_nothing_is_wrong_at_first_and_after_clearing() -> None:
    fault = Fault()
    assert not fault.touches_frames
    assert fault.death(handshake=True) is None
    fault.sources["all"] = 503
    fault.throttles = (Throttle(429, 1),)
    fault.half_open = True
    fault.clear()
    assert fault == Fault()


def test_a_status_is_for_handshakes_only_where_asked() -> None:
    fault = Fault(status=500)
    assert fault.refuses(handshake=False)
    assert not fault.refuses(handshake=True)
    fault.sockets = True
    assert fault.refuses(handshake=True)
    assert not Fault(sockets=True).refuses(handshake=True)


def test_a_ban_goes_before_a_throttle() -> None:
    fault = Fault(
        throttles=(Throttle(429, 1, group="ticker"), Throttle(418, 2, sockets=True))
    )
    found = fault.throttle("ticker", handshake=False)
    assert found is not None
    assert found.status == 418
    handshake = fault.throttle("ticker", handshake=True)
    assert handshake is not None
    assert handshake.status == 418
    fault.throttles = fault.throttles[:1]
    assert fault.throttle("market", handshake=False) is None
    assert fault.throttle("ticker", handshake=True) is None


def test_a_throttle_asks_for_what_is_left_of_it() -> None:
    assert Throttle(429, 2_000).left_ms(9_000) == 2_000
    assert Throttle(429, 2_000, until_ms=10_000).left_ms(9_000) == 1_000
    assert Throttle(429, 2_000, until_ms=10_000).left_ms(11_000) == 1


def test_requests_die_in_the_hardest_way_there_is() -> None:
    fault = Fault(rest_dead="refuse")
    assert fault.death(handshake=False) == "refuse"
    assert fault.death(handshake=True) is None
    fault.unreachable = True
    assert fault.death(handshake=True) == "refuse"
    fault.half_open = True
    assert fault.death(handshake=True) == "hang"


def test_frames_are_touched_by_what_changes_them() -> None:
    assert Fault(silent=True).touches_frames
    assert Fault(skew_ms=-1).touches_frames
    assert Fault(garbage=Garbage(0.1, ("nan",), rest=False)).touches_frames
    assert Fault(delisted={"KRW-BTC": 1}).touches_frames
    assert not Fault(mute=True).touches_frames
