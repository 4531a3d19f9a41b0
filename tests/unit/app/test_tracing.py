"""Traces over OTLP/HTTP: to a collector that takes, refuses, or is away."""

import asyncio
import gzip
import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

from app import tracing
from app.cli import EXIT_USAGE, main
from app.extra_setting import OtelSettings
from app.log import configure_log
from app.settings import InvalidSetting, load_settings
from app.tracing import NoTracing, OtelTracing, Tracing, open_tracing
from domain.ports.tracer import NO_TRACER

LIMIT_S = 10.0
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Collector:
    """Takes traces, as an OpenTelemetry collector does."""

    url: str = ""
    status: int = 200
    requests: int = 0
    spans: list[Any] = field(default_factory=list)
    resource: dict[str, str] = field(default_factory=dict)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        """Take one batch."""
        body = await request.read()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        self.requests += 1
        self.came.set()
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = _plain(group.resource.attributes)
            for scope in group.scope_spans:
                self.spans.extend(scope.spans)
        return web.Response(status=self.status)


def _plain(attributes: Any) -> dict[str, Any]:
    return {
        item.key: getattr(item.value, str(item.value.WhichOneof("value")))
        for item in attributes
    }


@pytest.fixture(autouse=True)
def _no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SDK_DISABLED", "OTEL_RESOURCE_ATTRIBUTES", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    """A collector on a free port."""
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def opened(settings: OtelSettings) -> Tracing:
    """Open tracing in a thread, as it looks for packages' files."""
    return await asyncio.to_thread(open_tracing, settings)


async def test_spans_arrive_with_service_attributes_and_parts(
    collector: Collector,
) -> None:
    traced = await opened(OtelSettings(endpoint=collector.url + "/"))
    tracer = traced.tracer
    with tracer.span("graphql.query", {"kimp.transport": "http"}) as span:
        with tracer.span("GET upbit.rest"):
            pass
        span.set("kimp.code", "OK")
    async with asyncio.timeout(LIMIT_S):
        await traced.close()
    inner, outer = sorted(collector.spans, key=lambda span: span.name)
    assert (inner.name, outer.name) == ("GET upbit.rest", "graphql.query")
    assert inner.parent_span_id == outer.span_id
    assert _plain(outer.attributes) == {"kimp.transport": "http", "kimp.code": "OK"}
    assert collector.resource["service.name"] == "kimchi-premium"
    assert collector.resource["service.version"]


async def test_a_callers_trace_is_continued_and_past_spans_have_their_length(
    collector: Collector,
) -> None:
    traced = await opened(OtelSettings(endpoint=collector.url))
    with traced.tracer.span("a", parent=PARENT):
        pass
    traced.tracer.record("b", 0.25, {"x": 1}, parent=PARENT)
    traced.tracer.record("c", 0.0, parent="nonsense")
    await traced.close()
    spans = {span.name: span for span in collector.spans}
    assert spans["a"].trace_id.hex() == PARENT.split("-")[1]
    assert spans["a"].parent_span_id.hex() == PARENT.split("-")[2]
    assert (
        spans["b"].end_time_unix_nano - spans["b"].start_time_unix_nano == 250_000_000
    )
    assert not spans["c"].parent_span_id


async def test_an_error_is_marked_by_its_type_and_never_by_its_words(
    collector: Collector,
) -> None:
    traced = await opened(OtelSettings(endpoint=collector.url))
    with pytest.raises(ValueError, match="hunter2"), traced.tracer.span("a"):
        raise ValueError("hunter2")
    await traced.close()
    (span,) = collector.spans
    assert span.status.code == 2
    assert _plain(span.attributes) == {"error.type": "ValueError"}
    assert b"hunter2" not in span.SerializeToString()


async def test_nothing_is_sampled_at_a_ratio_of_zero(collector: Collector) -> None:
    settings = OtelSettings(endpoint=collector.url, sample_ratio=0.0)
    traced = await opened(settings)
    with traced.tracer.span("a"):
        pass
    await traced.close()
    assert not collector.spans


async def test_a_collector_that_is_away_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "CLOSE_TIMEOUT_S", 0.2)
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        traced = await opened(OtelSettings(endpoint=f"http://127.0.0.1:{port}"))
        with traced.tracer.span("a"):
            pass
        async with asyncio.timeout(LIMIT_S):
            await traced.close()
    assert all(t.daemon for t in threading.enumerate() if "otel" in t.name.lower())


async def test_a_collector_that_falls_silent_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "CLOSE_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        traced = await opened(OtelSettings(endpoint=f"http://127.0.0.1:{port}"))
        with traced.tracer.span("a"):
            pass
        async with asyncio.timeout(LIMIT_S):
            await traced.close()


async def test_a_collector_that_refuses_costs_only_spans(collector: Collector) -> None:
    collector.status = 400
    traced = await opened(OtelSettings(endpoint=collector.url))
    with traced.tracer.span("a"):
        pass
    async with asyncio.timeout(LIMIT_S):
        await traced.close()
    assert collector.requests == 1


async def test_without_an_endpoint_nothing_is_traced() -> None:
    traced = await opened(OtelSettings())
    assert isinstance(traced, NoTracing)
    assert traced.tracer is NO_TRACER
    await traced.close()


def test_without_an_endpoint_nothing_of_it_is_imported() -> None:
    code = (
        "import sys, app.wiring, app.process; "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert done.returncode == 0


def test_an_endpoint_without_the_packages_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "app.extra_setting.OTEL_PACKAGES",
        ("opentelemetry.sdk", "no_such_package.inner"),
    )
    monkeypatch.setenv("KIMP_OTEL__ENDPOINT", "http://127.0.0.1:4318")
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    told = str(caught.value)
    assert told.startswith("KIMP_OTEL__ENDPOINT='http://127.0.0.1:4318': ")
    assert "pip install 'kimchi-premium[otel]'" in told
    assert "\n" not in told


def test_a_server_without_the_packages_ends_as_with_any_wrong_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("app.extra_setting.OTEL_PACKAGES", ("no_such_package",))
    monkeypatch.setenv("KIMP_OTEL__ENDPOINT", "http://127.0.0.1:4318")
    assert main(["serve"]) == EXIT_USAGE
    told = capsys.readouterr().err
    assert told.startswith("kimp: KIMP_OTEL__ENDPOINT=")
    assert len(told.splitlines()) == 1


async def test_what_the_packages_log_is_one_event_in_a_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_log("INFO", "json")
    traced = await opened(OtelSettings(endpoint="http://127.0.0.1:9"))
    packages = logging.getLogger("opentelemetry.exporter")
    for number in range(3):
        packages.warning("try %s failed", number)
    await traced.close()
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "trace.unsent"
    assert json.loads(line)["why"] == "try 0 failed"


def test_an_endpoint_with_a_password_is_refused_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KIMP_OTEL__ENDPOINT", "http://me:hunter2@collector:4318")
    with pytest.raises(InvalidSetting) as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_a_tracer_of_an_endpoint_is_on() -> None:
    traced = OtelTracing(OtelSettings(endpoint="http://127.0.0.1:9"))
    assert traced.tracer.is_on
    asyncio.run(traced.close())
