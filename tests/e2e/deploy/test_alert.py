"""Alert rules ask for what exists, and say what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.deploy.promql import read_expression
from tests.e2e.deploy.series import OF_TARGETS, Series

REPOSITORY = Path(__file__).parents[3]
PROMETHEUS = REPOSITORY / "deploy" / "prometheus"
LENGTH = re.compile(r"\d+[smh]")


def rules() -> list[dict[str, Any]]:
    """Return every rule."""
    found = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))
    return [rule for group in found["groups"] for rule in group["rules"]]


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = (REPOSITORY / page).read_text("utf-8")
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_what_a_running_server_tells(
    rule: dict[str, Any], series: Series
) -> None:
    assert series.problems(rule["expr"]) == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_says_what_is_wrong_and_what_to_do(
    rule: dict[str, Any], series: Series
) -> None:
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert LENGTH.fullmatch(rule.get("for", "0s"))
    told = rule["annotations"]
    page, _, anchor = told["runbook"].partition("#")
    assert anchor == rule["alert"].lower()
    assert anchor in anchors(page)
    names = set(
        re.findall(r"\$labels\.(\w+)", f"{told['summary']}{told['description']}")
    )
    read = read_expression(rule["expr"])
    known = {label for s in read.selections for label in series.labels[s.metric]}
    assert names <= known | set(OF_TARGETS)


def test_names_are_told_apart_and_every_runbook_has_its_alert() -> None:
    names = [rule["alert"] for rule in rules()]
    assert len(names) == len(set(names))
    runbooks = {a for a in anchors("docs/OPERATIONS.md") if re.match(r"kimp[a-z]+$", a)}
    assert runbooks == {name.lower() for name in names}


def test_the_example_scrapes_the_job_that_the_rules_ask_for() -> None:
    example = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text("utf-8"))
    (job,) = example["scrape_configs"]
    assert job["metrics_path"] == "/metrics"
    assert (PROMETHEUS / example["rule_files"][0]).is_file()
    asked = {
        matcher.text
        for rule in rules()
        for selection in read_expression(rule["expr"]).selections
        for matcher in selection.matchers
        if matcher.label == "job"
    }
    assert asked == {job["job_name"]}


def test_a_rule_over_a_metric_that_is_gone_is_found(series: Series) -> None:
    expression = rules()[-1]["expr"]
    broken = expression.replace("kimp_event_loop_delay", "kimp_event_loop_lag")
    assert "no metric kimp_event_loop_lag_seconds_bucket" in series.problems(broken)
