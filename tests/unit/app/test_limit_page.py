"""docs/LIMITS.md is what the settings and the cost model say."""

from pathlib import Path

from graphql import parse, validate

from api.schema import api_schema
from app.limit_page import ANSWERS, EXAMPLES, cost_of_example, limits_markdown
from app.limit_setting import LimitSettings

REPOSITORY = Path(__file__).parents[3]


def test_the_page_is_renewed() -> None:
    page = (REPOSITORY / "docs" / "LIMITS.md").read_text("utf-8")
    assert page == limits_markdown(), "run: python -m app.limit_page > docs/LIMITS.md"


def test_every_setting_has_an_answer() -> None:
    assert set(ANSWERS) == set(LimitSettings.model_fields)


def test_the_examples_are_valid_and_admitted() -> None:
    for words, text in EXAMPLES.items():
        assert validate(api_schema().core, parse(text)) == [], words
        assert cost_of_example(text) <= LimitSettings().cost
