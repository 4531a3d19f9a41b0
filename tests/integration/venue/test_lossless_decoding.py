"""Every recorded and documented JSON body of our venues decodes without loss.

The data is not part of this repository (exchanges.md B): KIMP_SHARED_DATA, or
../shared/data beside it.
"""

import ast
import json
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.binance import answer as binance_answer
from adapters.binance import message as binance_message
from adapters.binance import quote as binance_quote
from adapters.binance import wire as binance_wire
from adapters.upbit import answer as upbit_answer
from adapters.upbit import message as upbit_message
from adapters.upbit import quote as upbit_quote
from adapters.upbit import wire as upbit_wire

ROOT = Path(__file__).parents[3]
DATA = Path(os.environ.get("KIMP_SHARED_DATA") or ROOT.parent / "shared" / "data")
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the recorded data is not at {DATA}"
)
_RECEIVED = re.compile(r"(\d+\.\d+): (.*)", re.DOTALL)
_ANSWERED = re.compile(r"(https://\S+) -> \d+\.\d+: (.*)", re.DOTALL)
_MARKER = re.compile(r'"\|[^|]*\|"|\|[^|]*\|')


class Literal(str):
    """A number as it was written."""


def parsed(body: bytes | str) -> Any:
    return json.loads(body, parse_float=Literal, parse_int=Literal)


def assert_same_digits(value: object, written: Any) -> int:
    """Compare a decoded value with what was written; return how many leaves were."""
    if isinstance(value, msgspec.Struct):
        return same_fields(value, written)
    if isinstance(value, list | tuple):
        assert len(value) == len(written)
        pairs = zip(value, written, strict=True)
        return sum(assert_same_digits(ours, theirs) for ours, theirs in pairs)
    if isinstance(value, Decimal):
        assert isinstance(written, Literal)
        assert value.as_tuple() == Decimal(written).as_tuple()
    elif isinstance(value, int) and not isinstance(value, bool):
        assert isinstance(written, Literal)
        assert str(value) == written
    else:
        assert value == written
        assert type(value) is type(written)
    return 1


def same_fields(value: msgspec.Struct, written: Any) -> int:
    compared = 0
    config = type(value).__struct_config__
    if config.tag is not None:
        assert written[config.tag_field] == config.tag
    for index, item in enumerate(msgspec.structs.fields(type(value))):
        if config.array_like:
            theirs = written[index]
        elif item.encode_name in written:
            theirs = written[item.encode_name]
        else:
            continue
        compared += assert_same_digits(getattr(value, item.name), theirs)
    assert compared > 0
    return compared


def recorded_frames(name: str) -> Iterator[bytes]:
    for line in (DATA / "recorded" / name).read_text().splitlines():
        found = _RECEIVED.fullmatch(line)
        if found is not None:
            text = found[2]
            is_binary = text.startswith(("b'", 'b"'))
            yield ast.literal_eval(text) if is_binary else text.encode()


def recorded_answers(name: str) -> Iterator[tuple[str, bytes]]:
    for line in (DATA / "recorded" / name).read_text().splitlines():
        found = _ANSWERED.fullmatch(line)
        if found is not None:
            path = re.sub(r"^https://[^/]+|\?.*$", "", found[1])
            yield path, found[2].encode()


def documented(folder: str, prefix: str) -> list[Path]:
    return sorted((DATA / "frames" / folder).glob(f"{prefix}*.txt"))


def documented_answer(file: Path) -> tuple[str, bytes]:
    """Return path and body: the verb, the path and a flag stand above the body."""
    _, path, _, body = file.read_text().split("\n", 3)
    return path.strip(), body.encode()


def documented_frames(file: Path) -> list[bytes]:
    """Return what the venue sends: replies after `<`, data after `=`."""
    parts = re.split(r"^([<>=])\d*", file.read_text(), flags=re.MULTILINE)[1:]
    sent = zip(parts[::2], parts[1::2], strict=True)
    return [
        _MARKER.sub("1", body).strip().encode()
        for sign, body in sent
        if sign in "<=" and body.strip()
    ]


def check_rows(reader: Any, body: bytes, inside: str | None = None) -> int:
    rows = reader.read(body)
    assert rows.bad == []
    written = parsed(body)
    written = written if inside is None else written[inside]
    written = written if isinstance(written, list) else [written]
    assert len(rows.good) == len(written)
    return assert_same_digits(rows.good, written)


