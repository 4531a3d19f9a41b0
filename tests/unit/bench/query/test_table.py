from bench.query.operation import operations
from bench.query.server import RAISED, SERVERS
from bench.query.table import document

ROW = {
    "per_second": 20_000.0,
    "cpu_us": 40.0,
    "net_us": 37.5,
    "core": 0.8,
    "rest_core": 0.05,
    "p50_ms": 0.75,
    "p99_ms": 2.5,
    "client_core": 0.3,
    "bytes": 12_800.0,
}


def test_each_operation_has_a_table_with_ratios_to_ours() -> None:
    peer = {**ROW, "cpu_us": 400.0}
    rounds = {"board": {"yoga": [peer], "ours": [ROW, {**ROW, "cpu_us": 42.0}]}}
    page = document("Measured here.", rounds, "| known |")
    assert "## The board of 100 coins" in page
    assert "## One coin" not in page
    assert "`query Board($first: Int!)" in page
    assert "CPU µs of ours by round: 40 to 42." in page
    rest = "37.5 | 80 % | 5 % | 0.75 / 2.5 | 30 % | 12,800 |"
    assert f"| graphql-yoga, Node | 20,000 | 400 | 9.76 × | {rest}" in page
    assert f"| **kimchi-premium** | 20,000 | 41 |  | {rest}" in page
    assert (
        "| board of 100, CPU µs ≤ 1/10 of graphql-yoga | 1/9.76 | 1 × | missed |"
        in page
    )


def test_the_page_names_what_was_raised_and_holds_the_cache() -> None:
    page = document("", {}, "| known |")
    assert all(f"`{name}={value}`" in page for name, value in RAISED.items())
    assert "## Goals" not in page
    assert "\n| known |\n" in page


def test_every_server_has_a_name_and_every_operation_its_heading() -> None:
    told = operations([""])
    page = document("", {o.name: {s: [ROW] for s in SERVERS} for o in told}, "")
    assert all(f"## {operation.title}\n" in page for operation in told)


def test_a_server_without_rounds_has_no_line() -> None:
    page = document("", {"coin": {"yoga": [], "ours": [ROW]}}, "")
    assert "graphql-yoga, Node |" not in page
    assert "**kimchi-premium** | 20,000 | 40 |" in page
