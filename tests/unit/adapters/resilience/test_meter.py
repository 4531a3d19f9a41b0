from adapters.resilience.meter import Percentiles, RateMeter


def test_a_steady_flow_is_told_as_its_rate() -> None:
    meter = RateMeter()
    for tenth in range(1000):
        meter.add(50 + tenth / 10)
    assert abs(meter.per_second(149.9) - 10) < 0.2


def test_the_rate_falls_to_zero_when_nothing_comes_any_more() -> None:
    meter = RateMeter()
    meter.add(5.0)
    assert meter.count(6.0) == 1
    assert meter.count(14.9) == 1
    assert meter.count(15.0) == 0
    assert meter.per_second(1e9) == 0


def test_the_first_seconds_are_not_diluted_by_the_window() -> None:
    meter = RateMeter()
    for half in range(5):
        meter.add(100 + half / 2)
    assert meter.per_second(102.5) == 2.0
    assert RateMeter().per_second(3.0) == 0


def test_percentiles_are_of_the_last_hundred_by_nearest_rank() -> None:
    latencies = Percentiles()
    assert latencies.at(50, 99) == (None, None)
    latencies.add(7)
    assert latencies.at(0, 50, 99) == (7, 7, 7)
    for value in range(1000, 1100):
        latencies.add(value)
    assert latencies.at(50, 99, 100) == (1049, 1098, 1099)
