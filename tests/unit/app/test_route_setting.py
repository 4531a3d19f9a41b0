"""The router's settings: the table's defaults, and all of them reach the router."""

import pytest

from app.route_setting import RouteSettings
from app.settings import InvalidSetting, load_settings
from domain.model.route import RoutePolicy
from domain.services.channel_race import Patience
from domain.services.market_data_service import ReadLimits


def test_the_defaults_are_those_of_the_table() -> None:
    settings = RouteSettings()
    assert settings.policy() == RoutePolicy()
    assert settings.patience() == Patience()
    assert settings.limits() == ReadLimits()
    assert (settings.many_candles, settings.several_tickers) == (200, 2)
    assert (settings.min_success_percent, settings.max_p50_ms) == (80, 5_000)
    assert settings.window_calls == 100


def test_every_setting_reaches_the_router() -> None:
    defaults = RouteSettings()
    parts = ("policy", "patience", "limits")
    for name, field in RouteSettings.model_fields.items():
        other = type(field.default)(float(field.default) * 1.1 + 1)
        # Pairs that must stay in order are not in order here: what is tested is where
        # each value goes.
        changed = defaults.model_copy(update={name: other})
        told = [getattr(changed, part)() != getattr(defaults, part)() for part in parts]
        assert told.count(True) == 1, name


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("MANY_CANDLES", "0", "greater than or equal to 1"),
        ("MIN_SUCCESS_PERCENT", "101", "less than or equal to 100"),
        ("BETTER_PERCENT", "49", "better_percent must be at least 50"),
        ("BETTER_PERCENT", "81", "much_better_percent must be at least 81"),
        ("BETTER_SPEED", "4", "much_better_speed must be at least 4"),
        ("BETTER_SUCCESS_POINTS", "11", "much_better_success_points must be"),
        ("RECOVER_AFTER", "101", "window_calls must be at least 101"),
        ("ALONE_MS", "0", "greater than 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(f"KIMP_ROUTE__{name}", value)
    with pytest.raises(InvalidSetting, match=allowed):
        load_settings()
