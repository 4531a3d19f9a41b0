import pytest

from bench.fanout.load import Run
from bench.fanout.part import PARTS, chosen, row
from bench.fanout.table import document

RUN = Run(
    complete=True,
    members=1000,
    ticks=40,
    messages=40_000,
    bytes=1_000_000_000,
    seconds=2.0,
    server_cpu_s=1.0,
    client_cpu_s=0.2,
    made_cpu_s=0.4,
    ended=0,
    p50_ms=3.25,
    p99_ms=12.0,
    max_ms=13.0,
)


def test_a_run_tells_what_a_message_costs() -> None:
    assert RUN.per_second == 20_000
    assert RUN.cpu_us == pytest.approx(25.0)
    assert RUN.delivery_us == pytest.approx(15.0)
    assert RUN.delivery_per_second == pytest.approx(25_000)
    assert RUN.client_us == pytest.approx(5.0)
    assert RUN.core == 0.5
    assert RUN.frame_bytes == 25_000


def test_the_page_has_a_table_for_each_part_that_was_measured() -> None:
    rows = {"board": {"ours": [row(RUN), row(RUN)], "floor": [row(RUN)]}, "coin": {}}
    page = document("Measured here.", rows)
    assert "## A board of 200 coins, saturation" in page
    assert "## One coin, saturation" not in page
    assert "1,000 members. CPU µs of ours by round: 25 to 25." in page
    line = "| 20,000 | 50 % | 25 | 15 | 10 | 3.2 / 12 | 5 | 25,000 |"
    assert f"| **kimchi-premium** {line}" in page
    assert f"| C, epoll, ready bytes {line}" in page
    assert "| board, delivered/s ≥ 0.75 × the C floor | 1 × | 1 × | 1 × | yes |" in page


def test_every_part_has_a_table_of_its_own_columns() -> None:
    for part in PARTS:
        name = part.servers[-1]
        page = document("", {part.name: {name: [row(RUN, share=1.0)], "floor": []}})
        assert f"## {part.title}" in page


def test_parts_are_chosen_by_name_and_all_of_them_by_none() -> None:
    assert chosen([]) == list(PARTS)
    assert [part.name for part in chosen(["own", "board"])] == ["own", "board"]
    with pytest.raises(KeyError):
        chosen(["none"])
