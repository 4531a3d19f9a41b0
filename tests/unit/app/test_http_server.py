"""The port is taken before anything else is started."""

import socket

import pytest
from starlette.applications import Starlette

from app.http_server import UNREAD_S, bind, cannot_listen, make_server, url_of
from app.http_setting import HttpSettings
from app.store import CannotStart


def test_a_free_port_is_bound_and_its_url_can_be_opened() -> None:
    with bind(HttpSettings(port=0)) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener, "127.0.0.1") == f"http://127.0.0.1:{port}"
        assert url_of(listener, "::1") == f"http://[::1]:{port}"


def test_a_taken_port_is_one_line_that_names_the_setting() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotStart) as caught:
            bind(HttpSettings(port=port))
    assert f"127.0.0.1:{port}" in str(caught.value)
    assert "KIMP_HTTP__PORT" in str(caught.value)


def test_an_unknown_host_is_one_line_too() -> None:
    with pytest.raises(CannotStart, match="KIMP_HTTP__HOST"):
        bind(HttpSettings(host="256.256.256.256"))


def test_an_error_without_words_is_still_told() -> None:
    assert "nothing" in str(cannot_listen("a:1", OSError("nothing")))


async def test_uvicorn_is_ours_it_handles_no_signal_and_runs_no_lifespan() -> None:
    server = make_server(Starlette(), HttpSettings(port=0))
    server.config.load()
    assert server.config.lifespan == "off"
    assert server.config.ws_per_message_deflate is False
    with server.capture_signals():
        assert server.should_exit is False


@pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel has no such limit"
)
def test_a_connection_is_dropped_whose_peer_takes_nothing() -> None:
    with bind(HttpSettings(port=0)) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname()):
            listener.setblocking(True)
            accepted, _ = listener.accept()
            with accepted:
                limit_ms = accepted.getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT
                )
    assert limit_ms == UNREAD_S * 1000
