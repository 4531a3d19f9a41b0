import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from bench import environment
from bench.environment import CannotBuild, node_folder, pinned, python


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """The commands that were run, none of which did anything but make its folder."""
    seen: list[list[str]] = []

    def run(command: Sequence[str | Path], folder: Path | None = None) -> None:
        seen.append([str(word) for word in command])
        target = folder or tmp_path / "build" / "some"
        target.mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(environment, "BUILD", tmp_path / "build")
    monkeypatch.setattr(environment, "PINS", tmp_path)
    monkeypatch.setattr(environment, "_run", run)
    (tmp_path / "some.txt").write_text("uvloop==1.2 \\\n    --hash=sha256:0\n")
    return seen


def test_packages_are_installed_once_by_their_hashes(
    ran: list[list[str]], tmp_path: Path
) -> None:
    assert python("some") == tmp_path / "build" / "some" / "bin" / "python"
    assert "--require-hashes" in ran[-1]
    commands = len(ran)
    python("some")
    assert len(ran) == commands


def test_other_pins_are_installed_afresh(ran: list[list[str]], tmp_path: Path) -> None:
    python("some")
    commands = len(ran)
    (tmp_path / "some.txt").write_text("uvloop==1.3\n")
    python("some")
    assert len(ran) == 2 * commands


def test_newer_node_programs_are_copied_beside_packages_that_stay(
    ran: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name)
    source = tmp_path / "source"
    source.mkdir()
    (source / "package-lock.json").write_text("{}")
    (source / "server.mjs").write_text("// 1")
    folder = node_folder(source, "peer")
    assert (folder / "server.mjs").read_text() == "// 1"
    (source / "server.mjs").write_text("// 2")
    node_folder(source, "peer")
    node_folder(source, "peer")
    assert (folder / "server.mjs").read_text() == "// 2"
    assert [command[:2] for command in ran] == [["npm", "ci"]]


def test_without_node_its_programs_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(CannotBuild, match="no Node"):
        node_folder(tmp_path, "peer")


@pytest.mark.usefixtures("ran")
def test_the_version_of_a_package_is_that_of_its_pin() -> None:
    assert pinned("some", "uvloop") == "1.2"
    assert pinned("some", "uvicorn") == "?"
