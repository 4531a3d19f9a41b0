"""The GraphiQL page and the files behind it, all from this server.

Third-party files are brought by ``make web`` into ``api/static`` (``web/asset.json``
lists them); our own lie in ``api/page``. Nothing is asked of a foreign host, which the
page's Content-Security-Policy enforces. Addresses in the page are relative, so it may
be served at ``/`` and ``/graphql`` and below a proxy's path prefix.
"""

import html
import json
import mimetypes
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

_API: Final = Path(__file__).resolve().parent

PAGE_DIR: Final = _API / "page"
"""Our own script, style and example operations."""

TITLE: Final = "김치 프리미엄 · Kimchi Premium"

SCRIPTS: Final = (
    "graphiql/react.production.min.js",
    "graphiql/react-dom.production.min.js",
    "graphiql/graphiql.min.js",
    "graphiql/explorer.js",
)
"""Third-party scripts below `static_dir`, in the order in which they build up."""

STYLES: Final = ("graphiql/graphiql.min.css", "graphiql/explorer.css")
"""Third-party style sheets below `static_dir`."""

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # Its dialogs put a style element into the page while they are open, whose text
        # depends on the width of the scroll bar: no hash fits, and it takes no nonce.
        "style-src 'self' 'unsafe-inline'",
        # The editor and its menus position themselves by script, not by attributes.
        "style-src-attr 'none'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # The same address answers data to other clients, so no cache may mix them up.
    "Cache-Control": "no-cache",
    "Vary": "Accept",
}
"""Sent with `graphiql_page`."""

EXAMPLES: Final = ("board", "coin", "live")
"""The tabs of a first visit, left to right: files of ``page/example``."""

_VARIABLES: Final[Mapping[str, Mapping[str, object]]] = {
    "coin": {"symbol": "BTC"},
    "live": {"symbols": ["BTC", "ETH", "XRP", "SOL", "DOGE"]},
}


def static_dir() -> Path:
    """Return the folder of the third-party files; it may be absent."""
    return _API / "static"


def assets_present(static: Path | None = None) -> bool:
    """Say whether every file that GraphiQL needs has been brought; asks the disk."""
    folder = static or static_dir()
    return all((folder / name).is_file() for name in (*SCRIPTS, *STYLES))


def graphiql_page(static: Path | None = None) -> str:
    """Return the page as HTML; without its files, one that says how to get them.

    Looks at the disk, so call it off the event loop, or once at start. Send it with
    `PAGE_HEADERS`. It asks for ``static/…`` (see `static_routes`) and ``graphql``,
    both relative to its own address.
    """
    if not assets_present(static):
        return _document(_MISSING_BODY, ())
    tabs = json.dumps(example_tabs(), ensure_ascii=False).replace("<", "\\u003c")
    body = f"""\
    <div id="graphiql">불러오는 중 · Loading</div>
    <noscript><p>GraphiQL needs JavaScript. 자바스크립트가 필요합니다.</p></noscript>
    <script type="application/json" id="example">{tabs}</script>
"""
    scripts = "".join(
        f'    <script src="static/{name}"></script>\n'
        for name in (*SCRIPTS, "page/graphiql.js")
    )
    return _document(body + scripts, STYLES)


@cache
def example_tabs() -> tuple[Mapping[str, str], ...]:
    """Return `query` and, where it has some, `variables` (JSON text) of each tab."""
    return tuple(_tab(name) for name in EXAMPLES)


def static_routes() -> list[BaseRoute]:
    """Return the routes under ``/static`` that `graphiql_page` asks for.

    Files carry an ETag; a name that is not there answers 404, also while the
    third-party folder is absent.
    """
    # Reads the system's files of types now: the first request would else wait for it.
    mimetypes.init()
    return [
        Mount("/static/page", StaticFiles(directory=PAGE_DIR, check_dir=False)),
        Mount("/static", StaticFiles(directory=static_dir(), check_dir=False)),
    ]


def _tab(name: str) -> Mapping[str, str]:
    query = (PAGE_DIR / "example" / f"{name}.graphql").read_text("utf-8")
    variables = _VARIABLES.get(name)
    if variables is None:
        return {"query": query}
    return {"query": query, "variables": json.dumps(variables, indent=2)}


def _document(body: str, styles: tuple[str, ...]) -> str:
    links = "".join(
        f'    <link rel="stylesheet" href="static/{name}">\n'
        for name in (*styles, "page/graphiql.css")
    )
    return f"""\
<!doctype html>
<html lang="ko">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{html.escape(TITLE)}</title>
    <link rel="icon" href="static/page/icon.svg" type="image/svg+xml">
{links}  </head>
  <body>
{body}  </body>
</html>
"""


_MISSING_BODY: Final = """\
    <main class="message">
      <h1>김치 프리미엄 · Kimchi Premium</h1>
      <p lang="en">The GraphQL API at this address works. Only GraphiQL, the page to
      explore it with, is not installed yet. In the project's folder, run</p>
      <pre>make web</pre>
      <p lang="en">and load this page again. Until then read the
      <a href="docs">guide</a> (설명서), and ask with curl:</p>
      <p>GraphQL API는 정상 동작합니다. 탐색 화면인 GraphiQL 파일만 아직 없습니다.
      프로젝트 폴더에서 위의 <code>make web</code> 명령을 실행한 뒤 새로 고침하세요.
      그 전에는 curl로 조회할 수 있습니다.</p>
      <pre>curl -s http://127.0.0.1:8000/graphql -H 'content-type: application/json' \\
  -d '{"query":"{ premium(symbol: \\"BTC\\") { percent quality reason } }"}'</pre>
    </main>
"""
