from pathlib import Path

from bench.cluster.world import Plan, server_settings


def settings(**environment: str) -> dict[str, str]:
    plan = Plan(Path("var/cluster"), 8000, "http://127.0.0.1:8000", 5.0, environment)
    return server_settings(plan, "http://127.0.0.1:1", "nats://127.0.0.1:2")


def test_servers_share_one_folder_one_bus_and_the_simulated_venues() -> None:
    given = settings(PATH="/bin")
    assert given["KIMP_DATA_DIR"] == "var/cluster"
    assert given["KIMP_BUS__URL"] == "nats://127.0.0.1:2"
    assert given["KIMP_UPBIT__REST_URL"] == "http://127.0.0.1:1/upbit"
    assert given["PATH"] == "/bin"


def test_the_users_own_database_and_bus_are_not_touched() -> None:
    given = settings(
        KIMP_DATABASE__URL="postgresql://db/mine", KIMP_BUS__URL="nats://mine:4222"
    )
    assert "KIMP_DATABASE__URL" not in given
    assert given["KIMP_BUS__URL"] == "nats://127.0.0.1:2"


def test_a_setting_of_the_users_own_wins_over_the_simulated_venues() -> None:
    given = settings(KIMP_UPBIT__REST_URL="http://mine", KIMP_LOG__LEVEL="DEBUG")
    assert given["KIMP_UPBIT__REST_URL"] == "http://mine"
    assert given["KIMP_LOG__LEVEL"] == "DEBUG"
