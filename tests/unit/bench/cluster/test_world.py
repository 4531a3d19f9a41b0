from pathlib import Path

import pytest

from app.settings import load_settings
from bench.cluster.world import Plan, server_settings

DATABASE = "postgresql://kimp@db.example/mine"
BUS = "nats://bus.example:4222"


def settings(**environment: str) -> dict[str, str]:
    plan = Plan(Path("var/cluster"), 8000, "http://127.0.0.1:8000", 5.0, environment)
    return server_settings(plan, "http://127.0.0.1:1", "nats://127.0.0.1:2")


def test_servers_share_one_folder_one_bus_and_the_simulated_venues() -> None:
    given = settings(PATH="/bin")
    assert given["KIMP_DATA_DIR"] == "var/cluster"
    assert given["KIMP_BUS__URL"] == "nats://127.0.0.1:2"
    assert given["KIMP_UPBIT__REST_URL"] == "http://127.0.0.1:1/upbit"
    assert given["PATH"] == "/bin"


@pytest.mark.parametrize(
    "mine",
    [
        {"KIMP_DATABASE__URL": DATABASE, "KIMP_BUS__URL": BUS},
        {"kimp_database__url": DATABASE, "Kimp_Bus__Url": BUS, "kimp_data_dir": "mine"},
        {
            "KIMP_DATABASE": f'{{"url": "{DATABASE}"}}',
            "KIMP_BUS": f'{{"url": "{BUS}"}}',
        },
    ],
)
def test_the_users_own_database_and_bus_are_not_touched(
    monkeypatch: pytest.MonkeyPatch, mine: dict[str, str]
) -> None:
    for name, value in settings(**mine).items():
        monkeypatch.setenv(name, value)
    found = load_settings()
    assert found.database.url == ""
    assert found.bus.url == "nats://127.0.0.1:2"
    assert found.data_dir == Path("var/cluster")


def test_a_setting_of_the_users_own_wins_over_the_simulated_venues() -> None:
    given = settings(KIMP_UPBIT__REST_URL="http://mine", KIMP_LOG__LEVEL="DEBUG")
    assert given["KIMP_UPBIT__REST_URL"] == "http://mine"
    assert given["KIMP_LOG__LEVEL"] == "DEBUG"
