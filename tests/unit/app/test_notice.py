"""What the person at the terminal is told about the start."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.memory.clock import FakeClock
from app.notice import PATIENCE_S, Notice
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.market import Channel
from domain.services.board_service import BoardService

GONE = UpstreamStatus(
    "upbit.rest", ServiceStatus.UNAVAILABLE, Channel.REST, detail="no route"
)
FX = UpstreamStatus("fx.dunamu", ServiceStatus.HEALTHY, Channel.REST)


class Terminal:
    """A notice over a board with a count of live coins that is set by hand."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.live = 0
        self.statuses: list[UpstreamStatus] = []
        self.out = StringIO()
        board = SimpleNamespace(summary=lambda: SimpleNamespace(live=self.live))
        self.notice = Notice(
            lambda: self.statuses,
            cast(BoardService, SimpleNamespace(board=board)),
            self.clock,
            self.out,
        )

    def lines(self) -> list[str]:
        """Return what was said."""
        return self.out.getvalue().splitlines()


@pytest.fixture
async def terminal() -> Any:
    made = Terminal()
    task = asyncio.create_task(made.notice.watch("http://x"))
    await made.clock.settle()
    yield made
    task.cancel()


async def test_it_says_where_graphiql_is_and_when_the_board_lives(
    terminal: Terminal,
) -> None:
    await terminal.clock.advance(1.1)
    terminal.live = 140
    await terminal.clock.advance(1)
    assert terminal.lines() == [
        "kimp: GraphiQL: http://x/graphql",
        "kimp: 140 coins live after 1.2 s",
    ]


async def test_when_every_venue_has_failed_it_names_the_demo_at_once(
    terminal: Terminal,
) -> None:
    terminal.statuses = [GONE, replace(GONE, name="binance.rest"), FX]
    await terminal.clock.advance(1)
    assert len(terminal.lines()) == 2
    line = terminal.lines()[1]
    assert "No venue is reachable (upbit.rest: no route; binance.rest" in line
    assert "make demo" in line
    assert "fx.dunamu" not in line


async def test_a_start_that_takes_long_is_explained_with_what_is_missing(
    terminal: Terminal,
) -> None:
    terminal.statuses = [GONE, replace(FX, name="binance.rest")]
    await terminal.clock.advance(PATIENCE_S - 1)
    assert len(terminal.lines()) == 1
    await terminal.clock.advance(2)
    assert "No live premium yet (upbit.rest: no route)" in terminal.lines()[1]


@pytest.fixture(autouse=True)
def _nothing_on_the_real_terminal(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    assert capsys.readouterr().err == ""
