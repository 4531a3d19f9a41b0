"""The guard against its own definition, read off the whole past at once."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.model.guard import IdentityGuard

ENOUGH = {name: Decimal(0) for name in "ABCDE"}
FEW = {name: Decimal(0) for name in "ABCD"}

Look = tuple[int, str | None, bool]
looks = st.lists(
    st.tuples(
        st.integers(1, 40),
        st.sampled_from([None, "0", "14.999999", "15", "-20", "20.000001", "-99"]),
        st.sampled_from([True, True, True, False]),
    ),
    max_size=40,
)


def unsure_by_definition(past: list[tuple[float, Decimal | None, bool]]) -> bool:
    """Return whether the pair is doubted after these looks."""
    unsure, beyond_since = False, None
    for at_s, percent, enough in past:
        if percent is None or not enough:
            beyond_since = None
        elif unsure:
            unsure = abs(percent) >= 15
        elif abs(percent) <= 20:
            beyond_since = None
        else:
            beyond_since = at_s if beyond_since is None else beyond_since
            if at_s - beyond_since >= 60:
                unsure, beyond_since = True, None
    return unsure


@given(looks)
def test_the_guard_is_its_definition_and_tells_every_turn(looks: list[Look]) -> None:
    guard, now_s = IdentityGuard(), 0.0
    past: list[tuple[float, Decimal | None, bool]] = []
    for wait_s, text, enough in looks:
        now_s += wait_s
        percent = None if text is None else Decimal(text)
        past.append((now_s, percent, enough))
        before = guard.is_unsure("X")
        guessed = {} if percent is None else {"X": percent}
        turned = guard.watch(ENOUGH if enough else FEW, guessed, now_s)
        assert guard.is_unsure("X") is unsure_by_definition(past)
        assert (turned == {"X"}) is (guard.is_unsure("X") is not before)
