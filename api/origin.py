"""Which sites' pages may call the API.

Browsers name the page's site in `Origin`; other programs send none and carry no
foreign user's rights. An empty list lets in same-origin pages only.

This server sets no cookies and reads none, so a request that another site's page makes
a browser send has no rights that the page has not by itself. A proxy before us may give
cookies a meaning, though: `is_forged` keeps out what a browser sends with cookies and
without asking whether it may.
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
# Pages of allowed sites may send what headers they like: they could not be here without
# the operator's word, and none of ours gives more than the key in it does.
ANY_HEADER = ("*",)
EXPOSED = ("ETag", "Retry-After", "X-Request-Id")
"""Headers of our answers that pages may read, beside those that every page may."""

PREFLIGHT_HEADERS = (
    "graphql-require-preflight",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "graphql-preflight",
    "x-requested-with",
)
"""Any of these shows that a browser has asked us first, or that none was involved."""

# Types that a page may send anywhere unasked (WHATWG Fetch, "CORS-safelisted").
_SIMPLE = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)
# A page of our own, or nobody's: an address that was typed, or a bookmark.
_OWN = frozenset({"same-origin", "none"})


def is_origin(text: str) -> bool:
    """Whether a text names sites of the list: `https://example.com`, or `*` for all."""
    if text != ANY and not text.lower().startswith(("http://", "https://")):
        return False
    try:
        normalize_allowed_origins([text])
    except ValueError:
        return False
    return True


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


def is_forged(headers: Mapping[str, str]) -> bool:
    """Whether another site's page may have made a browser send this GET.

    Headers by lower-case name. With cookies it takes one of `PREFLIGHT_HEADERS`, a
    Content-Type that no page sends unasked, or the browser's word that the page is our
    own (`Sec-Fetch-Site`, or an Origin that `is_allowed` has let in). POST needs none
    of it: `application/json` is such a type.
    """
    if "cookie" not in headers or "origin" in headers:
        return False
    if headers.get("sec-fetch-site") in _OWN:
        return False
    if any(name in headers for name in PREFLIGHT_HEADERS):
        return False
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    return not media or media in _SIMPLE


def allowed_sites(origins: Sequence[str]) -> frozenset[str]:
    """Return the sites of a list as `is_allowed` takes them.

    Raises:
        ValueError: one of them is no origin.
    """
    return normalize_allowed_origins(origins)


def page_headers(origin: str, allowed: Collection[str]) -> dict[str, str]:
    """Return what an answer to a POST tells the page of a site, as `cors` does.

    `Vary` apart: that is told to everybody where there is a list.
    """
    if not allowed:
        return {}
    told = {"Access-Control-Expose-Headers": ", ".join(EXPOSED)}
    if ANY in allowed or origin in allowed:
        told["Access-Control-Allow-Origin"] = ANY if ANY in allowed else origin
    return told


def cors(origins: Sequence[str]) -> list[Middleware]:
    """Return what lets the allowed sites' pages read our answers; no credentials.

    Raises:
        ValueError: one of them is no origin.
    """
    allowed = allowed_sites(origins)
    if not allowed:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=sorted(allowed),
            allow_methods=("GET", "POST"),
            allow_headers=ANY_HEADER,
            expose_headers=EXPOSED,
            max_age=PREFLIGHT_AGE_S,
        )
    ]
