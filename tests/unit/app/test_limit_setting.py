"""The limits as settings."""

from dataclasses import fields

import pytest

from api.limit import Bound, Limits
from app.limit_setting import LimitSettings
from app.settings import InvalidSetting, load_settings, setting_names


def test_defaults_are_the_limits_own() -> None:
    assert LimitSettings().limits() == Limits()
    assert not LimitSettings().limits(introspection=False).introspection


def test_every_limit_is_a_setting_and_every_bound_names_one() -> None:
    names = {field.name for field in fields(Limits)}
    assert set(LimitSettings.model_fields) == names - {"introspection"}
    assert {bound.value for bound in Bound} == names - {
        "burst",
        "throttle_ms",
        "suggestions",
    }
    for bound in Bound:
        part = "HTTP" if bound is Bound.INTROSPECTION else "LIMIT"
        assert f"KIMP_{part}__{bound.value.upper()}" in setting_names()


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMP_LIMIT__DEPTH", "9")
    monkeypatch.setenv("KIMP_LIMIT__RATE", "1e12")
    monkeypatch.setenv("KIMP_LIMIT__SUGGESTIONS", "true")
    limits = load_settings().limit.limits()
    assert (limits.depth, limits.rate, limits.suggestions) == (9, 1e12, True)


def test_all_bounds_are_those_of_both_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIMP_LIMIT__DEPTH", "9")
    monkeypatch.setenv("KIMP_HTTP__INTROSPECTION", "false")
    assert load_settings().limits() == Limits(depth=9, introspection=False)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("KIMP_LIMIT__DEPTH", "0", "greater than or equal to 1"),
        ("KIMP_LIMIT__LIST_SIZE", "499", "greater than or equal to 500"),
        ("KIMP_LIMIT__THROTTLE_MS", "99", "greater than or equal to 100"),
        ("KIMP_LIMIT__BURST", "1000", "burst must not be below cost"),
        ("KIMP_HTTP__TRUSTED_PROXIES", '["10.0.0.0/40"]', "10.0.0.0/40"),
        ("KIMP_HTTP__TRUSTED_PROXIES", "10.0.0.0", "JSON list"),
    ],
)
def test_what_cannot_be_meant_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting, match="KIMP_") as told:
        load_settings()
    assert words in str(told.value)
