"""A batch of bars as JSON lines: a header that counts them, then one line per bar.

Numbers are text, as everywhere. What is read is checked as if anybody had written it.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct, field

from domain.model.bar import Bar, BarOrigin, BasisBar
from domain.model.fx import MAX_INSTANT_MS, PremiumBasis
from domain.model.interval import Interval
from domain.model.market import Quality
from domain.model.number import INT32_MAX

FORMAT = "kimp-bars"
VERSION = 1
# No price or percent is beyond; the database could not keep what is.
MAX_EXPONENT = 1_000
MAX_DIGITS = 1_000


class DamagedBatch(ValueError):
    """Bytes that are no whole batch of bars of this format."""


class _Header(Struct, frozen=True):
    format: str
    version: int
    bars: int


class _Basis(Struct, frozen=True, array_like=True):
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    fx_rate: Decimal
    samples: int
    quality: Quality
    minutes: int = 1


class _Line(Struct, frozen=True, omit_defaults=True):
    symbol: str
    opened_ms: int
    domestic: Decimal
    global_: Decimal = field(name="global")
    bases: dict[PremiumBasis, _Basis]
    fx_source: str | None = None
    fx_as_of_ms: int | None = None
    interval: Interval = Interval.M1
    origin: BarOrigin = BarOrigin.LIVE


_ENCODER = msgspec.json.Encoder()
_HEADER = msgspec.json.Decoder(_Header)
_LINE = msgspec.json.Decoder(_Line)


def encode(bars: Sequence[Bar]) -> bytes:
    """Return the file of a batch."""
    header = _Header(FORMAT, VERSION, len(bars))
    return _ENCODER.encode_lines([header, *map(_line_of, bars)])


def decode(content: bytes) -> list[Bar]:
    """Return the batch of a file.

    Raises:
        DamagedBatch: torn, of another format or version, or bars that cannot be.
    """
    first, *lines = content.splitlines() or [b""]
    try:
        header = _HEADER.decode(first)
        if (header.format, header.version) != (FORMAT, VERSION):
            raise DamagedBatch(f"{header.format} version {header.version}")
        if header.bars != len(lines):
            raise DamagedBatch(f"{len(lines)} of {header.bars} bars")
        return [_bar_of(_LINE.decode(line)) for line in lines]
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        # The latter is msgspec's word for text that is no UTF-8.
        raise DamagedBatch(str(exc)) from exc


def _line_of(bar: Bar) -> _Line:
    return _Line(
        symbol=bar.symbol,
        opened_ms=bar.opened_ms,
        domestic=bar.domestic_close,
        global_=bar.global_close,
        bases={basis: _basis_of(item) for basis, item in bar.bases.items()},
        fx_source=bar.fx_source,
        fx_as_of_ms=bar.fx_as_of_ms,
        interval=bar.interval,
        origin=bar.origin,
    )


def _basis_of(item: BasisBar) -> _Basis:
    return _Basis(
        item.open,
        item.high,
        item.low,
        item.close,
        item.fx_rate,
        item.samples,
        item.quality,
        item.minutes,
    )


def _bar_of(line: _Line) -> Bar:
    length_ms = line.interval.length_ms
    if line.interval.opened_ms(line.opened_ms) != line.opened_ms:
        raise DamagedBatch(f"no {line.interval} opens at {line.opened_ms}")
    _check(0 < line.opened_ms <= MAX_INSTANT_MS - length_ms, "a bar's instant")
    _check(0 <= (line.fx_as_of_ms or 0) <= MAX_INSTANT_MS, "a rate's instant")
    _check(bool(line.symbol and line.bases), "a bar of nothing")
    _check(not _has_nul(line.symbol, line.fx_source), "a NUL in text")
    return Bar(
        symbol=line.symbol,
        interval=line.interval,
        opened_ms=line.opened_ms,
        domestic_close=_positive(line.domestic),
        global_close=_positive(line.global_),
        bases={basis: _basis_bar_of(item) for basis, item in line.bases.items()},
        origin=line.origin,
        fx_source=line.fx_source,
        fx_as_of_ms=line.fx_as_of_ms,
    )


def _basis_bar_of(item: _Basis) -> BasisBar:
    _check(0 <= item.samples <= INT32_MAX, "samples")
    _check(0 <= item.minutes <= INT32_MAX, "minutes")
    _check(item.quality is not Quality.UNAVAILABLE, "a bar without a number")
    bar = BasisBar(
        open=_sane(item.open),
        high=_sane(item.high),
        low=_sane(item.low),
        close=_sane(item.close),
        fx_rate=_positive(item.fx_rate),
        samples=item.samples,
        quality=item.quality,
        minutes=item.minutes,
    )
    _check(
        bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high,
        "a high or low inside its bar",
    )
    return bar


def _positive(value: Decimal) -> Decimal:
    _check(_sane(value) > 0, "a price or rate that is not above zero")
    return value


def _sane(value: Decimal) -> Decimal:
    _check(
        value.is_finite()
        and abs(value.adjusted()) <= MAX_EXPONENT
        and len(value.as_tuple().digits) <= MAX_DIGITS,
        "a number beyond all bounds",
    )
    return value


def _has_nul(*texts: str | None) -> bool:
    return any("\x00" in text for text in texts if text is not None)


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise DamagedBatch(otherwise)
