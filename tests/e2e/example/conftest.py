"""The folder of examples as a stranger copies it, with what its programs need."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.node import need_node

EXAMPLES: Final = Path(__file__).parents[3] / "docs" / "example"
INSTALL_LIMIT_S: Final = 300.0


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder."""
    folder = tmp_path_factory.mktemp("example") / "example"
    unwanted = shutil.ignore_patterns("node_modules", ".venv", "__pycache__")
    shutil.copytree(EXAMPLES, folder, ignore=unwanted)
    return folder


@pytest.fixture(scope="module")
def node(copied: Path) -> str:
    """Node.js, with the packages installed in the copy."""
    node, npm = need_node()
    options = ("--silent", "--no-audit", "--no-fund", "--no-package-lock")
    subprocess.run(
        [npm, "install", *options], cwd=copied, check=True, timeout=INSTALL_LIMIT_S
    )
    return node


@pytest.fixture(scope="module")
def python(copied: Path) -> str:
    """The Python of an environment in the copy."""
    program = str(copied / ".venv" / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", str(copied / ".venv")],
        [program, "-m", "pip", "install", "-q", "-r", "requirements.txt"],
    ):
        subprocess.run(command, cwd=copied, check=True, timeout=INSTALL_LIMIT_S)
    return program


@pytest.fixture(scope="module")
def sh() -> str:
    """A shell, with curl at hand."""
    assert shutil.which("curl"), "the example needs curl"
    return "/bin/sh"
