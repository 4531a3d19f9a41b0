import signal

import pytest

from bench.cluster.text import (
    LEADER,
    LIVE,
    ending,
    figures,
    last_words,
    overview,
    simulator_url,
)

# As `/metrics` of an ingest says it, shortened.
METRICS = """\
# HELP kimp_board_coins Coins on the board.
# TYPE kimp_board_coins gauge
kimp_board_coins{quality="live"} 139.0
kimp_board_coins{quality="stale"} 0.0
# HELP kimp_bus_leader 1 while this process leads, else 0.
# TYPE kimp_bus_leader gauge
kimp_bus_leader 1.0
python_info{implementation="CPython",version="3.11.7"} 1.0
process_start_time_seconds 1.79529651e+09
"""


def test_metrics_are_read_by_name_and_labels() -> None:
    read = figures(METRICS)
    assert read[LIVE] == 139.0
    assert read[LEADER] == 1.0
    assert len(read) == 5


def test_no_metrics_are_no_figures() -> None:
    assert figures("") == {}


def test_the_simulators_address_is_known_once_its_line_is_whole() -> None:
    line = "KIMP_UPBIT__REST_URL=http://127.0.0.1:42331/upbit\n"
    assert simulator_url("") == ""
    assert simulator_url(line.rstrip()) == ""
    assert simulator_url(f"12:00:00 a word\n{line}") == "http://127.0.0.1:42331"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "it said nothing"),
        ('{"event": "x"}\nkimp: cannot listen on :1\n', "cannot listen on :1"),
        ("Traceback\n  File\nValueError: 7\n\n", "ValueError: 7"),
    ],
)
def test_the_last_line_tells_why_a_process_ended(said: str, words: str) -> None:
    assert last_words(said) == words


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "exit code 0"), (1, "exit code 1"), (-signal.SIGKILL, "SIGKILL")],
)
def test_an_end_is_told_by_signal_or_exit_code(code: int, words: str) -> None:
    assert ending(code) == words


def test_the_overview_names_every_process_and_whom_to_kill() -> None:
    rows = [
        ("nats", 7, "nats://127.0.0.1:4222"),
        ("ingest 1", 123_456, "http://127.0.0.1:1"),
    ]
    assert overview(rows, ("ingest 1", 123_456), "var/cluster", 6.84).splitlines() == [
        "role          pid  address",
        "nats            7  nats://127.0.0.1:4222",
        "ingest 1   123456  http://127.0.0.1:1",
        "Live after 6.8 s. Data and logs: var/cluster",
        "ingest 1 leads. See the other take over: kill -9 123456",
        "Ctrl-C ends all of them.",
    ]
