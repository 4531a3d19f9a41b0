"""Clients of the conformance table, beside `kimp demo`."""

from typing import Final

import pytest

from conformance import environment
from tests.node import need_node

PROGRAM: Final = environment.PROGRAMS / "watch.py"


@pytest.fixture(scope="module")
def node() -> list[str]:
    """The command of the npm clients, all installed."""
    program, _ = need_node()
    return [program, str(environment.node_folder() / "watch.mjs")]


@pytest.fixture(scope="module")
def python() -> list[str]:
    """The command of the PyPI clients, installed in an environment of their own."""
    return [str(environment.python("gql")), str(PROGRAM)]
