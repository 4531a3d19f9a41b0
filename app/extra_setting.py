"""What needs an extra's packages (`KIMP_BUS__…`, `KIMP_OTEL__…`)."""

from importlib.util import find_spec

from pydantic import Field, field_validator

from app.setting_part import Part, Seconds

# What the extra `otel` brings, by its topmost packages first.
OTEL_PACKAGES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


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


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False  # nor is the package around it
