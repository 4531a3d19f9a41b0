import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest

from bench.process import ServerFailed
from conformance import server, stock


class Started:
    """A server whose coin becomes live after so many questions."""

    url = "http://open.test"

    def __init__(self, questions: int) -> None:
        self._left = questions

    def wait_live(self) -> None:
        """Fail where it never is."""
        if self._left < 0:
            raise ServerFailed("it ended")

    def query(self, _document: str) -> dict[str, Any]:
        """Say how the coin is."""
        self._left -= 1
        quality = "STALE" if self._left else "LIVE"
        return {"data": {"premium": {"quality": quality}}}


def _start(monkeypatch: pytest.MonkeyPatch, questions: int) -> None:
    @contextmanager
    def started(
        _settings: dict[str, str], command: str, log: IO[str]
    ) -> Iterator[Started]:
        assert command == "demo"
        log.write("what it said")
        yield Started(questions)

    monkeypatch.setattr(server, "server", started)
    monkeypatch.setattr(server, "LOOK_AGAIN_S", 0.0)


def test_a_server_serves_once_the_coin_that_is_asked_for_is_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _start(monkeypatch, questions=3)
    with server.serving() as url:
        assert url == "http://open.test/graphql"


@pytest.mark.parametrize("questions", [-1, 10])
def test_one_that_does_not_come_up_shows_its_log(
    monkeypatch: pytest.MonkeyPatch, questions: int
) -> None:
    _start(monkeypatch, questions)
    monkeypatch.setattr(server, "START_LIMIT_S", 0.0)
    with pytest.raises(server.NotLive, match="what it said"), server.serving():
        pass


def test_stock_strawberry_answers() -> None:
    with stock.serving() as url:
        request = urllib.request.Request(
            url, b'{"query": "{ hello }"}', {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer) == {"data": {"hello": "hello"}}
