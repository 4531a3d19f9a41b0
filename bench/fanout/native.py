"""The C programs of the bench, built where they are needed."""

import os
import shutil
import subprocess
from pathlib import Path

from bench.environment import BUILD, CannotBuild

SOURCE = Path(__file__).parent / "native"
COMPILE_LIMIT_S = 120.0


def program(name: str) -> Path:
    """Return a C program, compiled if its sources are newer.

    Raises:
        CannotBuild: no C compiler, or it refuses the program.
    """
    built = BUILD / name
    sources = [SOURCE / f"{name}.c", *SOURCE.glob("*.h")]
    if built.exists() and built.stat().st_mtime > max(
        source.stat().st_mtime for source in sources
    ):
        return built
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise CannotBuild(
            "no C compiler (cc) here, and the load client is written in C; on Debian "
            "and Ubuntu: apt-get install gcc libc6-dev"
        )
    BUILD.mkdir(exist_ok=True)
    fresh = built.with_suffix(f".{os.getpid()}")  # another run may compile as well
    command = [compiler, "-O2", "-o", str(fresh), str(sources[0]), "-lm"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=COMPILE_LIMIT_S, check=False
    )
    if done.returncode:
        raise CannotBuild(f"{sources[0].name} does not compile here: {done.stderr}")
    fresh.replace(built)
    return built
