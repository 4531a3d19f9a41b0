import dataclasses

import pytest

from conformance.audit import Audit
from conformance.case import Client, Row
from conformance.client import CLIENTS
from conformance.table import (
    MEANING,
    audit_summary,
    audit_table,
    client_table,
    document,
)

ROW = Row("gql", "4.4.0", "HTTP", ("query", "error"), ())
AUDITS = [
    Audit("B", "SHOULD say so", "warn: said | no"),
    Audit("C", "MAY go", None),
    Audit("A", "MUST be", None),
]
STOCK = [dataclasses.replace(audit, failure="error: no") for audit in AUDITS]


def test_a_row_says_what_was_done_and_that_it_went_well() -> None:
    assert client_table([ROW]).splitlines()[-1] == (
        "| gql | 4.4.0 | HTTP | query, error | pass |"
    )


def test_a_row_that_failed_says_why_in_its_cell() -> None:
    row = dataclasses.replace(ROW, failures=("query: a | b\nc", "error: no code"))
    assert (
        client_table([row])
        .splitlines()[-1]
        .endswith("| **FAIL** query: a \\| b c; error: no code |")
    )


def test_audits_are_counted_by_level() -> None:
    assert audit_summary(AUDITS, STOCK).splitlines()[2:] == [
        "| MUST | 1 of 1 | 0 of 1 |",
        "| SHOULD | 0 of 1 | 0 of 1 |",
        "| MAY | 1 of 1 | 0 of 1 |",
        "| all | 2 of 3 | 0 of 3 |",
    ]


def test_audits_are_listed_by_level_with_the_reasons_of_ours_alone() -> None:
    assert audit_table(AUDITS, STOCK).splitlines()[2:] == [
        "| A | MUST be | pass | fail |",
        "| B | SHOULD say so | **FAIL** warn: said \\| no | fail |",
        "| C | MAY go | pass | fail |",
    ]


def test_the_page_explains_the_steps_that_were_done_and_no_others() -> None:
    page = document([ROW], AUDITS, STOCK, ("1.23.1", "0.341.2"))
    assert f"- error: {MEANING['error']}\n" in page
    assert "- board:" not in page
    assert "npm `graphql-http` 1.23.1, beside those of stock Strawberry 0.341.2" in page
    assert page.endswith("</details>\n")


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_every_step_of_every_client_is_explained(client: Client) -> None:
    steps = {step for steps in client.ways.values() for step in steps}
    assert steps <= MEANING.keys()
