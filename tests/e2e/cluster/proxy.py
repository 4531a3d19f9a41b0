"""A way to the database that can be cut for one process alone."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

CHUNK_BYTES = 65_536
LIMIT_S = 10.0


class Proxy:
    """Forwards TCP connections to a socket in the file system; `cut` ends them all."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._pairs: list[socket.socket] = []
        self._is_cut = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def cut(self) -> None:
        """End every connection, and take no more."""
        self._is_cut = True
        for each in self._pairs:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Take connections again."""
        self._is_cut = False

    def close(self) -> None:
        """End for good."""
        self.cut()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(LIMIT_S)
        for each in (self._listener, *self._pairs):
            each.close()

    def _run(self, target: Callable[..., None], *args: socket.socket) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_cut:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                self._pairs += [client, server]
                server.connect(self._target)
                self._run(_pump, client, server)
                self._run(_pump, server, client)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """Return a proxy for as long as the block lasts."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
