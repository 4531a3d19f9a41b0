from datetime import UTC, datetime
from typing import Any

from bench.fault.watch import Watch

START_MS = 1_795_000_000_000


def coin(
    quality: str = "LIVE",
    channel: str = "WEBSOCKET",
    at_s: float = 0.0,
    source: str = "dunamu",
) -> dict[str, Any]:
    stamp = datetime.fromtimestamp(START_MS / 1000 + at_s, UTC).isoformat()
    leg = {"channel": channel, "exchangeTime": stamp}
    fx = {"source": source, "quality": "LIVE", "asOf": stamp}
    return {
        "quality": quality,
        "domestic": leg,
        "global": leg,
        "bases": [{"fx": fx}],
    }


def test_honest_is_when_the_last_old_price_stops_to_say_live() -> None:
    watch = Watch.of({"A": coin(), "B": coin(), "C": coin("STALE")}, "domestic")
    assert watch.coins == {"A", "B"}
    watch.look({"A": coin("STALE"), "B": coin()}, 1.0)
    assert (watch.left_s, watch.honest_s, watch.worst) == (1.0, None, 1)
    watch.look({"A": coin("STALE"), "B": coin("STALE")}, 2.0)
    assert (watch.left_s, watch.honest_s, watch.worst) == (1.0, 2.0, 2)


def test_a_price_of_the_other_channel_or_a_new_one_is_honest() -> None:
    watch = Watch.of({"A": coin(), "B": coin()}, "global")
    watch.look({"A": coin(channel="REST"), "B": coin(at_s=3.0)}, 1.0)
    assert watch.honest_s == 1.0
    assert watch.left_s is None


def test_fallback_is_when_all_are_live_by_rest() -> None:
    watch = Watch.of({"A": coin(), "B": coin(channel="REST")}, "domestic")
    watch.look({"A": coin("STALE"), "B": coin("STALE")}, 1.0)
    assert watch.second_s is None
    watch.look({"A": coin(channel="REST"), "B": coin("STALE")}, 2.0)
    assert watch.second_s == 2.0, "only what stood on the stream has to move"


def test_another_source_of_the_rate_is_a_fallback_too() -> None:
    watch = Watch.of({"A": coin()}, "rate")
    watch.look({"A": coin(source="frankfurter")}, 4.0)
    assert (watch.honest_s, watch.second_s, watch.left_s) == (4.0, 4.0, None)


def test_recovered_wants_all_live_and_one_new_price_by_the_stream() -> None:
    watch = Watch.of({"A": coin(), "B": coin()}, "domestic")
    recovered = watch.recovered(START_MS + 5_000)
    rest = coin(channel="REST", at_s=6.0)
    assert not recovered({"A": rest, "B": rest})
    assert not recovered({"A": coin(at_s=6.0), "B": coin("STALE")})
    assert not recovered({"A": coin(at_s=4.0), "B": rest})
    assert recovered({"A": coin(at_s=6.0), "B": rest})
