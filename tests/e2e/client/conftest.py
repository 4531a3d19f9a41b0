"""Clients as people install them, beside `kimp demo`."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent
INSTALL_LIMIT_S: Final = 300.0
PIP_PACKAGES: Final = ("gql[websockets,aiohttp]==4.0.0", "websockets==15.0.1")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the npm clients, all installed."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("needs Node.js with npm, which this machine has not")
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "watch.mjs"):
        shutil.copy(HERE / name, folder)
    options = ("--silent", "--no-audit", "--no-fund", "--no-package-lock")
    subprocess.run(
        [npm, "install", *options], cwd=folder, check=True, timeout=INSTALL_LIMIT_S
    )
    return [node, str(folder / "watch.mjs")]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command of the PyPI clients, installed in an environment of their own."""
    folder = tmp_path_factory.mktemp("pip")
    program = str(folder / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [program, "-m", "pip", "install", "-q", *PIP_PACKAGES],
    ):
        subprocess.run(command, check=True, timeout=INSTALL_LIMIT_S)
    return [program, str(HERE / "watch.py")]
