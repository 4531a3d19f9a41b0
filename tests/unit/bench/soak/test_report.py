from typing import Any

from bench.soak.report import TOLD_PER_RULE, Report
from bench.soak.story import Act


def test_nothing_broken_is_one_line(capsys: Any) -> None:
    report = Report(7)
    report.begin()
    report.note("calm")
    assert not report.failed
    assert report.text().startswith("seed 7, 0 faults")
    assert "nothing was broken" in report.text()
    assert "calm" in capsys.readouterr().out


def test_a_violation_is_told_with_seed_story_and_what_held_then(capsys: Any) -> None:
    report = Report(7)
    report.act(Act(0.0, "silence", "upbit", 30.0))
    for number in range(TOLD_PER_RULE + 2):
        report.blame("LIVE means fresh", f"case {number}")
    assert report.failed
    text = report.text()
    assert f"LIVE means fresh: {TOLD_PER_RULE + 2} times" in text
    assert "seed 7" in text
    assert text.count("silence for 30.0 s") == TOLD_PER_RULE + 1
    assert f"case {TOLD_PER_RULE - 1}" in text
    assert f"case {TOLD_PER_RULE}" not in text
    assert "BROKEN" in capsys.readouterr().out
