"""llms.txt: in the format of llmstxt.org, and about this very server."""

import re

import pytest

from api.error import ErrorCode
from api.limit import Limits
from api.reference.example import questions
from api.reference.guide import operations
from api.reference.llms import llms_text, post_command

LINK = re.compile(r"- \[[^\]]+\]\((?P<url>[^)\s]+)\)(: \S.*)?")


@pytest.fixture(scope="module")
def text() -> str:
    return llms_text(Limits())


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def test_it_begins_with_a_title_and_a_summary(text: str) -> None:
    title, blank, summary, after = text.split("\n")[:4]
    assert title.startswith("# ")
    assert (blank, after) == ("", "")
    assert summary.startswith("> ")


def test_headings_hold_lists_of_links_and_nothing_else(text: str) -> None:
    details, *sections = re.split(r"^## ", without_code(text), flags=re.MULTILINE)
    assert re.findall(r"^#+ ", details, flags=re.MULTILINE) == ["# "]
    assert [section.split("\n")[0] for section in sections] == [
        "Docs",
        "Examples",
        "Optional",
    ]
    for section in sections:
        lines = [line for line in section.split("\n")[1:] if line]
        assert lines
        for line in lines:
            assert LINK.fullmatch(line), line


def test_it_tells_operations_examples_codes_and_limits(text: str) -> None:
    for operation in operations():
        root, _, name = operation.coordinate.partition(".")
        assert f"`{root.lower()} {name}" in text
        assert operation.description in text
    for question in questions():
        assert question.document.strip() in text
    for code in ErrorCode:
        assert f"`{code.value}`: " in text
    assert "- 12: nested fields" in text
    assert "- 77: nested fields" in llms_text(Limits(depth=77))


def test_it_speaks_of_the_server_that_was_asked() -> None:
    text = llms_text(Limits(), "https://kimp.example", key_needed=True)
    assert "127.0.0.1" not in text
    assert "wss://kimp.example/graphql" in text
    assert "this server needs an API key" in text
    assert all(
        found["url"].startswith("https://kimp.example/")
        for found in LINK.finditer(text)
    )


def test_without_the_examples_folder_nothing_links_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.reference.llms.clients", dict)
    assert "## Examples" not in llms_text(Limits())


def test_a_quote_in_a_document_survives_the_shell() -> None:
    assert """it'\\''s""" in post_command("{ a # it's\n }")
