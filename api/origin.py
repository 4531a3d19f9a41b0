"""Which sites' pages may call the API.

Browsers name the page's site in `Origin`; other programs send none and carry no
foreign user's rights. An empty list lets in same-origin pages only.
"""

from collections.abc import Collection, Mapping, Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from strawberry.http.websocket_origin import (
    is_same_origin,
    normalize_allowed_origins,
    normalize_origin,
)

ANY = "*"
PREFLIGHT_AGE_S = 600
# What GraphQL clients send beside the headers that every page may.
HEADERS = (
    "Apollo-Require-Preflight",
    "Authorization",
    "Content-Type",
    "GraphQL-Preflight",
    "X-Requested-With",
)


def is_allowed(headers: Mapping[str, str], allowed: Collection[str]) -> bool:
    """Whether a request with these headers (lower-case names) may be answered."""
    origin = headers.get("origin")
    if origin is None or ANY in allowed:
        return True
    if headers.get("sec-fetch-site") == "same-origin":
        return True
    if is_same_origin(origin, headers.get("host")):
        return True
    return normalize_origin(origin) in allowed


def cors(origins: Sequence[str]) -> list[Middleware]:
    """Return what lets the allowed sites' pages read our answers; no credentials.

    Raises:
        ValueError: one of them is no origin.
    """
    allowed = normalize_allowed_origins(origins)
    if not allowed:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=sorted(allowed),
            allow_methods=("GET", "POST"),
            allow_headers=HEADERS,
            max_age=PREFLIGHT_AGE_S,
        )
    ]
