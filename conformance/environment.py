"""The clients' packages, pinned, in a folder git does not see."""

import json
from pathlib import Path

from bench import environment

HERE = Path(__file__).parent
PINS = HERE / "environment"
PROGRAMS = HERE / "python"
NODE = HERE / "node"
BUILD = HERE / ".build"


def python(name: str) -> Path:
    """Return the Python of an environment.

    Raises:
        CannotBuild: its packages cannot be had.
    """
    return environment.python(name, PINS, BUILD)


def node_folder() -> Path:
    """Return the folder of the Node programs, beside their packages.

    Raises:
        CannotBuild: no Node here, or the packages cannot be had.
    """
    return environment.node_folder(NODE, "node", BUILD)


def pip_version(name: str, package: str) -> str:
    """Return the version of a Python package in the pins of an environment."""
    return environment.pinned(name, package, PINS)


def npm_version(package: str) -> str:
    """Return the pinned version of an npm package."""
    manifest = json.loads((NODE / "package.json").read_text())
    version: str = manifest["dependencies"][package]
    return version
