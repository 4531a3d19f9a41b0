"""The runbook has a line for every fault there is, and for no other."""

import re
from pathlib import Path

from adapters.simulator.scenario_table import SCENARIOS

PAGE = Path(__file__).parents[4] / "docs" / "OPERATIONS.md"
ROW = re.compile(r"^\| `([a-z0-9-]+)` \|(.+)\|(.+)\|(.+)\|$", re.MULTILINE)


def _section() -> str:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("## Faults, one by one")
    return rest.partition("\n## ")[0]


def test_every_scenario_has_a_line_and_every_line_a_scenario() -> None:
    names = [match[1] for match in ROW.finditer(_section())]
    assert sorted(names) == sorted(scenario.name for scenario in SCENARIOS)


def test_every_line_says_what_is_seen_done_and_to_do() -> None:
    for match in ROW.finditer(_section()):
        assert all(len(cell.strip()) >= 6 for cell in match.groups()[1:]), match[1]
