"""Icons without a network: the npm set's file, or a monogram drawn here."""

import colorsys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.icon_drawing import (
    MAX_LETTERS,
    MAX_TITLE,
    disc_colour,
    monogram_svg,
    static_icon,
)

SVG = "{http://www.w3.org/2000/svg}"


def drawn(symbol: str) -> tuple[str | None, str | None]:
    """Title and letters of the monogram, read back as XML."""
    root = ElementTree.fromstring(monogram_svg(symbol))
    return root.findtext(f"{SVG}title"), root.findtext(f"{SVG}text")


@pytest.fixture
def static(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "icon").mkdir(parents=True)
    (folder / "icon" / "btc.svg").write_text("<svg/>")
    (folder / "secret.svg").write_text("<svg/>")
    return folder


@pytest.mark.parametrize(
    ("symbol", "letters"),
    [
        ("BTC", "BTC"),
        ("eth", "ETH"),
        ("DOGE", "DOGE"),
        ("1000SATS", "1000"),
        ("币安人生", "币安人生"),
        ("김치코인마켓", "김치코인"),
        ("W", "W"),
        ("$-!", "?"),
        ("", "?"),
    ],
)
def test_a_monogram_shows_the_first_letters(symbol: str, letters: str) -> None:
    assert drawn(symbol)[1] == letters


def test_the_whole_symbol_is_the_accessible_title() -> None:
    assert drawn("1000SATS")[0] == "1000SATS"


def test_markup_in_a_symbol_stays_text() -> None:
    assert drawn("<b>&\"'")[0] == "<b>&\"'"
    assert "<b>" not in monogram_svg("<b>")


def test_a_very_long_symbol_is_cut_in_the_title() -> None:
    assert drawn("A" * 1000) == ("A" * MAX_TITLE, "A" * MAX_LETTERS)


@given(st.text(st.characters(codec=None), max_size=100))
def test_any_text_gives_well_formed_xml_of_one_to_four_letters(symbol: str) -> None:
    title, letters = drawn(symbol)
    assert title
    assert letters
    assert len(letters) <= MAX_LETTERS


def test_a_symbol_is_always_drawn_alike_and_in_any_case_in_one_colour() -> None:
    assert monogram_svg("BTC") == monogram_svg("BTC")
    assert disc_colour("btc") == disc_colour("BTC")
    assert disc_colour("BTC") != disc_colour("ETH")


def luminance(red: float, green: float, blue: float) -> float:
    """Relative luminance of WCAG 2.1, of sRGB parts in 0..1."""
    parts = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
        for p in (red, green, blue)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def test_white_letters_are_readable_on_every_colour() -> None:
    for number in range(500):
        colour = disc_colour(f"COIN{number}")
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        hue = colorsys.rgb_to_hls(*parts)[0]
        assert 1.05 / (luminance(*parts) + 0.05) >= 4.5, f"{colour}, hue {hue}"


@pytest.mark.parametrize("symbol", ["BTC", "btc", "Btc"])
def test_a_known_coin_has_its_file_in_any_case(static: Path, symbol: str) -> None:
    assert static_icon(symbol, static) == static / "icon" / "btc.svg"


@pytest.mark.parametrize(
    "symbol",
    [
        "ETH",
        "",
        "../secret",
        "..",
        "a/../btc",
        "btc.svg",
        "btc\n",
        "/btc",
        "%2e%2e",
        "ß",
        "币",
        "B" * 33,
        "btc\x00",
    ],
)
def test_anything_but_a_known_plain_symbol_has_no_file(
    static: Path, symbol: str
) -> None:
    assert static_icon(symbol, static) is None


def test_without_the_web_files_no_coin_has_one(tmp_path: Path) -> None:
    assert static_icon("BTC", tmp_path / "absent") is None
