"""The venue's message limit holds and the streams end up as watched."""

import json

from hypothesis import given
from hypothesis import strategies as st

from adapters.binance.session import MAX_STREAMS, BinanceSession

NET = "!miniTicker@arr"
MARKETS = st.frozensets(st.integers(0, 1_200).map(lambda n: f"C{n:04}USDT"))
STEPS = st.lists(st.tuples(MARKETS, st.floats(0.0, 3.0)), max_size=20)
# Ours; the fifth message of a second is left to a pong.
MAX_PER_SECOND = 4


@given(STEPS)
def test_limits_hold_and_the_last_wish_is_subscribed(
    steps: list[tuple[frozenset[str], float]],
) -> None:
    session = BinanceSession()
    now_s, times, open_streams = 0.0, [], set[str]()
    wanted: frozenset[str] = frozenset()
    for markets, later_s in [(wanted, 0.0), *steps, (None, 60.0)]:
        if markets is not None:
            wanted = markets
            session.watch(markets, now_s)
        until_s = now_s + later_s
        while (at_s := session.wake_at_s()) is not None and at_s <= until_s:
            now_s = max(now_s, at_s)
            for frame in session.frames_to_send(now_s):
                times.append(now_s)
                apply(json.loads(frame), open_streams)
                assert len(open_streams) <= MAX_STREAMS
        now_s = until_s
    assert open_streams == {NET, *(f"{m.lower()}@aggTrade" for m in wanted)}
    for start in times:
        assert sum(start <= at < start + 1.0 for at in times) <= MAX_PER_SECOND


def apply(request: dict[str, object], open_streams: set[str]) -> None:
    streams = request["params"]
    assert isinstance(streams, list)
    assert streams
    if request["method"] == "SUBSCRIBE":
        assert open_streams.isdisjoint(streams)
        open_streams.update(streams)
    else:
        assert open_streams.issuperset(streams)
        open_streams.difference_update(streams)
