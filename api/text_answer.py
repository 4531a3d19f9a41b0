"""Answers that are texts and seldom change: with a validator, and never stale."""

import hashlib
from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.answer import NOSNIFF
from api.caching import NO_CACHE, is_known

HTML: Final = "text/html; charset=utf-8"
TEXT: Final = "text/plain; charset=utf-8"


def text_answer(
    request: Request,
    text: str,
    media_type: str,
    more: Mapping[str, str] | None = None,
) -> Response:
    """Return a text, or 304 where the client has it (RFC 9110, section 13.1.2)."""
    content = text.encode()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        **NOSNIFF,
        **(more or {}),
        "ETag": etag,
        # Another version of the server may say something else at any time.
        "Cache-Control": NO_CACHE,
    }
    if is_known(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(content, headers={**headers, "Content-Type": media_type})
