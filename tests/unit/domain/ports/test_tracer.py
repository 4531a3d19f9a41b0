"""Without a tracer nothing is traced, and nothing is in the way."""

import pytest

from domain.ports.tracer import NO_TRACER


def test_a_block_runs_and_its_error_passes() -> None:
    done = []
    with NO_TRACER.span("x", {"a": 1}, parent="p") as span:
        span.set("b", 2)
        done.append("block")
    NO_TRACER.record("x", 0.5, {"a": 1}, parent="p")
    assert (NO_TRACER.is_on, done) == (False, ["block"])
    with pytest.raises(KeyError), NO_TRACER.span("x"):
        raise KeyError("x")
