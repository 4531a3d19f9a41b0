"""Every setting of the server, read once from the environment (prefix `KIMP_`).

Parts are nested by `__`: `KIMP_HTTP__PORT=8000`. Each field's description is what
docs/SETTINGS.md prints; a test compares the two.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from api.limit import Limits
from app.auth_setting import AuthSettings
from app.document_setting import DocumentSettings
from app.extra_setting import BusSettings, OtelSettings
from app.history_setting import HistorySettings
from app.http_setting import HttpSettings
from app.limit_setting import LimitSettings
from app.route_setting import RouteSettings
from app.setting_part import Part, Port, Seconds
from app.venue_setting import BinanceSettings, FxSettings, UpbitSettings

PREFIX = "KIMP_"


class InvalidSetting(ValueError):
    """A setting that cannot be meant: its name, its value and what is allowed."""


class DatabaseSettings(Part):
    """Where everything is kept."""

    url: str = Field(
        "",
        pattern=r"^($|postgres(ql)?(\+asyncpg)?://.+)",
        description=(
            "A PostgreSQL server, `postgresql://user:password@host:5432/name`. Empty: "
            "the embedded one in the data folder."
        ),
    )
    pool_size: int = Field(
        8, ge=1, le=100, description="Connections kept at most; more callers wait."
    )


class SimulatorSettings(Part):
    """The simulated exchanges of `kimp simulate` and `kimp demo`."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: Port = Field(0, description="Port to listen on; 0 takes a free one.")
    seed: int = Field(7, ge=0, description="Same seed, same market.")
    rate: float = Field(
        1.0, gt=0, le=1000, description="Trades per second, relative to the default."
    )


class ResilienceSettings(Part):
    """How patiently upstreams are asked."""

    timeout_s: Seconds = Field(10.0, description="Time a request may take.")
    tries: int = Field(4, ge=1, le=10, description="Tries per request.")
    breaker_failures: int = Field(
        5, ge=1, le=100, description="Consecutive failures that open a breaker."
    )
    breaker_open_s: Seconds = Field(
        60.0, description="How long an open breaker holds requests back."
    )
    fallback_after_s: Seconds = Field(
        1.0,
        description=(
            "A venue whose stream is missing for this long is polled by REST, at half "
            "its silence bound."
        ),
    )
    stream_read_timeout_s: Seconds = Field(
        3.0, description="Time a one-off read over a stream may take."
    )
    stream_read_idle_s: Seconds = Field(
        30.0,
        description=(
            "The connection for one-off reads is closed when nobody has read for this "
            "long."
        ),
    )


class LogSettings(Part):
    """What is logged, and how."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severity that is logged."
    )
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="auto: console on a terminal, JSON lines otherwise."
    )


class Settings(BaseSettings):
    """The whole tree; frozen, read once."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
    )

    data_dir: Path = Field(
        Path("var"), description="Folder of the embedded database and kept files."
    )
    http: HttpSettings = HttpSettings()
    limit: LimitSettings = LimitSettings()
    auth: AuthSettings = AuthSettings()
    document: DocumentSettings = DocumentSettings()
    database: DatabaseSettings = DatabaseSettings()
    upbit: UpbitSettings = UpbitSettings()
    binance: BinanceSettings = BinanceSettings()
    fx: FxSettings = FxSettings()
    bus: BusSettings = BusSettings()
    simulator: SimulatorSettings = SimulatorSettings()
    resilience: ResilienceSettings = ResilienceSettings()
    route: RouteSettings = RouteSettings()
    history: HistorySettings = HistorySettings()
    log: LogSettings = LogSettings()
    otel: OtelSettings = OtelSettings()

    def limits(self) -> Limits:
        """Return the API's bounds, of both groups that have some."""
        return self.limit.limits(introspection=self.http.introspection)


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        InvalidSetting: one line per setting that is wrong.
    """
    try:
        return Settings()
    except ValidationError as exc:
        raise InvalidSetting("\n".join(_line(dict(e)) for e in exc.errors())) from exc
    except (SettingsError, ValueError) as exc:
        raise InvalidSetting(f"the settings cannot be read: {exc}") from exc


def unknown_names(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Return a line for each `KIMP_…` variable that is no setting."""
    known = setting_names()
    lines = []
    for name in sorted(set(_given(environment)) - set(known)):
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "docs/SETTINGS.md lists them."
        lines.append(f"{name} is no setting and was ignored; {hint}")
    return lines


def setting_names() -> dict[str, Any]:
    """Return every setting's environment name and its pydantic field."""
    names: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Part):
            for inner, part in kind.model_fields.items():
                names[f"{PREFIX}{name}__{inner}".upper()] = part
        else:
            names[f"{PREFIX}{name}".upper()] = field
    return names


def allowed_values(field: Any) -> str:  # noqa: ANN401 (pydantic's FieldInfo is generic)
    """Return the closed vocabulary of a setting, empty where it has none."""
    kind = field.annotation
    if get_origin(kind) is tuple:
        kind = get_args(kind)[0]
    return " | ".join(map(str, get_args(kind))) if get_origin(kind) is Literal else ""


def _given(environment: Mapping[str, str]) -> list[str]:
    # Names the test-suite and the shared tooling use beside the settings.
    tooling = ("KIMP_BENCH_", "KIMP_SOAK_")
    foreign = ("KIMP_TEST_", "KIMP_SHARED_DATA", "KIMP_REQUIRE_", *tooling)
    return [
        name.upper()
        for name in environment
        if name.upper().startswith(PREFIX) and not name.upper().startswith(foreign)
    ]


def _line(error: dict[str, Any]) -> str:
    location = [str(item) for item in error["loc"] if not isinstance(item, int)]
    name = PREFIX + "__".join(location).upper()
    value = error.get("input")
    # An address may hold a password where none is expected, too.
    secret = name == "KIMP_DATABASE__URL" or "@" in str(value)
    shown = "(hidden)" if secret else repr(value)
    allowed = str(error["msg"])
    if name == "KIMP_DATABASE__URL":
        allowed = "must be empty or postgresql://user:password@host:5432/name"
    return f"{name}={shown}: {allowed}"
