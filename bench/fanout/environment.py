"""Each peer's environment: its own packages, pinned, in a folder git does not see."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.fanout.native import BUILD, CannotBuild

PINS = Path(__file__).parent / "environment"
NODE = Path(__file__).parent / "peer" / "node"
INSTALL_LIMIT_S = 300.0
_STAMP = "installed"


def python(name: str) -> Path:
    """Return the Python of an environment with the packages of its pins.

    Raises:
        CannotBuild: the packages cannot be had.
    """
    pins = PINS / f"{name}.txt"
    folder = BUILD / name
    inside = folder / "bin" / "python"
    mark = _digest(pins)
    if _is_current(folder, mark):
        return inside
    shutil.rmtree(folder, ignore_errors=True)
    beside = str(Path(sys.executable).parent)
    uv = shutil.which("uv") or shutil.which("uv", path=beside)
    if uv is not None:
        _run([uv, "venv", "--quiet", "--no-project", "-p", sys.executable, folder])
        install: list[str | Path] = [uv, "pip", "install", "--quiet", "-p", inside]
    else:
        _run([sys.executable, "-m", "venv", folder])
        install = [inside, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    _run([*install, "--require-hashes", "-r", pins])
    (folder / _STAMP).write_text(mark)
    return inside


def node_folder() -> Path:
    """Return the folder with the Node server and its packages.

    Raises:
        CannotBuild: no Node here, or its packages cannot be had.
    """
    folder = BUILD / "node"
    mark = _digest(NODE / "package-lock.json", NODE / "server.mjs")
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise CannotBuild("no Node.js with npm here")
    if not _is_current(folder, mark):
        shutil.copytree(NODE, folder, dirs_exist_ok=True)
        _run(["npm", "ci", "--silent", "--ignore-scripts"], folder)
        (folder / _STAMP).write_text(mark)
    return folder


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _is_current(folder: Path, mark: str) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == mark


def _run(command: Sequence[str | Path], folder: Path | None = None) -> None:
    BUILD.mkdir(exist_ok=True)
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise CannotBuild(f"{command[0]}: not done in {INSTALL_LIMIT_S:g} s") from exc
    if done.returncode:
        raise CannotBuild(f"{command[0]}: {(done.stderr or done.stdout)[-500:]}")
