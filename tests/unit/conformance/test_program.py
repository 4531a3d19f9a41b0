import sys
from pathlib import Path

import pytest

from conformance.case import ClientFailed
from conformance.program import REASON_LENGTH, lines, output, run


def _python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_lists_among_what_a_program_says_are_its_words(tmp_path: Path) -> None:
    text = """print('["HTTP", "query", null]\\nwarning\\n["HTTP", "error", "why"]')"""
    assert lines(_python(text), tmp_path) == [
        ["HTTP", "query", None],
        ["HTTP", "error", "why"],
    ]


def test_words_said_before_a_failure_count(tmp_path: Path) -> None:
    text = """import sys; print('["HTTP", "query", null]'); sys.exit(1)"""
    assert lines(_python(text), tmp_path) == [["HTTP", "query", None]]


def test_a_program_without_words_failed_with_its_last_ones(tmp_path: Path) -> None:
    with pytest.raises(ClientFailed, match="exit code 1: no such thing"):
        lines(_python("import sys; sys.exit('no such\\nthing')"), tmp_path)


def test_output_is_that_of_a_program_that_did_well(tmp_path: Path) -> None:
    echo = "import sys; print(sys.stdin.read().upper())"
    assert output(_python(echo), tmp_path, stdin="query").strip() == "QUERY"
    with pytest.raises(ClientFailed) as failed:
        output(_python("print('x' * 9999); exit(3)"), tmp_path)
    assert str(failed.value) == f"exit code 3: {'x' * REASON_LENGTH}"


def test_a_program_has_its_folder_and_environment(tmp_path: Path) -> None:
    text = "import os; print(os.getcwd(), os.environ['GRAPHQL_URL'])"
    done = run(_python(text), tmp_path, GRAPHQL_URL="here")
    assert done.stdout.split() == [str(tmp_path.resolve()), "here"]


def test_a_program_that_does_not_end_has_failed(tmp_path: Path) -> None:
    with pytest.raises(ClientFailed, match=r"not done in 0\.1 s"):
        run(["sleep", "30"], tmp_path, limit_s=0.1)
