"""The figures of docs/FUZZ.md."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from bench.fuzz import attack, report
from bench.fuzz.attack import Errors, Outcome, quantile, table
from bench.fuzz.command import DOCUMENT, main
from bench.fuzz.memory import Memory
from bench.fuzz.siege import _ending
from bench.fuzz.worker import Hung, Summary


def summary(findings: str = "") -> Summary:
    return Summary(
        seed=5,
        inputs=1000,
        sessions=200,
        seconds=2.5,
        outcomes=Counter({"accepted": 1, "rejected": 3, "http 200": 4, "event": 9}),
        kinds=Counter({"bytes, open": 1000}),
        compared=7,
        direct=8,
        memory=[Memory(at * 100, 60.0 + at, 1000 + at) for at in range(11)],
        worst_cpu_s=0.01,
        worst_wall_s=0.02,
        worst_collection_s=0.03,
        findings=findings,
        counts=Counter({"bad": 2} if findings else {}),
    )


def test_the_figures_say_what_was_sent_and_what_came_of_it() -> None:
    text = report.figures([summary(), summary()])
    for line in (
        "| inputs (HTTP requests and WebSocket messages) | 2,000 |",
        "| findings | 0 |",
        "| results with errors | 75 % |",
        "| http 200 | 8 |",
        "| 5 | 300 | 63 | 1,003 |",
    ):
        assert line in text
    assert "event" not in text


def test_the_figures_say_what_memory_grew_by() -> None:
    short, long = summary(), summary()
    memory = [Memory(at * 20_000, 200.0 + at, 1000 - at) for at in range(11)]
    text = report.figures([short, replace(long, memory=memory)])
    for line in (
        "| RSS grew from half-way on, MiB (at most 12) | not judged, +5.0 |",
        "| live objects grew from half-way on (at most 20,000) | not judged, -5 |",
    ):
        assert line in text


def test_a_part_of_the_page_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "FUZZ.md"
    page.write_text("a\n<!-- figures -->\nold\n<!-- /figures -->\nb\n")
    report.write(page, report.FIGURES, "new \\1\n")
    assert page.read_text() == "a\n<!-- figures -->\nnew \\1\n<!-- /figures -->\nb\n"


def test_the_page_has_a_place_for_both_parts() -> None:
    text = DOCUMENT.read_text()
    for name in (report.FIGURES, report.ATTACK):
        assert f"<!-- {name} -->" in text
        assert f"<!-- /{name} -->" in text


def test_the_command_fails_where_something_was_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = [[summary()], [summary("== bad: 2")]]
    monkeypatch.setattr("bench.fuzz.command.run_beside", lambda *_: answers.pop(0))
    assert main(["--cases", "10"]) == 0
    assert main(["--cases", "10"]) == 1
    assert "== bad: 2" in capsys.readouterr().out


def test_a_hang_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hangs(*_: object) -> list[Summary]:
        raise Hung("seed 1 hangs in session 4")

    monkeypatch.setattr("bench.fuzz.command.run_beside", hangs)
    assert main([]) == 1
    assert "session 4" in capsys.readouterr().err


def test_one_session_is_run_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "bench.fuzz.command.session_here", lambda number, seed: summary(f"== {number}")
    )
    assert main(["--session", "9"]) == 1
    assert "== 9" in capsys.readouterr().out


def outcome(**more: int) -> Outcome:
    given = {"sockets_after": 0, "subscriptions_after": 0, "errors": 0, **more}
    return Outcome("loris", {"hung up": 3}, [0.001] * 50, 100.0, 101.0, **given)


def test_an_attack_is_told_with_the_times_of_health() -> None:
    text = table([outcome()], [0.002])
    assert "| loris | hung up 3 | 1 | 1 | 1 | 100 → 101 | 0, 0 | 0 |" in text
    assert "| nobody attacks |  | 2 |" in text


def test_calm_is_fast_and_leaves_nothing() -> None:
    assert outcome().is_calm
    for what in ("sockets_after", "subscriptions_after", "errors"):
        assert not outcome(**{what: 1}).is_calm
    slow = Outcome("x", {}, [0.2], 1.0, 1.0, 0, 0)
    assert not slow.is_calm
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0


def test_metrics_are_summed_over_their_labels() -> None:
    text = (
        'kimp_subscriptions_active{a="b"} 2.0\nkimp_subscriptions_active{a="c"} 3.0\n'
    )
    assert attack._sum(text, "subscriptions_active") == 5
    assert attack._sum(text, "websocket_connections") == 0


def test_errors_are_counted_since_the_last_look(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('{"level": "error"}\n')
    errors = Errors(log)
    assert [errors.more(), errors.more()] == [1, 0]
    log.write_text('{"level": "error"}\n' * 3)
    assert errors.more() == 2


def test_the_end_of_a_socket_is_read_from_its_last_bytes() -> None:
    assert _ending(b"\x81\x02ab\x88\x04\x11\x30no") == "closed 4400"
    assert _ending(b"ab<end>") == "hung up"
    assert _ending(b"ab") == "left open"
