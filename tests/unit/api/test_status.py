"""Which HTTP status an answer has, in both profiles."""

import json

import pytest

from api.accept import Form
from api.answer import reply
from api.status import StatusProfile, ran_status, refused_status, unprocessable

AUDITS, DRAFT = StatusProfile.AUDITS, StatusProfile.DRAFT_2026
PLAIN, GRAPHQL = Form.JSON, Form.GRAPHQL_JSON


@pytest.mark.parametrize(
    ("form", "profile", "status"),
    [
        (PLAIN, AUDITS, 200),
        (GRAPHQL, AUDITS, 200),
        (PLAIN, DRAFT, 200),
        (GRAPHQL, DRAFT, 294),
    ],
)
def test_data_beside_errors_is_a_success_and_partial_in_the_draft(
    form: Form, profile: StatusProfile, status: int
) -> None:
    assert ran_status(form, profile, has_errors=True) == status
    assert ran_status(form, profile, has_errors=False) == 200


@pytest.mark.parametrize(
    ("codes", "parsed", "audits_plain", "audits", "draft"),
    [
        (["BAD_USER_INPUT"], False, 200, 400, 400),
        (["BAD_USER_INPUT"], True, 200, 400, 422),
        (["QUERY_TOO_COMPLEX"], True, 200, 400, 422),
        (["NOT_FOUND"], True, 200, 400, 422),
        (["RATE_LIMITED"], True, 429, 429, 429),
        (["UNAUTHENTICATED"], True, 401, 401, 401),
        (["FORBIDDEN"], True, 403, 403, 403),
        (["UPSTREAM_UNAVAILABLE"], True, 200, 503, 503),
        (["INTERNAL"], True, 200, 500, 500),
        (["BAD_USER_INPUT", "RATE_LIMITED"], True, 429, 429, 429),
    ],
)
def test_what_never_ran_has_the_status_of_its_reason(
    codes: list[str], parsed: bool, audits_plain: int, audits: int, draft: int
) -> None:
    def status(form: Form, profile: StatusProfile) -> int:
        return refused_status(codes, form, profile, parsed=parsed)

    assert status(PLAIN, AUDITS) == audits_plain
    assert status(GRAPHQL, AUDITS) == audits
    assert status(PLAIN, DRAFT) == status(GRAPHQL, DRAFT) == draft


def test_json_that_is_no_request_is_of_the_profile() -> None:
    assert (unprocessable(AUDITS), unprocessable(DRAFT)) == (400, 422)


def error(code: str, **more: object) -> dict[str, object]:
    return {"errors": [{"message": "x", "extensions": {"code": code, **more}}]}


def test_a_legacy_client_is_told_of_a_failure_in_the_drafts_own_type() -> None:
    found = reply(error("BAD_USER_INPUT"), PLAIN, DRAFT)
    assert found.status == 422
    assert found.headers["Content-Type"].startswith(GRAPHQL.value)
    assert "data" not in json.loads(found.body)
    found = reply({"data": {"a": 1}}, PLAIN, DRAFT)
    assert (found.status, found.headers["Content-Type"]) == (
        200,
        "application/json; charset=utf-8",
    )


@pytest.mark.parametrize(
    ("wait_ms", "seconds"), [(1, "1"), (1000, "1"), (1001, "2"), (None, "1")]
)
@pytest.mark.parametrize("form", [PLAIN, GRAPHQL])
def test_who_asks_too_often_is_told_when_to_come_back(
    form: Form, wait_ms: int | None, seconds: str
) -> None:
    more = {} if wait_ms is None else {"retryAfterMs": wait_ms}
    found = reply(error("RATE_LIMITED", **more), form)
    assert (found.status, found.headers["Retry-After"]) == (429, seconds)


def test_who_is_not_known_is_told_how_to_be() -> None:
    found = reply(error("UNAUTHENTICATED"), PLAIN)
    assert found.headers["WWW-Authenticate"].startswith("Bearer ")
