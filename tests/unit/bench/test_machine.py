import pytest

from bench.machine import header, said


@pytest.mark.parametrize(("rounds", "word"), [(1, "1 round of"), (3, "3 rounds of")])
def test_the_header_tells_how_and_on_what_was_measured(rounds: int, word: str) -> None:
    told = header(rounds, 2.5, {"ours": "uvicorn 1", "bare": "uvloop 2"})
    assert f"with {word} 2.5 s in alternating order" in told
    assert "cores" in told
    assert told.endswith("\n\n- ours: uvicorn 1\n- bare: uvloop 2")


def test_a_command_that_is_not_there_is_told_of() -> None:
    assert said("no-such-command") == "no no-such-command"
    assert said("echo", "one") == "echo one"
