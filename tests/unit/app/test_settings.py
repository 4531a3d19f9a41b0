"""Settings: defaults as the interface fixes them, errors that say what is allowed."""

from pathlib import Path

import pytest

from app.setting_page import settings_markdown
from app.settings import InvalidSetting, load_settings, setting_names, unknown_names

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in setting_names():
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_are_those_of_the_fixed_interface() -> None:
    settings = load_settings()
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8000)
    assert settings.http.allowed_origins == ()
    assert settings.database.url == ""
    assert settings.data_dir == Path("var")
    assert settings.upbit.rest_url == "https://api.upbit.com"
    assert settings.upbit.ws_url == "wss://api.upbit.com/websocket/v1"
    assert settings.binance.rest_url == "https://data-api.binance.vision"
    assert settings.binance.ws_url == "wss://data-stream.binance.vision"
    assert settings.fx.sources == ("dunamu", "frankfurter")
    assert settings.fx.max_age_s == 864000
    assert settings.bus.url == ""
    assert settings.simulator.port == 0


def test_the_environment_beats_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMP_HTTP__PORT", "9001")
    monkeypatch.setenv("KIMP_FX__SOURCES", '["open_er_api"]')
    monkeypatch.setenv("KIMP_HTTP__ALLOWED_ORIGINS", '["https://example.com"]')
    settings = load_settings()
    assert settings.http.port == 9001
    assert settings.fx.sources == ("open_er_api",)
    assert settings.http.allowed_origins == ("https://example.com",)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("KIMP_HTTP__PORT", "99999", "less than or equal to 65535"),
        ("KIMP_HTTP__PORT", "http", "integer"),
        ("KIMP_FX__SOURCES", '["yahoo"]', "'dunamu', 'frankfurter' or 'open_er_api'"),
        ("KIMP_FX__SOURCES", "dunamu", "JSON list"),
        ("KIMP_FX__SOURCES", '["dunamu","dunamu"]', "twice"),
        ("KIMP_UPBIT__REST_URL", "api.upbit.com", "https?://"),
        ("KIMP_BINANCE__WS_URL", "https://x", "wss?://"),
        ("KIMP_HTTP__ALLOWED_ORIGINS", '["example.com"]', "https://example.com"),
        ("KIMP_LOG__LEVEL", "loud", "'DEBUG', 'INFO'"),
        ("KIMP_FX__MAX_AGE_S", "-1", "greater than 0"),
        ("KIMP_BUS__URL", "redis://x", "match pattern"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    message = str(caught.value)
    assert message.startswith(f"{name}=")
    assert allowed in message
    assert value.strip('[]"') in message or "twice" in message


def test_the_password_of_a_malformed_database_url_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIMP_DATABASE__URL", "mysql://me:secret@host/db")
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    assert "secret" not in str(caught.value)
    assert "postgresql://" in str(caught.value)


def test_every_wrong_setting_has_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMP_HTTP__PORT", "-1")
    monkeypatch.setenv("KIMP_SIMULATOR__RATE", "0")
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    assert len(str(caught.value).splitlines()) == 2


def test_an_unknown_setting_is_told_with_the_nearest_name() -> None:
    lines = unknown_names({"KIMP_HTTP__PROT": "1", "KIMP_TEST_X": "1", "PATH": "/"})
    assert lines == [
        "KIMP_HTTP__PROT is no setting and was ignored; did you mean KIMP_HTTP__PORT?"
    ]


def test_a_setting_like_no_other_is_sent_to_the_page() -> None:
    assert "docs/SETTINGS.md" in unknown_names({"KIMP_ZZZZZZZZ": "1"})[0]


def test_every_setting_is_documented() -> None:
    page = (REPOSITORY / "docs" / "SETTINGS.md").read_text(encoding="utf-8")
    assert page == settings_markdown(), (
        "renew it: python -m app.setting_page > docs/SETTINGS.md"
    )
    for name, field in setting_names().items():
        assert f"`{name}`" in page
        assert field.description, name


def test_a_bus_without_its_package_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIMP_BUS__URL", "nats://a:4222,nats://b:4222")
    assert load_settings().bus.url.startswith("nats://a")
    monkeypatch.setattr("app.extra_setting._is_installed", lambda _: False)
    with pytest.raises(InvalidSetting, match=r"kimchi-premium\[nats\]"):
        load_settings()
