from adapters.simulator.traffic import MAX_GROUPS, OTHER, Traffic


def test_groups_beyond_the_cap_are_counted_together() -> None:
    traffic = Traffic()
    for number in range(MAX_GROUPS + 5):
        traffic.requested(f"group {number}")
    traffic.requested("group 0")
    assert traffic.requests["group 0"] == 2
    assert traffic.requests[OTHER] == 5
    assert sum(traffic.requests.values()) == MAX_GROUPS + 6
