"""A small run of the fuzz bench: nothing may be found."""

from typing import Any

import pytest

from api.endpoint import GraphQLEndpoint
from bench.fuzz import growth, pace, run
from bench.fuzz.memory import Memory
from bench.fuzz.run import SHARES, Run
from bench.fuzz.world import WORLDS

INPUTS = 600
TRACED_BLOCK_S = 2.0


@pytest.fixture(autouse=True)
def allow_for_coverage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give inputs more CPU: a line that coverage counts takes several times as much.

    The command judges the loop's holds with the bound that servers are to keep.
    """
    monkeypatch.setattr(pace, "BLOCK_S", TRACED_BLOCK_S)


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_found_in_a_few_hundred_inputs(seed: int) -> None:
    result = await Run(seed).cases(INPUTS)
    assert not result.findings.counts, result.findings.text()
    assert result.inputs >= INPUTS
    assert {kind.split(", ")[0] for kind in result.kinds} == set(SHARES)
    assert {kind.split(", ")[1] for kind in result.kinds} == set(WORLDS)
    assert result.direct
    assert result.compared
    assert result.oracle.outcomes["accepted"]
    assert result.oracle.outcomes["rejected"]
    assert result.memory[-1].inputs == result.inputs


async def test_a_session_is_the_same_again() -> None:
    heard: list[tuple[int, int]] = []
    whole = await Run(3, lambda *told: heard.append(told)).cases(30)
    assert [number for number, _ in heard] == list(range(whole.sessions))
    one, two = [await Run(3).only(4) for _ in range(2)]
    assert one.findings.shown == two.findings.shown != b""


async def test_what_goes_wrong_in_the_application_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(GraphQLEndpoint, "_served", broken)
    result = await Run(1).cases(INPUTS // 4)
    kinds = " ".join(result.findings.counts)
    assert "status 500" in kinds
    assert "an answer has the code INTERNAL" in kinds
    assert "api.internal_error, ZeroDivisionError at" in kinds
    assert "session " in result.findings.text()


async def test_memory_that_grows_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "JUDGED", 30)
    monkeypatch.setattr(run, "memory_now", lambda at: Memory(at, at * 1.0, at))
    result = await Run(1).cases(60)
    (found,) = result.findings.found["memory grows"]
    assert found.detail.startswith("RSS grew by")
