"""Every setting of the server, read once from the environment (prefix `KIMP_`).

Parts are nested by `__`: `KIMP_HTTP__PORT=8000`. Each field's description is what
docs/SETTINGS.md prints; a test compares the two.
"""

import json
import os
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from app.history_setting import HistorySettings
from app.route_setting import RouteSettings
from app.setting_part import Part, Seconds

PREFIX = "KIMP_"
FxSourceName = Literal["dunamu", "frankfurter", "open_er_api"]
# What the extra `otel` brings, by its topmost packages first.
OTEL_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")

Port = Annotated[int, Field(ge=0, le=65535)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
WsUrl = Annotated[str, Field(pattern=r"^wss?://[^\s/]+")]


class InvalidSetting(ValueError):
    """A setting that cannot be meant: its name, its value and what is allowed."""


class HttpSettings(Part):
    """Where the server listens, and who may call it from a browser."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: Port = Field(8000, description="Port to listen on; 0 takes a free one.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "Sites whose pages may call the API, as a JSON list. `[]`: same-origin "
            'pages and clients without Origin. `["*"]`: every site, without '
            "credentials."
        ),
    )
    graphiql: bool = Field(True, description="Serve GraphiQL at /graphql.")
    reuse_port: bool = Field(
        False,
        description=(
            "Let other processes listen on the same port, the kernel spreads callers "
            "(Linux). `kimp serve --workers` sets it for its processes."
        ),
    )
    drain_s: Seconds = Field(
        5.0, description="How long open requests may take to end at a shutdown."
    )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _a_json_list(cls, value: object) -> object:
        return _json_list(value)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not origin.startswith(("http://", "https://")):
                raise ValueError(f"{origin!r} is no origin such as https://example.com")
        return value


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


class UpbitSettings(Part):
    """Upbit, the domestic side."""

    rest_url: HttpUrl = Field(
        "https://api.upbit.com", description="Base of the REST API; a path is kept."
    )
    ws_url: WsUrl = Field(
        "wss://api.upbit.com/websocket/v1", description="The WebSocket's full URL."
    )
    silence_bound_s: Seconds = Field(
        10.0, description="A feed that brought no data for this long is not live."
    )
    icon_url: str = Field(
        "https://static.upbit.com/logos/{symbol}.png",
        pattern=r"^($|https?://.+)",
        description=(
            "Address stored for the icon of a new coin, `{symbol}` stands for Upbit's "
            "ticker; empty: none is stored."
        ),
    )


class BinanceSettings(Part):
    """Binance, the global side."""

    rest_url: HttpUrl = Field(
        "https://data-api.binance.vision",
        description="Base of the REST API; a path is kept.",
    )
    ws_url: WsUrl = Field(
        "wss://data-stream.binance.vision",
        description="Base of the streams; `/stream` is appended.",
    )
    silence_bound_s: Seconds = Field(
        5.0, description="A feed that brought no data for this long is not live."
    )


class FxSettings(Part):
    """Sources of the official US dollar rate."""

    sources: Annotated[tuple[FxSourceName, ...], NoDecode] = Field(
        ("dunamu", "frankfurter"),
        description=(
            "Sources in order of preference, as a JSON list of dunamu, frankfurter and "
            "open_er_api. The terms of open.er-api.com ask for attribution and forbid "
            "redistribution: it is off by default."
        ),
    )
    dunamu_url: HttpUrl = Field(
        "https://quotation-api-cdn.dunamu.com", description="Base of Dunamu's API."
    )
    frankfurter_url: HttpUrl = Field(
        "https://api.frankfurter.dev", description="Base of Frankfurter's API."
    )
    open_er_api_url: HttpUrl = Field(
        "https://open.er-api.com", description="Base of the open.er-api.com API."
    )
    max_age_s: float = Field(
        864_000.0,
        gt=0,
        le=31_536_000,
        description="A rate whose instant is older than this is refused.",
    )

    @field_validator("sources", mode="before")
    @classmethod
    def _a_json_list(cls, value: object) -> object:
        return _json_list(value)

    @field_validator("sources")
    @classmethod
    def _once_each(cls, value: tuple[FxSourceName, ...]) -> tuple[FxSourceName, ...]:
        if len(set(value)) != len(value):
            raise ValueError("names a source twice")
        return value


class BusSettings(Part):
    """How several processes share one ingest; needs the extra `kimchi-premium[nats]`.

    See docs/OPERATIONS.md, "Many replicas".
    """

    url: str = Field(
        "",
        pattern=r"^($|(nats|tls)://\S+$)",
        description=(
            "A NATS server with JetStream, `nats://user:password@host:4222`; several "
            "of a cluster with commas between. Empty: in-process."
        ),
    )
    name: str = Field(
        "kimp",
        pattern=r"^[A-Za-z0-9-]{1,32}$",
        description="Tells boards on one NATS server apart.",
    )
    replicas: int = Field(
        1, ge=1, le=5, description="Servers of a NATS cluster that keep the board."
    )
    silence_bound_s: Seconds = Field(
        5.0,
        description=(
            "An ingest that was not heard for this long counts as silent: what it told "
            "stays readable, STALE, with its age."
        ),
    )

    @field_validator("url")
    @classmethod
    def _has_its_package(cls, value: str) -> str:
        if value and not _is_installed("nats"):
            raise ValueError(
                "the bus needs a package that is not installed: "
                "pip install 'kimchi-premium[nats]'"
            )
        return value


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


class OtelSettings(Part):
    """Traces to an OpenTelemetry collector; needs the extra `kimchi-premium[otel]`."""

    endpoint: str = Field(
        "",
        pattern=r"^($|https?://[^\s/@]+(/[^\s@]*)?$)",
        description=(
            "Base of a collector that takes OTLP over HTTP, such as "
            "`http://127.0.0.1:4318`; `/v1/traces` is appended. Empty: nothing is "
            "traced. Headers it asks for are read from `OTEL_EXPORTER_OTLP_HEADERS`."
        ),
    )
    sample_ratio: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Part of the traces that is kept; a caller's own choice wins.",
    )

    @field_validator("endpoint")
    @classmethod
    def _has_its_packages(cls, value: str) -> str:
        if value and not all(map(_is_installed, OTEL_PACKAGES)):
            raise ValueError(
                "traces need packages that are not installed: "
                "pip install 'kimchi-premium[otel]'"
            )
        return value


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


def _json_list(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as exc:
        raise ValueError('must be a JSON list such as ["dunamu"]') from exc


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False  # nor is the package around it


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
