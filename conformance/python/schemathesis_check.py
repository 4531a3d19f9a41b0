"""What schemathesis looks at in every answer; it loads this by its `hooks`.

Its own check of GraphQL errors takes any error for a failure of the server. Ours are
told: a document may be valid by the schema and yet ask for a coin that is not there.
"""

from datetime import date, time
from decimal import Decimal
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

EXPECTED = {"BAD_USER_INPUT", "NOT_FOUND", "UPSTREAM_UNAVAILABLE", "QUERY_TOO_COMPLEX"}


@schemathesis.check  # type: ignore[untyped-decorator]  # not in our environment
def keeps_its_word(_context: Any, response: Any, _case: Any) -> None:
    """Hold for JSON below 500 whose errors all have a code that clients can act on."""
    if response.status_code >= 500:
        raise AssertionError(f"status {response.status_code}")
    for error in response.json().get("errors", ()):
        code = error.get("extensions", {}).get("code")
        if code not in EXPECTED:
            raise AssertionError(f"code {code}: {error['message']}")


def _instant(day: date, clock: time) -> str:
    return f"{day}T{clock}Z"


_amounts = st.decimals(Decimal("-1e12"), Decimal("1e12"), places=6).map(
    lambda number: f"{number:f}"
)
_first, _last = date(2017, 1, 1), date(2027, 1, 1)
_days = st.dates() | st.dates(_first, _last)
for name, strategy in {
    "Date": _days.map(str),
    "DateTime": st.builds(_instant, _days, st.times()),
    "Decimal": _amounts,
}.items():
    scalar(name, (strategy | st.text()).map(nodes.String))
