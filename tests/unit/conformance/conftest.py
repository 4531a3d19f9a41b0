"""A place for clients whose programs are scripts of the test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.case import Place

Script = Callable[[str, str], None]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A place without servers, where every environment is the same folder."""
    programs = tmp_path / "bin"
    programs.mkdir()
    return Place(
        url="http://open.test/graphql",
        closed_url="http://closed.test/graphql",
        stock_url="http://stock.test/graphql",
        node=tmp_path,
        python=lambda _name: programs / "python",
        folder=tmp_path,
        cases=20,
    )


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Write a program of the environments: its name and its lines of shell."""

    def write(name: str, text: str) -> None:
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)

    return write
