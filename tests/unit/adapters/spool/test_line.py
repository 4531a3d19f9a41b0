"""The file of a batch: what is written, and what is not believed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.spool.line import DamagedBatch, decode, encode
from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality

RAW = b"""\
{"format":"kimp-bars","version":1,"bars":1}
{"symbol":"BTC","opened_ms":1767225600000,"domestic":"1.33E+8","global":"98643.25",\
"bases":{"OFFICIAL_FX":["-1.923077","2","-2","0.000001","1348.28",7,"LIVE",1]},\
"fx_source":"dunamu","fx_as_of_ms":1767225599999}
"""
INSTANT = 253_402_300_740_000

prices = st.decimals("1E-30", "1E+30", allow_nan=False, allow_infinity=False)
percents = st.decimals("-1E+40", "1E+40", places=6)


@st.composite
def basis_bars(draw: st.DrawFn) -> BasisBar:
    low, middle, other, high = sorted(draw(percents) for _ in range(4))
    quality = draw(st.sampled_from([Quality.LIVE, Quality.STALE]))
    samples = draw(st.integers(0, 2**31 - 1))
    return BasisBar(middle, high, low, other, draw(prices), samples, quality)


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))
any_bars = st.builds(
    Bar,
    symbol=texts.filter(bool),
    interval=st.just(Interval.M1),
    opened_ms=st.integers(1, INSTANT // 60_000 - 1).map(lambda minute: minute * 60_000),
    domestic_close=prices,
    global_close=prices,
    bases=st.dictionaries(st.sampled_from(PremiumBasis), basis_bars(), min_size=1),
    origin=st.sampled_from(BarOrigin),
    fx_source=st.none() | texts,
    fx_as_of_ms=st.none() | st.integers(0, INSTANT),
)


def test_a_batch_is_a_header_and_one_line_per_bar(bars: list[Bar]) -> None:
    assert encode(bars) == RAW
    assert decode(RAW) == bars


@given(st.lists(any_bars, min_size=1, max_size=4))
def test_whatever_is_kept_comes_back(bars: list[Bar]) -> None:
    assert decode(encode(bars)) == bars


@given(st.binary())
def test_bytes_of_anybody_are_damaged_and_nothing_else(content: bytes) -> None:
    with pytest.raises(DamagedBatch):
        decode(content)


@given(st.integers(0, len(RAW) - 2))
def test_a_torn_file_is_damaged(length: int) -> None:
    with pytest.raises(DamagedBatch):
        decode(RAW[:length])


def test_a_line_too_many_is_damaged() -> None:
    with pytest.raises(DamagedBatch, match="2 of 1 bars"):
        decode(RAW + RAW.splitlines()[1])


def test_a_batch_of_a_later_version_is_not_guessed_at() -> None:
    with pytest.raises(DamagedBatch, match="version 2"):
        decode(RAW.replace(b'"version":1', b'"version":2'))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"1767225600000", b"1767225600001"),
        (b"1767225600000", b"-60000"),
        (b"1767225600000", b"253402300800000"),
        (b"1767225599999", b"-1"),
        (b"1767225599999", b"253402300800000"),
        (b'"BTC"', b'""'),
        (b'"BTC"', b'"B\xffC"'),
        (b'"dunamu"', b'"dun\xe2mu"'),
        (b'"BTC"', b'"B\\u0000TC"'),
        (b'"dunamu"', b'"\\u0000"'),
        (b'"1.33E+8"', b'"0"'),
        (b'"1.33E+8"', b'"NaN"'),
        (b'"1.33E+8"', b'"Infinity"'),
        (b'"1.33E+8"', b'"1E+100000"'),
        (b'"98643.25"', b'"-1"'),
        (b'"1348.28"', b'"0"'),
        (b'"2"', b'"-1.95"'),
        (b'"-2"', b'"0"'),
        (b'"-2"', b'"sNaN"'),
        (b",7,", b",-1,"),
        (b",7,", b",2147483648,"),
        (b"LIVE", b"UNAVAILABLE"),
        (b"LIVE", b"FINE"),
        (b",1]", b",-1]"),
    ],
)
def test_a_bar_that_cannot_be_is_damaged(was: bytes, becomes: bytes) -> None:
    assert was in RAW
    with pytest.raises(DamagedBatch):
        decode(RAW.replace(was, becomes, 1))


def test_a_bar_without_a_basis_is_damaged(bars: list[Bar]) -> None:
    with pytest.raises(DamagedBatch, match="nothing"):
        decode(encode([replace(bars[0], bases={})]))


def test_a_number_of_a_thousand_digits_is_damaged(bars: list[Bar]) -> None:
    long = replace(bars[0], domestic_close=Decimal("1." + "1" * 1_000))
    with pytest.raises(DamagedBatch, match="beyond all bounds"):
        decode(encode([long]))
