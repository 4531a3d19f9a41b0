"""What the fuzz bench draws: the same for a seed, and of every kind."""

import json
from collections import Counter

from graphql import GraphQLError, parse, validate

from api.schema import api_schema
from bench.fuzz.corpus import examples, known
from bench.fuzz.document import drawn, monstrous, torn
from bench.fuzz.draw import Draw, session_draw
from bench.fuzz.frame import TEXT, frame
from bench.fuzz.json_text import broken, written
from bench.fuzz.message import messages
from bench.fuzz.request import Request, request
from bench.fuzz.text import spoiled


def test_a_session_draws_the_same_again() -> None:
    one, two = (request(session_draw(1, 7)) for _ in range(2))
    assert one == two
    assert messages(session_draw(1, 7)) == messages(session_draw(1, 7))
    assert request(session_draw(2, 7)) != one


def test_drawn_documents_are_mostly_right() -> None:
    schema, told = api_schema().core, Counter[str]()
    for seed in range(150):
        try:
            errors = validate(schema, parse(drawn(Draw(seed)).text))
            told["wrong" if errors else "right"] += 1
        except GraphQLError:
            told["unread"] += 1
    assert told["right"] > 60
    assert told["wrong"] > 20


def test_the_projects_own_documents_are_right() -> None:
    for text in examples():
        assert validate(api_schema().core, parse(text)) == []
    assert known(Draw(1)).text


def test_documents_are_torn_and_grow_to_monsters() -> None:
    whole = drawn(Draw(1))
    assert any(torn(Draw(seed), whole).text != whole.text for seed in range(9))
    assert max(len(monstrous(Draw(seed)).text) for seed in range(99)) > 10_000


def test_json_is_written_in_many_ways_and_broken_in_others() -> None:
    members = {"query": "{ a }", "variables": {"x": [1, "비"]}}
    ways = {written(Draw(seed), members) for seed in range(99)}
    assert len(ways) > 2
    assert all(json.loads(way) == members for way in ways)
    bad = 0
    for seed in range(99):
        try:
            json.loads(broken(Draw(seed), members))
        except (ValueError, RecursionError):
            bad += 1
    assert 20 < bad < 99


def test_bytes_are_spoiled() -> None:
    assert any(spoiled(Draw(seed), b"abcdef") != b"abcdef" for seed in range(9))
    assert spoiled(Draw(1), b"") is not None


def test_a_chunked_body_is_written_in_chunks() -> None:
    asked = Request(headers=[("Host", "here")], body=b"abcde", is_chunked=True)
    end = b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
    assert asked.written() == b"POST /graphql HTTP/1.1\r\nHost: here\r\n\r\n" + end


def test_a_frame_is_masked_and_says_its_length() -> None:
    key = b"\1\2\3\4"
    for size in (0, 5, 126, 70_000):
        made = frame(b"a" * size, TEXT, mask=key)
        at = made.index(key) + 4
        body = bytes(byte ^ key[i % 4] for i, byte in enumerate(made[at:]))
        assert body == b"a" * size
    assert frame(b"abc", mask=None) == b"\x81\x03abc"
