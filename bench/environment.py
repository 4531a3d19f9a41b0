"""Each peer's environment: its own packages, pinned, in a folder git does not see.

Two processes that want the same one wait for each other.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PINS = Path(__file__).parent / "environment"
BUILD = Path(__file__).parent / ".build"
INSTALL_LIMIT_S = 300.0
_STAMP = "installed"


class CannotBuild(Exception):
    """Something that a part of the bench needs is not on this machine."""


def python(name: str, pins: Path | None = None, build: Path | None = None) -> Path:
    """Return the Python of an environment with the packages of its pins.

    Raises:
        CannotBuild: the packages cannot be had.
    """
    folder = (build or BUILD) / name
    with _alone(folder):
        return _python((pins or PINS) / f"{name}.txt", folder)


def _python(pins: Path, folder: Path) -> Path:
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


def node_folder(source: Path, name: str, build: Path | None = None) -> Path:
    """Return the folder of that name: the Node programs of a folder, with packages.

    Raises:
        CannotBuild: no Node here, or its packages cannot be had.
    """
    folder = (build or BUILD) / name
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise CannotBuild("no Node.js with npm here")
    mark = _digest(source / "package-lock.json")
    with _alone(folder):
        shutil.copytree(source, folder, copy_function=_renew, dirs_exist_ok=True)
        if not _is_current(folder, mark):
            _run(["npm", "ci", "--silent", "--ignore-scripts"], folder)
            (folder / _STAMP).write_text(mark)
    return folder


def pinned(name: str, package: str, pins: Path | None = None) -> str:
    """Return the version of a package in an environment's pins, `?` without one."""
    for line in ((pins or PINS) / f"{name}.txt").read_text().splitlines():
        if line.startswith(f"{package}=="):
            return line.removeprefix(f"{package}==").split()[0]
    return "?"


def _renew(source: str, target: str) -> None:
    """Copy a file that differs; the same one may be read by a program meanwhile."""
    kept = Path(target)
    if not kept.exists() or kept.read_bytes() != Path(source).read_bytes():
        shutil.copy2(source, target)


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _is_current(folder: Path, mark: str) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == mark


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from a folder; its installing has a limit, so this has."""
    folder.parent.mkdir(exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: Sequence[str | Path], folder: Path | None = None) -> None:
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
