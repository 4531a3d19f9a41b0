import json
import re
from pathlib import Path

import pytest

from bench import environment as bench
from conformance import environment
from conformance.case import Client
from conformance.client import CLIENTS
from conformance.environment import NODE, PINS, npm_version, pip_version

EXACT = re.compile(r"\d+(\.\d+)+")


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_every_client_has_an_exact_version(client: Client) -> None:
    assert EXACT.fullmatch(client.version)


def test_versions_are_those_of_the_pins() -> None:
    assert npm_version("graphql-http") == "1.23.1"
    assert pip_version("gql", "websockets").split(".")[0] < "16"
    assert pip_version("gql", "no-such-package") == "?"


def test_npm_packages_are_pinned_by_a_lock_without_addresses_of_packages() -> None:
    wanted = json.loads((NODE / "package.json").read_text())["dependencies"]
    packages = json.loads((NODE / "package-lock.json").read_text())["packages"]
    locked = {name: packages[f"node_modules/{name}"]["version"] for name in wanted}
    assert locked == wanted
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_python_packages_are_pinned_by_hashes() -> None:
    for wanted in PINS.glob("*.in"):
        pins = wanted.with_suffix(".txt").read_text()
        pinned = re.findall(r"^\S+==\S+", pins, re.MULTILINE)
        assert len(pinned) == len(re.findall(r"^    # via", pins, re.MULTILINE))
        assert "--hash=sha256:" in pins


def test_packages_are_kept_in_a_folder_that_git_does_not_see(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[object, ...]] = []

    def install(*told: object) -> Path:
        asked.append(told)
        return tmp_path

    monkeypatch.setattr(bench, "python", install)
    monkeypatch.setattr(bench, "node_folder", install)
    assert environment.python("gql") == tmp_path
    environment.node_folder()
    assert asked == [
        ("gql", PINS, environment.BUILD),
        (NODE, "node", environment.BUILD),
    ]
    ignored = (environment.HERE / ".gitignore").read_text().split()
    assert ignored == [f"/{environment.BUILD.name}/"]
