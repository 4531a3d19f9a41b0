"""Which form of answer a client gets."""

import pytest

from api.accept import Form, choose, prefers_page, ranked


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("", ["*/*"]),
        (" ", ["*/*"]),
        ("a/b", ["a/b"]),
        ("A/B;charset=utf-8", ["a/b"]),
        ("a/a;q=0.1, b/b, c/c;q=0.5", ["b/b", "c/c", "a/a"]),
        ("a/a, b/b", ["a/a", "b/b"]),
        ("a/a;q=0,b/b;q=x,c/c;q=2,d/d;q=-1,e/e;q=nan", []),
        ("a/a; Q = 0.5 , b/b", ["b/b", "a/a"]),
        (",,a/a,", ["a/a"]),
    ],
)
def test_media_types_are_ranked_by_weight_then_order(
    accept: str, found: list[str]
) -> None:
    assert ranked(accept) == found


@pytest.mark.parametrize(
    ("media", "wanted"),
    [
        (["text/html", "*/*"], True),
        (["application/xml", "text/html"], True),
        (["application/json", "text/html"], False),
        (["text/event-stream"], False),
        (["*/*"], False),
        ([], False),
    ],
)
def test_a_page_is_for_who_names_it_first(media: list[str], wanted: bool) -> None:
    assert prefers_page(media) is wanted


def test_a_subscription_gets_a_stream_or_nothing() -> None:
    assert choose(["a/a", "text/event-stream"], subscription=True) is Form.EVENT_STREAM
    assert choose(["*/*"], subscription=True) is None


def test_a_query_gets_what_is_ranked_first() -> None:
    assert choose(["a/a", "*/*"], subscription=False) is Form.JSON
    assert choose(["text/event-stream"], subscription=False) is Form.EVENT_STREAM
    assert choose(["a/a"], subscription=False) is None
