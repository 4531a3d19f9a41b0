"""Coin icons that need no network: the npm set's, else a drawn monogram."""

import colorsys
import hashlib
import html
import re
import unicodedata
from pathlib import Path
from typing import Final

from api.graphiql import static_dir

MAX_LETTERS: Final = 4
"""Letters of a monogram; further ones are left out of the picture, not the title."""

MAX_TITLE: Final = 64
"""Characters of the title; a longer symbol is cut there."""

_FILE_SYMBOL: Final = re.compile(r"[A-Za-z0-9]{1,32}")
_FONT: Final = "system-ui,'Noto Sans KR','Noto Sans CJK KR','Malgun Gothic',sans-serif"
_FONT_SIZES: Final = {1: 34, 2: 34, 3: 30, 4: 23, 5: 19, 6: 16, 7: 14, 8: 12}
"""Font size by width, counted in Latin letters (a Korean syllable counts as two)."""


def static_icon(symbol: str, static: Path | None = None) -> Path | None:
    """Return the SVG file of the npm icon set for `symbol`, in any case, or None.

    Only plain letters and digits ever reach the file system. Asks the disk, so call it
    off the event loop.
    """
    if _FILE_SYMBOL.fullmatch(symbol) is None:
        return None
    path = (static or static_dir()) / "icon" / f"{symbol.lower()}.svg"
    return path if path.is_file() else None


def monogram_svg(symbol: str) -> str:
    """Draw `symbol`'s first letters on a disc of its own colour, as an SVG document.

    The same symbol always gives the same text; any string gives well-formed XML.
    """
    letters = _letters(symbol)
    title = html.escape(_printable(symbol)[:MAX_TITLE] or "?")
    size = _FONT_SIZES[sum(2 if _is_wide(letter) else 1 for letter in letters)]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img">'
        f"<title>{title}</title>"
        f'<circle cx="32" cy="32" r="32" fill="{disc_colour(symbol)}"/>'
        f'<text x="32" y="32" fill="#fff" font-family="{_FONT}" font-size="{size}"'
        ' font-weight="600" text-anchor="middle" dominant-baseline="central">'
        f"{html.escape(letters)}</text></svg>"
    )


def disc_colour(symbol: str) -> str:
    """Return `symbol`'s colour as ``#rrggbb``, dark enough for white letters."""
    digest = hashlib.sha256(symbol.upper().encode("utf-8", "replace")).digest()
    hue = int.from_bytes(digest[:2]) / 65536
    red, green, blue = colorsys.hls_to_rgb(hue, 0.29, 0.6)
    return "#" + "".join(f"{round(part * 255):02x}" for part in (red, green, blue))


def _letters(symbol: str) -> str:
    kept = (letter for letter in symbol.upper() if letter.isalnum())
    return "".join(kept)[:MAX_LETTERS] or "?"


def _printable(symbol: str) -> str:
    return "".join(letter for letter in symbol if letter.isprintable())


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"
