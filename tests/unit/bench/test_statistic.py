from bench.statistic import middle, middles, ratio, spread


def test_the_median_of_every_figure_is_taken_over_the_rounds() -> None:
    rows = [{"a": 1.0, "b": 5.0}, {"a": 9.0, "b": 6.0}, {"a": 2.0, "b": 7.0}]
    assert middle(rows) == {"a": 2.0, "b": 6.0}


def test_a_figure_that_one_round_lacks_is_unknown() -> None:
    assert middle([{"a": 1.0}, {"a": None}]) == {"a": None}
    assert middle([]) == {}
    assert spread([{"a": 1.0}, {"a": None}], "a") is None


def test_the_spread_is_the_least_and_the_greatest() -> None:
    assert spread([{"a": 3.0}, {"a": 1.0}, {"a": 2.0}], "a") == (1.0, 3.0)
    assert spread([], "a") is None


def test_a_ratio_with_an_unknown_side_or_to_zero_is_unknown() -> None:
    assert ratio(6.0, 3.0) == 2.0
    assert ratio(None, 3.0) is None
    assert ratio(6.0, None) is None
    assert ratio(6.0, 0.0) is None


def test_medians_are_kept_by_part_and_server() -> None:
    assert middles({"board": {"ours": [{"a": 1.0}]}}) == {"board": {"ours": {"a": 1.0}}}
