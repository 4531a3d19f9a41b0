"""Which HTTP status an operation's answer has.

Two profiles. `audits` is what the audits of graphql-http ask for, and clients know.
`draft-2026` is the GraphQL-over-HTTP draft of August 2026, its section Status Codes.

| condition                                      | `audits` | `draft-2026` |
| ---------------------------------------------- | -------- | ------------ |
| data and no errors                             | 200      | 200          |
| data (null too) beside errors                  | 200      | 294          |
| a body that is no JSON                         | 400      | 400          |
| JSON, but no GraphQL request                   | 400      | 422          |
| a document that cannot be parsed               | 400      | 400          |
| not valid, too complex, no such operation, variables | 400 | 422         |
| RATE_LIMITED / UNAUTHENTICATED / FORBIDDEN     | 429 / 401 / 403 | as left |
| UPSTREAM_UNAVAILABLE / INTERNAL, nothing ran   | 503 / 500 | as left     |

An answer as `application/json` tells who never heard of these statuses: in `audits` a
request error is 200 there (429, 401 and 403 are not). In `draft-2026` it has the same
status and is then sent as `application/graphql-response+json`, as the draft has it for
legacy clients; 294 is kept for that media type, which alone gives it a meaning (the
draft's note on partial success), so as `application/json` partial success is 200.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from api.accept import Form
from api.error import ErrorCode

PARTIAL: Final = 294
"""Partial success; the draft's own number, of no RFC."""


class StatusProfile(StrEnum):
    """Which rules hold; see this module."""

    AUDITS = "audits"
    DRAFT_2026 = "draft-2026"


_REFUSED: Final = {
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
}
_OURS: Final = {ErrorCode.UPSTREAM_UNAVAILABLE: 503, ErrorCode.INTERNAL: 500}


def ran_status(form: Form, profile: StatusProfile, *, has_errors: bool) -> int:
    """Return the status of an answer with `data`, which may be null."""
    is_told = profile is StatusProfile.DRAFT_2026 and form is Form.GRAPHQL_JSON
    return PARTIAL if has_errors and is_told else 200


def refused_status(
    codes: Collection[str], form: Form, profile: StatusProfile, *, parsed: bool
) -> int:
    """Return the status of an answer without `data`: nothing of it ran.

    `codes` are its errors'; `parsed`: its document could be parsed.
    """
    for code, status in _REFUSED.items():
        if code in codes:
            return status
    if form is Form.JSON and profile is StatusProfile.AUDITS:
        return 200
    for code, status in _OURS.items():
        if code in codes:
            return status
    return unprocessable(profile) if parsed else 400


def unprocessable(profile: StatusProfile) -> int:
    """Return the status of what is well-formed as such, and cannot be worked with."""
    return 422 if profile is StatusProfile.DRAFT_2026 else 400
