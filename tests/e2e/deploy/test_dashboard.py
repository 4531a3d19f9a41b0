"""The dashboard asks for what exists, and stays the one people have imported."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.deploy.promql import read_expression
from tests.e2e.deploy.series import OF_TARGETS, Series

FILE = Path(__file__).parents[3] / "deploy" / "grafana" / "kimchi-premium.json"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


def targets() -> list[Any]:
    """Return each panel's title with each of its queries."""
    return [
        pytest.param(target, id=f"{panel['title']} {target['refId']}")
        for panel in dashboard()["panels"]
        for target in panel.get("targets", ())
    ]


@pytest.mark.parametrize("target", targets())
def test_a_panel_asks_for_what_a_running_server_tells(
    target: dict[str, Any], series: Series
) -> None:
    assert series.problems(target["expr"]) == []


@pytest.mark.parametrize("target", targets())
def test_a_legend_names_labels_that_are_left(
    target: dict[str, Any], series: Series
) -> None:
    read = read_expression(target["expr"])
    grouped = read.groupings
    if not read.functions & {"sum", "avg", "max", "min"}:
        labels = (series.labels[s.metric] for s in read.selections)
        grouped = set(OF_TARGETS).union(*labels)
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= grouped


@pytest.mark.parametrize("target", targets())
def test_a_panel_obeys_the_choice_of_the_instance(target: dict[str, Any]) -> None:
    for selection in read_expression(target["expr"]).selections:
        chosen = {(m.label, m.sign, m.text) for m in selection.matchers}
        assert ("instance", "=~", "$instance") in chosen


def test_every_panel_has_a_place_and_queries_of_its_own() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["datasource"] == SOURCE
            assert [t["refId"] for t in panel["targets"]]
            assert all(t["datasource"] == SOURCE for t in panel["targets"])


def test_what_an_operator_looks_for_is_there() -> None:
    titles = {panel["title"] for panel in dashboard()["panels"]}
    assert titles >= {
        "Request rate",
        "Error rate",
        "Feed age",
        "Premium of BTC",
        "Subscribers",
        "Event loop delay",
        "Breakers",
        "Cache hit rate",
        "Database pool",
        "Rejected",
    }


def test_an_import_renews_the_dashboard_that_is_there() -> None:
    found = dashboard()
    assert (found["uid"], found["title"]) == ("kimchi-premium", "kimchi-premium")
    assert "id" not in found
    names = [item["name"] for item in found["templating"]["list"]]
    assert names == ["datasource", "instance"]


def test_the_list_of_instances_comes_from_a_metric(series: Series) -> None:
    query = dashboard()["templating"]["list"][1]["query"]["query"]
    found = re.fullmatch(r"label_values\((\w+), instance\)", query)
    assert found is not None
    assert found[1] in series.labels


def test_a_panel_over_a_metric_that_is_gone_is_found(series: Series) -> None:
    expression = targets()[0].values[0]["expr"].replace("coins", "cons")
    assert series.problems(expression) == ["no metric kimp_board_cons"]
