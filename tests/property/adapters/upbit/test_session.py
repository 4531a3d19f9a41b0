"""The venue's message limits hold whatever is watched and whenever."""

import json

from hypothesis import given
from hypothesis import strategies as st

from adapters.upbit.session import UpbitSession

MARKETS = st.frozensets(st.sampled_from([f"KRW-C{n}" for n in range(6)]))
# What is watched (None: no change), how long later, and whether a frame comes then.
STEPS = st.lists(
    st.tuples(st.none() | MARKETS, st.floats(0.0, 70.0), st.booleans()), max_size=60
)
SECOND, MINUTE = (1.0, 5), (60.0, 100)


@given(STEPS)
def test_limits_hold_and_the_last_wish_is_asked_for(
    steps: list[tuple[frozenset[str] | None, float, bool]],
) -> None:
    session = UpbitSession("t1")
    now_s, sent, wanted = 0.0, [], frozenset[str]()
    session.watch(wanted, now_s)
    for markets, later_s, frame_comes in steps:
        until_s = now_s + later_s
        while (at_s := session.wake_at_s()) is not None and at_s <= until_s:
            now_s = max(now_s, at_s)
            sent += [(now_s, frame) for frame in session.frames_to_send(now_s)]
        now_s = until_s
        if markets is not None:
            wanted = markets
            session.watch(markets, now_s)
        if frame_comes:
            session.receive(b'{"status":"UP"}', 0, now_s)
    for frame in session.frames_to_send(now_s + 60.0):
        sent.append((now_s + 60.0, frame))
    for window_s, limit in (SECOND, MINUTE):
        for start, _ in sent:
            assert sum(start <= at < start + window_s for at, _ in sent) <= limit
    asked = [json.loads(frame) for _, frame in sent if frame != "PING"]
    if wanted:
        assert asked[-1][1]["codes"] == sorted(wanted)
