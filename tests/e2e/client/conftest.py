"""Clients of the conformance table, beside `kimp demo`."""

import shutil
from typing import Final

import pytest

from conformance import environment

PROGRAM: Final = environment.HERE / "python" / "watch.py"


@pytest.fixture(scope="module")
def node() -> list[str]:
    """The command of the npm clients, all installed."""
    if shutil.which("npm") is None:
        pytest.skip("needs Node.js with npm, which this machine has not")
    return ["node", str(environment.node_folder() / "watch.mjs")]


@pytest.fixture(scope="module")
def python() -> list[str]:
    """The command of the PyPI clients, installed in an environment of their own."""
    return [str(environment.python("gql")), str(PROGRAM)]
