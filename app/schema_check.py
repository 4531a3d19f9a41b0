"""`make schema`: schema.graphql is what the code serves, and breaks nobody unsaid.

Compared with every version of the file since the last release (tag `v…`), or since the
beginning: two steps that are harmless alone cannot hide a third. Git is asked; without
it, or with a history that is cut off, the report says what could not be compared.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from graphql import GraphQLSchema, build_schema

from api.reference.entry import anchors
from api.schema import schema_text
from api.schema_change import MARK, Loss, changelog_entries, losses
from api.schema_rule import (
    OWN_PAGE,
    deprecated_until,
    deprecation_problems,
    description_problems,
    scalar_problems,
)

REPOSITORY: Final = Path(__file__).resolve().parents[1]
FILE: Final = "schema.graphql"
GIT_LIMIT_S: Final = 30.0
"""For one answer of git; past it git counts as absent."""


class GitAbsent(Exception):
    """There is no git, or no history of this folder; says which."""


@dataclass(frozen=True, slots=True)
class Version:
    """The schema as it was committed."""

    commit: str
    text: str


@dataclass(frozen=True, slots=True)
class Past:
    """The versions since a release (empty: all), the newest first."""

    versions: list[Version]
    release: str = ""
    note: str = ""


@dataclass
class Report:
    """What is wrong, and what somebody should know."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def check(folder: Path, served: str, today: date) -> Report:
    """Compare the folder's schema file and its past with what the code serves."""
    report = Report()
    file = folder / FILE
    if not file.is_file() or file.read_text("utf-8") != served:
        report.problems.append(
            f"{FILE} is not what the code serves: .venv/bin/kimp schema > {FILE}"
        )
    schema = build_schema(served)
    report.problems += description_problems(schema)
    addresses = {f"{OWN_PAGE}{anchor}" for anchor in anchors(schema)}
    report.problems += scalar_problems(schema, addresses.__contains__)
    report.problems += deprecation_problems(schema)
    try:
        past = read_past(folder)
    except GitAbsent as exc:
        report.notes.append(f"breaking changes were not looked for: {exc}")
        return report
    since = past.release or "the beginning"
    report.notes.append(f"{len(past.versions)} versions since {since} compared")
    if past.note:
        report.notes.append(past.note)
    changelog = (folder / "CHANGELOG.md").read_text("utf-8")
    entries = changelog_entries(changelog, past.release.removeprefix("v"))
    report.problems += breaking_problems(past.versions, schema, entries, today)
    return report


def breaking_problems(
    versions: list[Version], new: GraphQLSchema, entries: list[str], today: date
) -> list[str]:
    """Return what breaks clients of a version and is not told, each thing once."""
    problems: dict[str, str] = {}
    for version in versions:
        old = build_schema(version.text)
        promised = deprecated_until(old)
        for loss in losses(old, new):
            problem = _problem(loss, promised, entries, today)
            if problem is not None:
                problems.setdefault(loss.description, f"{problem} ({version.commit})")
    return list(problems.values())


def _problem(
    loss: Loss, promised: dict[str, date | None], entries: list[str], today: date
) -> str | None:
    days = [promised.get(coordinate) for coordinate in loss.coordinates]
    if early := [day for day in days if day is not None and day > today]:
        return f"{loss.description} It was promised to stay until {max(early)}"
    if loss.is_named(entries):
        return None
    names = " and ".join(f"`{name}`" for name in loss.coordinates)
    return (
        f"{loss.description} CHANGELOG.md has no entry with {MARK} and {names} "
        "(docs/SCHEMA.md)"
    )


def read_past(folder: Path) -> Past:
    """Return the versions of the schema that people may stand on.

    Raises:
        GitAbsent: git is not there, or knows nothing of this folder.
    """
    top = _git(folder, "rev-parse", "--show-toplevel").strip()
    if Path(top).resolve() != folder.resolve():
        raise GitAbsent("this folder has no history of its own")
    release = _release(folder)
    commits = [release] if release else []
    span = f"{release}..HEAD" if release else "HEAD"
    commits += _git(folder, "log", "--format=%h", span, "--", FILE).split()
    versions = list(_versions(folder, commits))
    shallow = _git(folder, "rev-parse", "--is-shallow-repository").strip() == "true"
    note = "the history is cut off here: older versions were not compared"
    return Past(versions, release, note if shallow else "")


def _release(folder: Path) -> str:
    """Return the newest release that HEAD stands on, empty where there is none."""
    try:
        tag = _git(folder, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    except GitAbsent:
        return ""
    return tag.strip()


def _versions(folder: Path, commits: list[str]) -> Iterator[Version]:
    seen = set()
    for commit in commits:
        try:
            text = _git(folder, "show", f"{commit}:{FILE}")
        except GitAbsent:
            continue  # not there in that commit
        if text not in seen:
            seen.add(text)
            yield Version(commit, text)


def _git(folder: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 (our own words, and names git gave us)
            ["git", *arguments],  # noqa: S607 (git is where its user has it)
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=GIT_LIMIT_S,
            check=True,
        )
    except FileNotFoundError as exc:
        raise GitAbsent("git is not installed") from exc
    except subprocess.CalledProcessError as exc:
        raise GitAbsent(exc.stderr.strip() or "git knows nothing of it") from exc
    except subprocess.TimeoutExpired as exc:
        raise GitAbsent("git does not answer") from exc
    return done.stdout


def main() -> int:
    """Print the report; 1 where something is wrong."""
    report = check(REPOSITORY, schema_text(), datetime.now(UTC).date())
    for note in report.notes:
        sys.stdout.write(f"schema: {note}\n")
    for problem in report.problems:
        sys.stderr.write(f"schema: {problem}\n")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
