"""The README's commands about the past, and its query beside them."""

import csv
import re
import shlex
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.backfill.conftest import REPOSITORY, Desk

PAGES = ("README.md", "README.ko.md")
COMMAND = ".venv/bin/kimp "
YEAR_DAYS = 365
QUERY_DAYS = 31 + 28


def one_block(page: str, language: str, containing: str) -> str:
    text = (REPOSITORY / page).read_text("utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    found = [block for block in blocks if containing in block]
    assert len(found) == 1, f"{page}: {len(found)} blocks with {containing!r}"
    return str(found[0])


def commands(page: str) -> list[str]:
    lines = one_block(page, "sh", "backfill").splitlines()
    assert all(line.startswith(COMMAND) for line in lines), lines
    return [line.removeprefix(COMMAND) for line in lines]


def test_both_pages_tell_the_same_commands_and_the_same_query() -> None:
    assert commands(PAGES[0]) == commands(PAGES[1])
    first, second = [one_block(page, "graphql", "query Past") for page in PAGES]
    assert first == second


@pytest.mark.slow
def test_what_the_readme_fills_is_queried_and_exported(
    tmp_path: Path,
    venues: Mapping[str, str],
    kimp: str,
    running: Callable[..., AbstractContextManager[Any]],
) -> None:
    desk = Desk(tmp_path / "data", venues)
    backfill, export = [shlex.split(command) for command in commands(PAGES[0])]
    table = tmp_path / "table.csv"
    with running([kimp, "serve"], tmp_path, **venues) as server:
        server.wait(lambda s: s.query("{ coins(first: 1) { totalCount } }"))
        code, out, err = desk.run(*backfill)
        assert code == 0, (out, err)
        code, out, err = desk.run(*export, "--output", str(table))
        assert code == 0, (out, err)
        answer = server.query(one_block(PAGES[0], "graphql", "query Past"))
    assert "errors" not in answer, answer
    coin = answer["data"]["coin"]
    assert len(coin["premiumHistory"]["edges"]) == QUERY_DAYS
    assert coin["premium"]["stats"] is not None
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["symbol"] for row in rows} == {"BTC", "ETH"}
    assert len(rows) == 2 * YEAR_DAYS
