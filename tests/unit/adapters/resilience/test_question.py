from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from msgspec import Struct

from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import NOT_FOUND, HttpAnswer
from adapters.resilience.question import (
    BAD_ROW,
    AnswerRule,
    Found,
    Question,
    ignore,
)
from adapters.resilience.read_bound import MAX_LINE_S
from adapters.resilience.session import Reject


class NoRows(Exception):
    """A body without rows."""


class NoValue(ValueError):
    """A row that has none."""


class Item(Struct):
    price: int


class ItemRows:
    """What a body held."""

    def __init__(self) -> None:
        self.good: list[Item] = []
        self.bad: list[tuple[str, bytes]] = []


class ItemReader:
    """Reads prices with commas between; a word is a bad row, `<` is no answer."""

    def read(self, body: bytes) -> ItemRows:
        if body.startswith(b"<"):
            raise NoRows("malformed: a page")
        rows = ItemRows()
        for part in filter(None, body.split(b",")):
            if part.lstrip(b"-").isdigit():
                rows.good.append(Item(int(part)))
            else:
                rows.bad.append(("no number", part))
        return rows


class FakeHttp:
    """Answers every question with one body after 250 ms; remembers what was asked."""

    def __init__(self, body: bytes, clock_offset_ms: int | None) -> None:
        self.answer = answer_of(body)
        self.clock_offset_ms = clock_offset_ms
        self.asked: list[tuple[str, Mapping[str, str], dict[str, Any]]] = []

    async def read(
        self,
        decode: Callable[[HttpAnswer], Any],
        path: str,
        params: Mapping[str, str],
        **limits: Any,
    ) -> Any:
        self.asked.append((path, params, limits))
        return decode(self.answer)


RULE = AnswerRule("venue.rest", unreadable=NoRows, unusable=(NoRows, NoValue))


def answer_of(body: bytes) -> HttpAnswer:
    return HttpAnswer(200, {}, body, 0.25)


def price_of(row: Item, asked_ms: int) -> int | None:
    if row.price < 0:
        raise NoValue(f"a price of {row.price}")
    return row.price or None


class Asking:
    """A question with everything around it faked, and the rejects it told."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.rejects: list[Reject] = []
        self.http = FakeHttp(b"", None)

    def ask(
        self,
        body: bytes,
        convert: Callable[[Item, int], Any] = price_of,
        *,
        rule: AnswerRule = RULE,
        clock_offset_ms: int | None = None,
        **limits: Any,
    ) -> Awaitable[Found[Any]]:
        self.http = http = FakeHttp(body, clock_offset_ms)
        tell = self.rejects.append
        asked: Question[Item, Any] = Question(
            rule,
            http,  # type: ignore[arg-type]  # a fake client
            self.clock,
            tell,
            ItemReader(),
            convert,
        )
        return asked.ask("/rows", {"of": "BTC"}, tries=1, **limits)


@pytest.fixture
def asking(clock: Any) -> Asking:
    return Asking(clock)


async def test_each_row_becomes_a_value_in_its_order(asking: Asking) -> None:
    assert await asking.ask(b"3,1,2") == Found([3, 1, 2], rows=3, bad=0)
    assert asking.rejects == []


async def test_an_answer_without_rows_finds_nothing(asking: Asking) -> None:
    assert await asking.ask(b"") == Found([], rows=0, bad=0)


async def test_bad_rows_cost_themselves_and_are_told_with_their_text(
    asking: Asking,
) -> None:
    found = await asking.ask(b"3,-7,word,2")
    assert found == Found([3, 2], rows=4, bad=2)
    assert asking.rejects == [
        Reject(BAD_ROW, "no number", b"word"),
        Reject(BAD_ROW, "a price of -7", b'{"price":-7}'),
    ]


@pytest.mark.parametrize("body", [b"word", b"-7", b"-7,word"])
async def test_an_answer_of_bad_rows_only_is_none(asking: Asking, body: bytes) -> None:
    with pytest.raises(UndecodableAnswer, match="no row could be used") as caught:
        await asking.ask(body)
    assert "venue.rest" in str(caught.value)
    assert len(asking.rejects) == len(body.split(b","))


async def test_a_row_that_says_nothing_is_counted_as_a_row_only(
    asking: Asking,
) -> None:
    assert await asking.ask(b"0,5") == Found([5], rows=2, bad=0)
    # It could be used: the bad one beside it does not spoil the answer.
    assert await asking.ask(b"0,word") == Found([], rows=2, bad=1)


async def test_a_body_without_rows_is_an_undecodable_answer(asking: Asking) -> None:
    with pytest.raises(UndecodableAnswer, match="malformed: a page") as caught:
        await asking.ask(b"<html>")
    assert isinstance(caught.value.__cause__, NoRows)
    assert asking.rejects == []


async def test_an_error_that_no_rule_names_is_passed_on(asking: Asking) -> None:
    def broken(row: Item, asked_ms: int) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await asking.ask(b"word,1", broken)
    assert asking.rejects == []


@pytest.mark.parametrize("offset_ms", [None, 0, 4_000, -4_000])
async def test_a_row_is_judged_by_the_venues_time_at_which_it_was_asked(
    asking: Asking, offset_ms: int | None
) -> None:
    def when(row: Item, asked_ms: int) -> int:
        return asked_ms

    found = await asking.ask(b"1", when, clock_offset_ms=offset_ms)
    now_ms = asking.clock.now_ms()
    assert found.values == [now_ms - 250 - (offset_ms or 0)]


async def test_limits_and_refusals_reach_the_client(asking: Asking) -> None:
    rule = AnswerRule("venue.rest", NoRows, (NoValue,), refusals=(400, NOT_FOUND))
    await asking.ask(b"1", rule=rule, group="candle", weight=40)
    limits = {
        "group": "candle",
        "weight": 40,
        "tries": 1,
        "refusals": (400, NOT_FOUND),
        "max_wait_s": MAX_LINE_S,
    }
    assert asking.http.asked == [("/rows", {"of": "BTC"}, limits)]


async def test_without_more_said_it_weighs_one_and_404_refuses(asking: Asking) -> None:
    await asking.ask(b"1")
    ((_, _, limits),) = asking.http.asked
    told = limits["group"], limits["weight"], limits["refusals"]
    assert told == ("default", 1, (NOT_FOUND,))


def test_good_rows_leave_bad_ones_out_and_tell_of_them() -> None:
    rejects: list[Reject] = []
    rows = RULE.good_rows(ItemReader(), answer_of(b"1,word,2"), rejects.append)
    assert rows == [Item(1), Item(2)]
    assert rejects == [Reject(BAD_ROW, "no number", b"word")]


def test_good_rows_of_an_empty_answer_are_none() -> None:
    assert RULE.good_rows(ItemReader(), answer_of(b""), ignore) == []


def test_bad_rows_alone_are_told_before_the_answer_is_given_up() -> None:
    rejects: list[Reject] = []
    with pytest.raises(UndecodableAnswer, match="no row could be read"):
        RULE.good_rows(ItemReader(), answer_of(b"word"), rejects.append)
    assert len(rejects) == 1
    with pytest.raises(UndecodableAnswer, match="no row could be read"):
        RULE.good_rows(ItemReader(), answer_of(b"word"), ignore)
