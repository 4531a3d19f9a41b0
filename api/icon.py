"""`/icons/{symbol}`: the stored address's picture, the npm set's, else a monogram."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.answer import NOSNIFF, failure
from api.deps import ApiDeps
from api.icon_drawing import monogram_svg, static_icon

SVG: Final = "image/svg+xml"
PICTURE_AGE_S: Final = 86_400
# A drawing stands in for a picture that may be had soon.
DRAWING_AGE_S: Final = 300

# An SVG from elsewhere is a document: opened by itself it may run nothing.
HEADERS: Final[Mapping[str, str]] = {
    **NOSNIFF,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown for a coin; `max_age_s` is how long it may be kept."""

    content: bytes
    media_type: str
    max_age_s: int

    @property
    def etag(self) -> str:
        """A strong validator of the content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class IconEndpoint:
    """Answers with a picture of every coin, offline too; 404 for what is no coin."""

    def __init__(self, deps: ApiDeps) -> None:
        self._deps = deps

    async def get(self, request: Request) -> Response:
        """Return the picture, or 304 where the client has it."""
        coin = self._deps.catalog.coin(request.path_params["symbol"])
        if coin is None:
            return failure("no coin has this symbol", 404, self._deps.clock.now_ms())
        picture = await self._picture(coin.symbol)
        headers = {
            **HEADERS,
            "ETag": picture.etag,
            "Cache-Control": f"public, max-age={picture.max_age_s}",
        }
        if _has(request.headers.get("if-none-match", ""), picture.etag):
            return Response(status_code=304, headers=headers)
        return Response(
            picture.content, headers={**headers, "Content-Type": picture.media_type}
        )

    async def _picture(self, symbol: str) -> Picture:
        icon = await self._deps.icons.icon(symbol)
        if icon is not None:
            return Picture(icon.content, icon.media_type, PICTURE_AGE_S)
        return await run_in_threadpool(_drawn, symbol)


def _drawn(symbol: str) -> Picture:
    path = static_icon(symbol)
    if path is not None:
        return Picture(path.read_bytes(), SVG, PICTURE_AGE_S)
    return Picture(monogram_svg(symbol).encode(), SVG, DRAWING_AGE_S)


def _has(if_none_match: str, etag: str) -> bool:
    """Whether the client's list names the validator (RFC 9110, section 13.1.2)."""
    given = {item.strip().removeprefix("W/") for item in if_none_match.split(",")}
    return "*" in given or etag in given
