"""Our real server, and the peers in Python, asked and loaded once."""

import json
import platform
import shutil
import sys
from collections.abc import Iterator

import pytest

from bench.process import ServerFailed
from bench.query import part, sample, server
from bench.query.operation import NAMES, Operation
from bench.query.sample import Sample, WrongAnswer
from bench.query.server import BARE, OURS, STRAWBERRY, ours, running
from bench.query.shape import difference
from bench.query.wrk import LoadFailed, load

pytestmark = pytest.mark.skipif(
    platform.system() != "Linux", reason="it reads CPU times from /proc"
)
needs_wrk = pytest.mark.skipif(
    shutil.which("wrk") is None, reason="its load client is wrk"
)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """What our server told, for peers that run with the packages of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (STRAWBERRY, BARE):
            module = f"bench.query.peer.{name}_server"
            patch.setitem(server.PEERS, name, _command(module))
        patch.setattr(sample, "BETWEEN_S", 0.0)
        with ours() as asked:
            told = sample.take(asked, tmp_path_factory.mktemp("query"))
            told.check(asked)
            yield told


def _command(module: str) -> object:
    return lambda data: [sys.executable, "-m", module, str(data)]


def _operation(taken: Sample, name: str) -> Operation:
    return next(asked for asked in taken.operations if asked.name == name)


def test_strawberry_answers_as_ours_does(taken: Sample) -> None:
    assert [asked.name for asked in taken.operations] == list(NAMES)
    assert len(json.loads(taken.path.read_text())["coins"]) > 100
    with running(STRAWBERRY, taken.path) as peer:
        taken.check(peer)


def test_a_peer_that_answers_otherwise_is_noticed(taken: Sample) -> None:
    body, told = next(iter(taken.answers.items()))
    wrong = {body: {"premium": {**told["premium"], "symbol": "OTHER"}}}
    with running(STRAWBERRY, taken.path) as peer:
        with pytest.raises(WrongAnswer, match=r"data\.premium\.symbol"):
            Sample(taken.path, taken.operations, wrong).check(peer)
        with pytest.raises(ServerFailed):
            peer.ask('{"query":"{ nothing }"}')


def test_ready_answers_are_those_of_ours(taken: Sample) -> None:
    with running(BARE, taken.path) as bare:
        for name in ("coin", "board", "coins", "fresh"):
            (body,) = _operation(taken, name).bodies()
            answer = bare.data(body)
            assert difference(taken.answers[body], answer) is None


@needs_wrk
@pytest.mark.slow
def test_operations_are_measured_with_the_costs_of_the_server(
    taken: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part, "SETTLE_S", 0.0)
    monkeypatch.setattr(part, "REST_S", 0.1)
    wanted = [_operation(taken, name) for name in ("rotating", "fresh")]
    found = list(part.turn(BARE, taken, wanted, 1))
    assert [told.name for told in found] == ["rotating", "fresh"]
    for told in found:
        assert all(value is not None for value in told.row.values())
        assert (told.row["per_second"] or 0) > 0
        assert (told.row["cpu_us"] or 0) > 0


@needs_wrk
@pytest.mark.slow
def test_requests_that_are_refused_are_no_measurement(taken: Sample) -> None:
    with running(BARE, taken.path) as bare:
        unknown = Operation("x", "X", "Unknown", "{ a }", [{}])
        with pytest.raises(LoadFailed, match="refused"):
            load(bare.url, unknown, 1)


def test_ours_is_a_server_like_the_others(taken: Sample) -> None:
    with running(OURS, taken.path) as asked:
        assert asked.cpu_s() > 0
        taken.check(asked)
