"""Fetches one picture over HTTP, with bounds."""

import aiohttp

from domain.model.error import UpstreamUnavailable
from domain.ports.store import Icon

TIMEOUT_S = 5.0
# Larger answers are refused unread: a coin's icon has a few kilobytes.
MAX_BYTES = 256 * 1024
_UPSTREAM = "icon"
MEDIA_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/svg+xml",
        "image/x-icon",
    }
)


class HttpIconSource:
    """`IconSource` over aiohttp; one session, opened at the first use."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, symbol: str, url: str) -> Icon:
        """Return the picture at the address.

        Raises:
            UpstreamUnavailable: no answer in time, no image, or more than 256 KiB.
        """
        try:
            async with self._open().get(url) as answer:
                if answer.status != 200:
                    raise UpstreamUnavailable(_UPSTREAM, f"status {answer.status}")
                media_type = answer.content_type
                content = await answer.content.read(MAX_BYTES + 1)
                while len(content) <= MAX_BYTES and not answer.content.at_eof():
                    content += await answer.content.read(MAX_BYTES + 1 - len(content))
        except (aiohttp.ClientError, TimeoutError, ValueError, OSError) as exc:
            raise UpstreamUnavailable(_UPSTREAM, repr(exc)) from exc
        if media_type not in MEDIA_TYPES:
            raise UpstreamUnavailable(_UPSTREAM, f"{media_type} is no image we serve")
        if not 0 < len(content) <= MAX_BYTES:
            raise UpstreamUnavailable(_UPSTREAM, f"not 1 to {MAX_BYTES} bytes")
        return Icon(symbol, content, media_type, url)

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)
            )
        return self._session
