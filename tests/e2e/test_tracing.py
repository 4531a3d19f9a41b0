"""A server with a collector: operations, upstream requests and batches arrive there."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)

LIMIT_S = 30.0
SECRET = "nobody-may-see-this"
Running = Callable[..., AbstractContextManager[Any]]


class Collector(ThreadingHTTPServer):
    """Takes traces and remembers their spans by name."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.spans: dict[str, dict[str, Any]] = {}
        self.bodies = b""
        self.wanted: set[str] = set()
        self.complete = threading.Event()

    def take(self, body: bytes) -> None:
        """Take one batch."""
        self.bodies += body
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            for span in (span for scope in group.scope_spans for span in scope.spans):
                told = {item.key: item.value.string_value for item in span.attributes}
                self.spans[span.name] = told
        if self.wanted <= self.spans.keys():
            self.complete.set()


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.take(gzip.decompress(body) if packed else body)
        self.send_response(200 if self.path == "/v1/traces" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector in a thread."""
    with Collector() as collector:
        thread = threading.Thread(target=collector.serve_forever, daemon=True)
        thread.start()
        yield collector
        collector.shutdown()
        thread.join()


def test_spans_of_every_part_arrive_and_hold_no_text_of_a_client(
    running: Running, kimp: str, tmp_path: Path, live_coins: Callable[[Any], int]
) -> None:
    with collecting() as collector:
        collector.wanted = {"graphql.query", "GET upbit.rest", "database.save"}
        url = f"http://127.0.0.1:{collector.server_port}"
        settings = {"KIMP_OTEL__ENDPOINT": url, "NO_PROXY": "127.0.0.1"}
        with running([kimp, "demo"], tmp_path, **settings) as server:
            server.wait(lambda s: live_coins(s) > 100)
            server.query(f'query Q {{ coin(symbol: "{SECRET}") {{ symbol }} }}')
            assert collector.complete.wait(LIMIT_S), collector.spans.keys()
            assert server.stop() == 0, server.log.read_text()
        assert collector.spans["graphql.query"]["kimp.transport"] == "http"
        assert collector.spans["GET upbit.rest"]["kimp.upstream"] == "upbit.rest"
        assert collector.spans["database.save"]["kimp.batch"] == "latest"
        assert SECRET.encode() not in collector.bodies


def test_a_collector_that_is_away_keeps_no_server_from_ending(
    running: Running, kimp: str, tmp_path: Path, live_coins: Callable[[Any], int]
) -> None:
    # Nothing listens on port 9 of the loopback (RFC 863, discard).
    settings = {"KIMP_OTEL__ENDPOINT": "http://127.0.0.1:9"}
    with running([kimp, "demo"], tmp_path, **settings) as server:
        server.wait(lambda s: live_coins(s) > 100)
        assert server.stop() == 0, server.log.read_text()
