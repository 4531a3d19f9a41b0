from adapters.simulator.violation import KEPT, ViolationLog


def test_violations_are_counted_and_the_newest_kept() -> None:
    log = ViolationLog()
    for number in range(KEPT + 1):
        log.add("upbit", "requests per second", str(number), number)
    assert log.count == KEPT + 1
    assert len(log.listed()) == KEPT
    assert log.listed()[0].detail == "1"
    shown = log.to_json()
    assert shown["count"] == KEPT + 1
    log.clear()
    assert log.to_json() == {"count": 0, "violations": []}
