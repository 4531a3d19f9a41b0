"""`make schema`: the file, the code, and every version since the last release."""

import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from app import schema_check
from app.schema_check import REPOSITORY, GitAbsent, check, read_past

TODAY = date(2026, 11, 21)
ASKED = '"What can be asked."'
BOTH = f'{ASKED} type Query {{ "The first." a: Int "The second." b: Int }}\n'
ONE = f'{ASKED} type Query {{ "The second." b: Int }}\n'
DEPRECATED = BOTH.replace(
    'a: Int "The',
    'a: Int @deprecated(reason: "Use `Query.b`; removed no earlier than 2027-06-30.") '
    '"The',
)
ENTRY = "- **breaking** `Query.a` is gone.\n"


class Folder:
    """A repository with a schema and a changelog."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "--quiet", "--initial-branch=main")
        self.tell("# Changelog\n")

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        subprocess.run(
            ["git", *identity, "-c", "commit.gpgsign=false", *arguments],
            cwd=self.path,
            check=True,
            capture_output=True,
            timeout=30,
        )

    def write(self, schema: str) -> None:
        (self.path / "schema.graphql").write_text(schema, "utf-8")

    def tell(self, changelog: str) -> None:
        (self.path / "CHANGELOG.md").write_text(changelog, "utf-8")

    def commit(self, schema: str) -> None:
        self.write(schema)
        self.git("add", ".")
        self.git("commit", "--quiet", "--allow-empty", "--message=step")

    def problems(self, served: str, today: date = TODAY) -> list[str]:
        return check(self.path, served, today).problems


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    return Folder(tmp_path)


def test_a_file_that_is_not_what_the_code_serves_fails(folder: Folder) -> None:
    folder.commit(BOTH)
    assert folder.problems(BOTH) == []
    folder.write(BOTH + "\n")
    (problem,) = folder.problems(BOTH)
    assert "kimp schema > schema.graphql" in problem
    (folder.path / "schema.graphql").unlink()
    assert folder.problems(BOTH) == [problem]


def test_what_is_not_described_or_badly_deprecated_fails(folder: Folder) -> None:
    bad = BOTH.replace('"The second."', "").replace("a: Int", "a: Int @deprecated")
    folder.commit(bad)
    found = folder.problems(bad)
    assert [problem.partition(":")[0] for problem in found] == ["Query.b", "Query.a"]


def test_a_scalar_without_a_specification_fails(folder: Folder) -> None:
    folder.commit(text := BOTH + '"A name." scalar Name\n')
    (problem,) = folder.problems(text)
    assert problem.startswith("Name: @specifiedBy")
    own = text.replace("Name", 'Name @specifiedBy(url: "/docs/reference#Name")')
    folder.commit(own)
    assert folder.problems(own) == []


def test_a_breaking_change_fails_before_and_after_its_commit(folder: Folder) -> None:
    folder.commit(BOTH)
    folder.write(ONE)
    (before,) = folder.problems(ONE)
    assert "Query.a was removed" in before
    assert "**breaking**" in before
    folder.commit(ONE)
    assert folder.problems(ONE) == [before]
    folder.commit(ONE.replace("Int", "Int!"))
    (later,) = folder.problems(ONE.replace("Int", "Int!"))
    assert later == before


def test_a_changelog_entry_lets_it_through(folder: Folder) -> None:
    folder.commit(BOTH)
    folder.tell(f"# Changelog\n\n## Unreleased\n{ENTRY}")
    folder.commit(ONE)
    assert folder.problems(ONE) == []


def test_entries_of_former_releases_are_about_former_changes(folder: Folder) -> None:
    folder.tell(f"## Unreleased\n\n## 0.2.0 - 2026-01-01\n{ENTRY}")
    folder.commit(BOTH)
    folder.git("tag", "v0.2.0")
    folder.write(ONE)
    assert len(folder.problems(ONE)) == 1
    folder.tell(f"## Unreleased\n{ENTRY}\n## 0.2.0 - 2026-01-01\n")
    assert folder.problems(ONE) == []


def test_versions_before_the_last_release_are_history(folder: Folder) -> None:
    folder.commit(BOTH)
    folder.commit(ONE)
    assert len(folder.problems(ONE)) == 1
    folder.git("tag", "v0.2.0")
    report = check(folder.path, ONE, TODAY)
    assert report.problems == []
    assert report.notes == ["1 versions since v0.2.0 compared"]


def test_nothing_goes_before_its_day(folder: Folder) -> None:
    folder.commit(DEPRECATED)
    folder.tell(ENTRY)
    folder.commit(ONE)
    (problem,) = folder.problems(ONE)
    assert "promised to stay until 2027-06-30" in problem
    assert folder.problems(ONE, date(2027, 6, 30)) == []


def test_a_version_in_which_there_was_no_file_is_passed_over(folder: Folder) -> None:
    folder.commit(BOTH)
    folder.git("rm", "--quiet", "schema.graphql")
    folder.git("commit", "--quiet", "--message=gone")
    folder.commit(BOTH)
    assert [version.text for version in read_past(folder.path).versions] == [BOTH]


def test_without_git_it_says_so_and_checks_the_rest(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.commit(BOTH)
    monkeypatch.setenv("PATH", "")
    report = check(folder.path, BOTH, TODAY)
    assert report.problems == []
    assert report.notes == [
        "breaking changes were not looked for: git is not installed"
    ]


def test_a_folder_without_a_history_of_its_own_says_so(folder: Folder) -> None:
    folder.commit(BOTH)
    below = folder.path / "copy"
    below.mkdir()
    (below / "schema.graphql").write_text(ONE, "utf-8")
    report = check(below, ONE, TODAY)
    assert report.problems == []
    assert "no history of its own" in report.notes[0]


def test_a_history_that_is_cut_off_is_told(folder: Folder, tmp_path: Path) -> None:
    folder.commit(BOTH)
    folder.commit(BOTH.replace("first", "earliest"))
    copy = tmp_path / "shallow"
    folder.git("clone", "--quiet", "--depth=1", f"file://{folder.path}", str(copy))
    past = read_past(copy)
    assert "cut off" in past.note
    assert past.note in check(copy, BOTH, TODAY).notes


def test_git_that_does_not_answer_counts_as_absent(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_check, "GIT_LIMIT_S", 0.0)
    with pytest.raises(GitAbsent, match="does not answer"):
        read_past(folder.path)


def test_the_repository_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema_check.main() == 0, capsys.readouterr().err
    assert capsys.readouterr().out.startswith("schema: ")


def test_a_problem_ends_the_command_with_a_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema_check, "schema_text", lambda: ONE)
    assert schema_check.main() == 1
    assert "schema.graphql is not what the code serves" in capsys.readouterr().err


def test_ci_has_the_whole_history() -> None:
    text = (REPOSITORY / ".github/workflows/ci.yml").read_text("utf-8")
    assert "fetch-depth: 0" in text
