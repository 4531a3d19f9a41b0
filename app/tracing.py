"""Traces to an OpenTelemetry collector, over OTLP/HTTP.

Off unless `KIMP_OTEL__ENDPOINT` is set; its packages (the extra `otel`) are imported
only then. Spans wait in a bounded queue and leave from a thread of their own: a
collector that is slow or away costs spans, never an answer.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from app.extra_setting import OtelSettings
from domain.ports.tracer import NO_TRACER, Attribute, Span, Tracer

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan

SERVICE: Final = "kimchi-premium"
PATH: Final = "/v1/traces"
"""Appended to the endpoint (OTLP specification, "Endpoint URLs for OTLP/HTTP")."""

QUEUE_SPANS: Final = 2048
"""Spans that wait to be sent; at the cap the oldest go."""

BATCH_SPANS: Final = 512
"""Spans of one request; so many waiting are sent at once."""

SEND_INTERVAL_S: Final = 2.0
SEND_TIMEOUT_S: Final = 5.0
"""Of one batch, its tries included; past it the batch is lost."""

CLOSE_TIMEOUT_S: Final = 3.0
"""What the last batches may hold up the end of the process; past it they are lost."""

TELL_EVERY_S: Final = 60.0
"""A collector that is away is told of so often; the packages tell of every try."""

_log = structlog.get_logger(__name__)


class Tracing(Protocol):
    """A tracer and its end."""

    @property
    def tracer(self) -> Tracer:
        """Where spans go."""
        ...

    async def close(self) -> None:
        """Send what waits, within `CLOSE_TIMEOUT_S`."""
        ...


class NoTracing:
    """Nothing is traced."""

    tracer: Tracer = NO_TRACER

    async def close(self) -> None:
        """Nothing waits."""


def open_tracing(settings: OtelSettings) -> Tracing:
    """Return where traces go; the settings have checked that the packages are there."""
    return OtelTracing(settings) if settings.endpoint else NoTracing()


class OtelTracing:
    """Sends spans to a collector."""

    def __init__(self, settings: OtelSettings) -> None:
        self._exporter, self._provider = _pipeline(settings)
        self.tracer: Tracer = OtelTracer(self._provider)

    async def close(self) -> None:
        """Send what waits; a collector that does not answer is not waited for."""
        # A thread of ours, not the loop's: those are joined at exit, come what may.
        done = asyncio.Event()
        loop = asyncio.get_running_loop()

        def shut_down() -> None:
            self._provider.shutdown()
            # Where it took longer than that, nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(done.set)

        thread = threading.Thread(target=shut_down, name="otel.close", daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await done.wait()
        except TimeoutError:
            # Ends the wait between tries; a request under way ends with the process.
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # OpenTelemetry has no types here


class OtelTracer:
    """Implements `domain.ports.tracer.Tracer`."""

    is_on = True

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import (
            TraceContextTextMapPropagator,
        )

        self._tracer = provider.get_tracer(SERVICE)
        self._propagator = TraceContextTextMapPropagator()

    def span(
        self,
        name: str,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> AbstractContextManager[Span]:
        """Return a span around a block; an error marks it with its type's name."""
        return self._span(name, attributes, parent)

    @contextmanager
    def _span(
        self, name: str, attributes: Mapping[str, Attribute] | None, parent: str | None
    ) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name,
            context=self._context(parent),
            attributes=attributes,
            # An error's words may hold what a client or venue sent.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _OtelSpan(span)
            except BaseException as exc:
                _mark(span, exc)
                raise

    def record(
        self,
        name: str,
        duration_s: float,
        attributes: Mapping[str, Attribute] | None = None,
        *,
        parent: str | None = None,
    ) -> None:
        """Tell of something that ends now."""
        now_ns = time.time_ns()
        span = self._tracer.start_span(
            name,
            context=self._context(parent),
            attributes=attributes,
            start_time=now_ns - round(duration_s * 1e9),
        )
        span.end(now_ns)

    def _context(self, parent: str | None) -> "Context | None":
        if parent is None:
            return None
        return self._propagator.extract({"traceparent": parent})


class _OtelSpan:
    def __init__(self, span: "OtelSpan") -> None:
        self._span = span

    def set(self, name: str, value: Attribute) -> None:
        """Add an attribute."""
        self._span.set_attribute(name, value)


class _Trouble(logging.Handler):
    """Makes one event in a minute of what the packages log."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._told_s: float | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Tell, unless it was told a moment ago."""
        now_s = time.monotonic()
        if self._told_s is None or now_s - self._told_s >= TELL_EVERY_S:
            self._told_s = now_s
            _log.warning("trace.unsent", why=record.getMessage())


def _mark(span: "OtelSpan", exc: BaseException) -> None:
    from opentelemetry.trace import StatusCode

    span.set_attribute("error.type", type(exc).__name__)
    span.set_status(StatusCode.ERROR)


def _pipeline(
    settings: OtelSettings,
) -> "tuple[OTLPSpanExporter, TracerProvider]":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    packages = logging.getLogger("opentelemetry")
    packages.handlers[:] = [_Trouble()]
    packages.propagate = False
    exporter = OTLPSpanExporter(
        settings.endpoint.rstrip("/") + PATH, timeout=SEND_TIMEOUT_S
    )
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.sample_ratio)),
        resource=Resource.create(
            {"service.name": SERVICE, "service.version": version(SERVICE)}
        ),
        # `close` is its end; at exit it would wait for a collector that is away.
        shutdown_on_exit=False,
    )
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter,
            max_queue_size=QUEUE_SPANS,
            max_export_batch_size=BATCH_SPANS,
            schedule_delay_millis=SEND_INTERVAL_S * 1000,
        )
    )
    return exporter, provider
