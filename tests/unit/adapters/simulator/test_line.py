from random import Random

import pytest

from adapters.simulator.fault import Fault, Garbage
from adapters.simulator.frame import BINARY, PING, TEXT, close_frame, frame, opened
from adapters.simulator.line import Line

REPLIES = (
    b'{"result":null,"id":1}',
    b'{"id":1,"error":{}}',
    b'{"status":"UP"}',
    b'{"error":{"name":"NO_TICKET"}}',
    b'{"code":2,"msg":"Invalid request"}',
    b'{"method":"LIST_SUBSCRIPTIONS"}',
    b'{"mthd":"LIST_SUBSCRIPTIONS"}',
    b'{"e":"serverShutdown","E":1}',
    b'{"stream":"!serverShutdown","data":{"e":"serverShutdown"}}',
)


def ticker(code: str, price: int) -> bytes:
    return frame(BINARY, b'{"ty":"ticker","cd":"%s","tp":%d}' % (code.encode(), price))


def line(fault: Fault) -> Line:
    return Line(fault, Random(7))


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_opens_to_what_it_was_made_of(size: int) -> None:
    assert opened(frame(TEXT, b"x" * size)) == (TEXT, b"x" * size)


@pytest.mark.parametrize("reply", REPLIES)
def test_what_is_said_about_the_conversation_is_left_alone(reply: bytes) -> None:
    fault = Fault(
        silent=True,
        garbage=Garbage(1.0, ("nan",), rest=False),
        reordered=1.0,
        duplicated=1.0,
        copies=9,
    )
    assert list(line(fault).carry(frame(TEXT, reply))) == [frame(TEXT, reply)]


@pytest.mark.parametrize("control", [frame(PING, b"1"), close_frame(1000, "")])
def test_control_frames_are_left_alone(control: bytes) -> None:
    assert list(line(Fault(silent=True)).carry(control)) == [control]


def test_silence_drops_data() -> None:
    assert list(line(Fault(silent=True)).carry(ticker("KRW-BTC", 1))) == []


def test_a_held_frame_follows_the_next_of_its_market() -> None:
    fault = Fault(reordered=1.0)
    way = line(fault)
    first, other = ticker("KRW-BTC", 1), ticker("KRW-ETH", 1)
    assert list(way.carry(first)) == []
    assert list(way.carry(other)) == []
    second = ticker("KRW-BTC", 2)
    assert list(way.carry(second)) == [second, first]
    assert way.release() == []
    fault.clear()
    assert way.release() == [other]
    assert way.release() == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (
            b'{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker","s":"A"}]}',
            b'{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker","s":"B"}]}',
            True,
        ),
        (b'[{"e":"24hrMiniTicker","s":"A"}]', b'[{"e":"24hrMiniTicker"}]', True),
        (b'{"e":"trade","s":"A"}', b'{"e":"aggTrade","s":"A"}', False),
        (b'{"e":"trade","s":"A"}', b'{"e":"trade","s":"B"}', False),
        (b'{"ty":"ticker","cd":"A"}', b'{"ty":"trade","cd":"A"}', False),
        (b'[{"ty":"ticker","cd":"A"}]', b'[{"ty":"ticker","cd":"B"}]', False),
        (b'{"u":1,"s":"A"}', b'{"u":2,"s":"A"}', True),
    ],
)
def test_older_and_newer_are_told_by_stream_and_market(
    one: bytes, other: bytes, same: bool
) -> None:
    way = line(Fault(reordered=1.0))
    assert list(way.carry(frame(TEXT, one))) == []
    assert len(way.carry(frame(TEXT, other))) == (2 if same else 0)


def test_a_half_open_line_neither_reads_nor_writes() -> None:
    assert (line(Fault()).reads, line(Fault()).writes) == (True, True)
    half = line(Fault(half_open=True))
    assert (half.reads, half.writes) == (False, False)
    mute = line(Fault(mute=True))
    assert (mute.reads, mute.writes) == (True, False)


def test_a_delisted_market_keeps_its_ticker_and_others_are_as_they_were() -> None:
    way = line(Fault(delisted={"KRW-XRP": 1_795_154_400_000}))
    bitcoin = ticker("KRW-BTC", 1)
    assert list(way.carry(bitcoin)) == [bitcoin]
    trade = frame(BINARY, b'{"type":"trade","code":"KRW-XRP"}')
    assert list(way.carry(trade)) == []
    for state in (
        b'{"type":"ticker","code":"KRW-XRP","market_state":%s,"delisting_date":%s}',
        b'[{"ty":"ticker","cd":"KRW-XRP","ms":%s,"dd":%s}]',
    ):
        told = way.carry(frame(BINARY, state % (b'"ACTIVE"', b"null")))
        date = b'{"year":2026,"month":11,"day":20}'
        assert list(told) == [frame(BINARY, state % (b'"DELISTED"', date))]
