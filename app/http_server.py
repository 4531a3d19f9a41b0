"""uvicorn, owned by our process: no signal handling, no lifespan, bounded drain."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from api.limit import MAX_MESSAGE_BYTES
from app.http_protocol import http_protocol
from app.http_setting import HttpSettings
from app.socket_protocol import socket_protocol
from app.store import CannotStart

# A client that answers no ping within this is gone (RFC 6455, section 5.5.2).
PING_INTERVAL_S = 20.0
PING_TIMEOUT_S = 20.0
BACKLOG = 2048
# A few boards: enough to keep a fast reader busy, little enough to be fresh.
NOTSENT_BYTES = 64 * 1024
UNREAD_S = 60.0
"""A connection whose peer takes nothing of what was sent for so long is dropped, also
one that is closing: it would wait for its peer for ever (TCP_USER_TIMEOUT, Linux)."""


class HttpServer(uvicorn.Server):
    """uvicorn without its signal handlers: SIGTERM is the process's to handle."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def bind(settings: HttpSettings) -> socket.socket:
    """Take the port before anything else is started.

    Raises:
        CannotStart: the address is taken, forbidden or unknown.
    """
    address = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, target = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        # Only on a socket that says it is TCP does asyncio turn Nagle's delay off.
        listener = socket.socket(family, kind, protocol)
        try:
            # Fails where another server listens; we listen only when we can answer.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if settings.reuse_port:
                share_port(listener)
            _keep_stale_out(listener)
            listener.bind(target)
        except OSError:
            listener.close()
            raise
    except OSError as exc:
        raise cannot_listen(address, exc) from exc
    listener.setblocking(False)
    return listener


def _keep_stale_out(listener: socket.socket) -> None:
    """Bound what waits in the kernel, and how long: only what waits here can be merged.

    Connections inherit it from the listener (Linux, macOS).
    """
    option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if option is not None:
        listener.setsockopt(socket.IPPROTO_TCP, option, NOTSENT_BYTES)
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        listener.setsockopt(socket.IPPROTO_TCP, option, round(UNREAD_S * 1000))


def share_port(listener: socket.socket) -> None:
    """Let other processes of the same user listen on the port, each for itself."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def cannot_listen(address: str, exc: OSError) -> CannotStart:
    """Return the one line for an address that cannot be had."""
    return CannotStart(
        f"cannot listen on {address}: {exc.strerror or exc}; set KIMP_HTTP__HOST or "
        "KIMP_HTTP__PORT"
    )


def make_server(
    app: Starlette, settings: HttpSettings, message_bytes: int = MAX_MESSAGE_BYTES
) -> HttpServer:
    """Return the server for the application, not yet serving.

    A WebSocket message of more than `message_bytes` closes its socket.
    """
    graphql = getattr(app.state, "graphql", None)  # None: an ingest answers probes only
    return HttpServer(
        uvicorn.Config(
            app,
            lifespan="off",
            loop="none",
            http="httptools" if graphql is None else http_protocol(graphql.exchange),
            ws=(
                "none"
                if graphql is None
                else socket_protocol(graphql.converse, graphql.may_talk)
            ),
            ws_ping_interval=PING_INTERVAL_S,
            ws_ping_timeout=PING_TIMEOUT_S,
            ws_max_size=message_bytes,
            # Per socket it costs ten times the rest of a frame's way: see api/live.
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=max(1, round(settings.drain_s)),
            access_log=False,
            log_config=None,
            server_header=False,
            # Who asks is told by `api.caller`, which believes trusted proxies only;
            # uvicorn would believe every program on this machine.
            proxy_headers=False,
            backlog=BACKLOG,
        )
    )


def url_of(listener: socket.socket, host: str) -> str:
    """Return the address people open."""
    port = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"
