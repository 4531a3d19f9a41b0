"""HTTP as all simulated venues speak it."""

from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OK = 200
# Path → group. Upbit's names as recorded, not as documented (exchanges.md A1).
_UPBIT_GROUPS = (
    ("/v1/candles", "candles"),
    ("/v1/ticker", "ticker"),
    ("/v1/orderbook", "orderbook"),
    ("/v1/trades", "crix-trades"),
    ("/v1/market", "market"),
)
_FX_GROUPS = (
    ("/v1/forex/", "dunamu"),
    ("/v6/", "open_er_api"),
    ("/v1/", "frankfurter"),
)
_BINANCE_REST = "/api/v3/"
OTHER_GROUP = "default"


def json_answer(
    body: bytes, status: int = _OK, headers: dict[str, str] | None = None
) -> web.Response:
    """Return a JSON response of ready bytes."""
    return web.Response(
        body=body,
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )


def is_handshake(request: web.Request) -> bool:
    """Say whether a request wants to become a WebSocket."""
    return request.headers.get("Upgrade", "").lower() == "websocket"


def group_of(path: str) -> str:
    """Return the group of requests that a path is of.

    Upbit's group, the rate source, or the path at Binance (`ticker/24hr`).
    """
    _, found, name = path.partition(_BINANCE_REST)
    if found:
        return name
    table = _FX_GROUPS if path.startswith("/fx/") else _UPBIT_GROUPS
    return next((name for part, name in table if part in path), OTHER_GROUP)