def reader_of(readers: Any, path: str) -> Any:
    family = re.sub(r"(/candles/).*", r"\1", path)
    return readers[family]


def test_the_recorded_upbit_session_decodes_to_trades_and_books() -> None:
    kinds: dict[type, int] = {}
    for frame in recorded_frames("UPBIT.ws.62.0"):
        message = upbit_wire.decode(frame)
        kinds[type(message)] = kinds.get(type(message), 0) + 1
        assert_same_digits(message, parsed(frame))
        update = upbit_quote.QUOTES[type(message)](message)
        assert update.market == message.code  # type: ignore[union-attr]  # data kinds have codes
    assert kinds == {upbit_message.ShortTrade: 304, upbit_message.ShortOrderbook: 145}


def test_the_recorded_binance_session_decodes_to_its_four_kinds() -> None:
    kinds: dict[type, int] = {}
    for frame in recorded_frames("BINANCE.ws.1.0"):
        message = binance_wire.decode(frame)
        kinds[type(message)] = kinds.get(type(message), 0) + 1
        assert_same_digits(message, parsed(frame)["data"])
        quote_of = binance_quote.QUOTES.get(type(message))
        if quote_of is not None:
            assert quote_of(message).market == message.symbol  # type: ignore[union-attr]  # data kinds have symbols
    assert kinds == {
        binance_message.DepthUpdate: 177,
        binance_message.BookTicker: 84,
        binance_message.AggTrade: 2,
        binance_message.Kline: 2,
    }


def test_the_recorded_upbit_market_list_decodes_whole() -> None:
    ((path, body),) = recorded_answers("UPBIT.0")
    assert check_rows(upbit_answer.READERS[path], body) == 294 * 3


def test_the_recorded_binance_list_and_books_decode_whole() -> None:
    ((_, body),) = recorded_answers("BINANCE.0")
    assert check_rows(binance_answer.SYMBOLS, body, "symbols") == 1695 * 4
    books = list(recorded_answers("BINANCE.http.0.0"))
    assert len(books) == 4
    for path, book in books:
        assert check_rows(binance_answer.READERS[path], book) > 2


def test_the_recorded_tickers_keep_zero_with_an_exponent_and_26_digits() -> None:
    lines = (DATA / "frames" / "upbit_ticker.jsonl").read_bytes().splitlines()
    assert len(lines) == 3
    for line in lines:
        message = upbit_wire.decode(line)
        assert isinstance(message, upbit_message.Ticker)
        assert same_fields(message, parsed(line)) == 8
        update = upbit_quote.of_ticker(message)
        written = parsed(line)["acc_trade_price_24h"]
        assert update.quote_volume_24h == Decimal(written)


@pytest.mark.parametrize("kind", ["upbit", "binance"])
def test_every_documented_answer_decodes_whole(kind: str) -> None:
    readers = {"upbit": upbit_answer.READERS, "binance": binance_answer.READERS}[kind]
    files = documented(f"{kind}_docs", "Endpoints")
    assert len(files) >= 6
    for file in files:
        path, body = documented_answer(file)
        inside = "symbols" if path.endswith("exchangeInfo") else None
        assert check_rows(reader_of(readers, path), body, inside) > 0, file.name


def test_every_documented_upbit_frame_decodes_whole() -> None:
    files = documented("upbit_docs", "Subscriptions")
    kinds = set()
    for file in files:
        for frame in documented_frames(file):
            message = upbit_wire.decode(frame)
            kinds.add(type(message))
            assert_same_digits(message, parsed(frame))
    assert kinds == {
        upbit_message.Ticker,
        upbit_message.Trade,
        upbit_message.Orderbook,
        upbit_message.Candle,
    }


def test_every_documented_binance_frame_decodes_whole() -> None:
    kinds = set()
    for file in documented("binance_docs", "Subscriptions"):
        for frame in documented_frames(file):
            message = binance_wire.decode(frame)
            kinds.add(type(message))
            if isinstance(message, msgspec.Struct):
                assert_same_digits(message, parsed(frame)["data"])
            else:
                assert message == binance_message.Reply(1)
    assert kinds == {
        binance_message.AggTrade,
        binance_message.Trade,
        binance_message.MiniTicker,
        binance_message.DayTicker,
        binance_message.BookTicker,
        binance_message.PartialBook,
        binance_message.Kline,
        binance_message.WindowTicker,
        binance_message.Reply,
    }
