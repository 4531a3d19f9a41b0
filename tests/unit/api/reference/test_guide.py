"""What the guide says in words is about what is there, all of it and nothing else."""

import dataclasses
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from api.accept import Form
from api.error import ErrorCode
from api.limit import Limits
from api.origin import PREFLIGHT_HEADERS
from api.persisted import NOT_FOUND
from api.reference import example
from api.reference.example import (
    CLIENTS,
    QUESTION_DIR,
    clients,
    example_dir,
    examples,
    questions,
)
from api.reference.guide import CODES, FORMS, LIMITS, forms, limits_told, operations
from api.schema import schema_text

REPOSITORY = Path(__file__).parents[4]


def test_every_code_has_its_meaning() -> None:
    assert list(CODES) == list(ErrorCode)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (ErrorCode.NOT_FOUND, ("coin", "`documentId`", f"`{NOT_FOUND}`")),
        (ErrorCode.RATE_LIMITED, ("`retryAfterMs`; where there is none, end an",)),
        (
            ErrorCode.FORBIDDEN,
            ("key", "origin", "introspection", "trusted documents", "cookies"),
        ),
    ],
)
def test_a_code_names_everything_that_has_it(
    code: ErrorCode, words: tuple[str, ...]
) -> None:
    for word in words:
        assert word in CODES[code]


def test_the_header_that_the_guide_names_is_taken() -> None:
    (named,) = re.findall(r"`(GraphQL-[\w-]+)`", CODES[ErrorCode.FORBIDDEN])
    assert named.lower() in PREFLIGHT_HEADERS


def test_every_form_of_answers_has_its_use() -> None:
    assert set(FORMS) == {form.value for form in Form}
    assert [media for media, _ in forms()] == [form.value for form in Form]


def test_every_limit_has_its_meaning_and_the_servers_own_number() -> None:
    numbers = {
        item.name
        for item in dataclasses.fields(Limits)
        if not isinstance(getattr(Limits(), item.name), bool)
    }
    assert set(LIMITS) == numbers
    told = {name: number for name, number, _ in limits_told(Limits(timeout_s=2.5))}
    assert set(told) == numbers
    assert (told["timeout_s"], told["body_bytes"]) == ("2.5", "131,072")


def test_every_example_is_valid_and_shows_one_thing() -> None:
    schema = build_schema(schema_text())
    files = {path.stem for path in QUESTION_DIR.iterdir()}
    assert {question.name for question in questions()} == files
    for question in questions():
        assert validate(schema, parse(question.document)) == []
        assert not question.title.startswith("#")
        assert question.fields


def test_every_root_field_but_the_obvious_has_an_example() -> None:
    fields = {operation.coordinate for operation in operations()}
    assert set(examples()) <= fields
    assert fields - set(examples()) == {
        "Query.node",
        "Query.trades",
        "Subscription.health",
    }


def test_what_most_want_goes_first() -> None:
    found = [operation.coordinate for operation in operations()]
    assert found[:2] == ["Query.premiums", "Query.premium"]
    assert found.index("Query.health") < found.index("Subscription.premiums")
    first = operations()[0]
    assert "first: Int = 100" in first.signature
    assert first.signature.endswith("): PremiumConnection!")


def test_an_example_must_be_one_operation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "odd.graphql").write_text("# Odd\nfragment F on Query { health }\n")
    monkeypatch.setattr(example, "QUESTION_DIR", tmp_path)
    with pytest.raises(TypeError, match="odd"):
        example._question("odd")


def test_the_programs_of_the_repository_are_the_ones_that_are_shown() -> None:
    folder = example_dir()
    assert folder == REPOSITORY / "docs" / "example"
    shown = {
        path.name
        for path in folder.iterdir()
        if path.is_file() and path.name not in {"README.md", "ruff.toml"}
    }
    assert set(CLIENTS) == shown - {"package-lock.json"}
    assert list(clients()) == list(CLIENTS)


def test_a_wheel_has_the_programs_beside_the_api_or_does_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example, "_API", tmp_path / "api")
    clients.cache_clear()
    try:
        assert (example_dir(), clients()) == (None, {})
        clients.cache_clear()
        folder = tmp_path / "api" / "example"
        folder.mkdir(parents=True)
        (folder / "curl.sh").write_text("curl")
        assert clients() == {"curl.sh": "curl"}
    finally:
        clients.cache_clear()
