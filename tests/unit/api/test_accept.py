"""Which form of answer a client gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.accept import MAX_CACHED_ACCEPT, Form, Wanted, media_ranges, wanted

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
APOLLO = (
    f"multipart/mixed;boundary=graphql;subscriptionSpec=1.0,{GRAPHQL_JSON},{JSON};q=0.9"
)
URQL = (
    f"{GRAPHQL_JSON}, application/graphql+json, {JSON}, text/event-stream, "
    "multipart/mixed"
)


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("a/b", [("a/b", {}, 1.0)]),
        (" A/B ; Charset=UTF-8 ", [("a/b", {"charset": "utf-8"}, 1.0)]),
        ("a/a;q=0.1, b/b", [("a/a", {}, 0.1), ("b/b", {}, 1.0)]),
        ("a/a; Q=0.5;x=1", [("a/a", {"x": "1"}, 0.5)]),
        ('a/a;x="1,2;3\\"4", b/b', [("a/a", {"x": '1,2;3"4'}, 1.0), ("b/b", {}, 1.0)]),
        ("a/a;q=x,b/b;q=2,c/c;q=-1,d/d;q=nan,e/e;q=1.5,f/f;q=0.1234", []),
        ("*/json, /b, a/, a, ;q=1, ,", []),
        ("*/*;q=0", [("*/*", {}, 0.0)]),
    ],
)
def test_media_ranges_are_read_as_they_are_written(
    accept: str, found: list[tuple[str, dict[str, str], float]]
) -> None:
    told = [(item.kind, item.parameters, item.weight) for item in media_ranges(accept)]
    assert told == found


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Form.JSON),
        ("", Form.JSON),
        ("*/*", Form.JSON),
        ("application/*", Form.JSON),
        (JSON, Form.JSON),
        (GRAPHQL_JSON, Form.GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", Form.JSON),
        (f"{GRAPHQL_JSON}, {JSON}", Form.GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0.1, {JSON};q=0.9", Form.JSON),
        (f"*/*;q=0.1, {GRAPHQL_JSON}", Form.GRAPHQL_JSON),
        # The most specific range decides on a form, wherever it stands.
        (f"*/*, {JSON};q=0", Form.GRAPHQL_JSON),
        (f"application/*;q=0, {GRAPHQL_JSON}", Form.GRAPHQL_JSON),
        (f"{JSON};q=0.1, application/*;q=0.5", Form.GRAPHQL_JSON),
        (
            f"{JSON};q=0.5, {JSON};charset=utf-8;q=0.1, {GRAPHQL_JSON};q=0.3",
            Form.GRAPHQL_JSON,
        ),
        (f"{JSON};charset=utf-8", Form.JSON),
        (f'{JSON};charset="UTF-8"', Form.JSON),
        (f"{JSON};charset=latin-1", None),
        (f"{JSON};charset=latin-1, {GRAPHQL_JSON};q=0.1", Form.GRAPHQL_JSON),
        ("*/*;charset=latin-1", None),
        ("text/*", None),
        ("text/html, image/png", None),
        (f"{JSON};q=0", None),
        ("nonsense", None),
        ("text/event-stream", Form.EVENT_STREAM),
        (f"text/event-stream;q=0.9, {JSON};q=0.5", Form.EVENT_STREAM),
        (APOLLO, Form.GRAPHQL_JSON),
        ("multipart/mixed;deferSpec=20220824, application/json", Form.JSON),
        ("multipart/mixed;subscriptionSpec=1.0", Form.MULTIPART),
        ("multipart/mixed", None),
        (URQL, Form.GRAPHQL_JSON),
    ],
)
def test_a_query_is_answered_in_the_form_that_is_wanted_most(
    accept: str | None, form: Form | None
) -> None:
    assert wanted(accept).query is form


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, None),
        ("*/*", None),
        ("text/*", None),
        (JSON, None),
        ("text/event-stream", Form.EVENT_STREAM),
        ("text/event-stream;q=0", None),
        (APOLLO, Form.MULTIPART),
        ('multipart/mixed;subscriptionSpec="1.0", application/json', Form.MULTIPART),
        ("multipart/mixed;subscriptionSpec=2.0", None),
        ("multipart/mixed", None),
        (URQL, Form.EVENT_STREAM),
        (
            "multipart/mixed;subscriptionSpec=1.0;q=0.5, text/event-stream;q=0.4",
            Form.MULTIPART,
        ),
    ],
)
def test_a_subscription_gets_a_stream_that_is_named_or_nothing(
    accept: str | None, form: Form | None
) -> None:
    assert wanted(accept).subscription is form
    assert form is None or form.streams


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Form.JSON),
        ("text/event-stream", Form.JSON),
        ("image/png", Form.JSON),
        (GRAPHQL_JSON, Form.GRAPHQL_JSON),
        (APOLLO, Form.GRAPHQL_JSON),
    ],
)
def test_a_failure_is_told_in_a_plain_form(accept: str | None, form: Form) -> None:
    assert wanted(accept).failure is form


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html, */*", True),
        ("application/xml, text/html", True),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        (f"{JSON}, text/html", False),
        (f"{JSON};q=0.5, text/html", True),
        ("text/html;q=0", False),
        ("text/event-stream", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_a_page_is_for_who_names_it_before_data(accept: str, page: bool) -> None:
    assert wanted(accept).page is page


def test_a_long_header_is_read_as_far_as_it_is_bounded() -> None:
    assert wanted(f"{'a/b, ' * 1000}{JSON}").query is None
    assert wanted(f"{'a/b, ' * 65}{JSON}").query is None
    padded = f"{JSON}, " + "a/b, " * MAX_CACHED_ACCEPT
    assert wanted(padded).query is Form.JSON


@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=200))
def test_any_header_is_read_without_a_failure(accept: str) -> None:
    assert isinstance(wanted(accept), Wanted)
