"""The GraphiQL page: complete, self-contained, and honest without its files."""

import asyncio
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from graphql.language import OperationDefinitionNode
from starlette.applications import Starlette
from starlette.types import Message

from api.graphiql import (
    CONTENT_SECURITY_POLICY,
    PAGE_HEADERS,
    SCRIPTS,
    STYLES,
    assets_present,
    example_tabs,
    graphiql_page,
    static_dir,
    static_routes,
)

SHARED = Path(
    os.environ.get("KIMP_SHARED_DATA", Path.cwd().parent / "shared" / "data")
).parent
CONTRACT = SHARED / "contract" / "schema.graphql"


class Page(HTMLParser):
    """What a page loads and says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self.title = ""
        self._inside = ""
        self._executable = False
        self.data = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._inside = tag
        self._executable = tag == "script" and "type" not in found
        self.loads += [found[name] or "" for name in ("src", "href") if name in found]
        assert not [name for name in found if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        if self._inside == "script" and self._executable:
            self.inline.append(data)
        elif self._inside == "script":
            self.data += data


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    for name in (*SCRIPTS, *STYLES):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    return folder


def test_the_page_loads_only_files_of_this_server(brought: Path) -> None:
    page = Page(graphiql_page(brought))
    expected = {f"static/{name}" for name in (*SCRIPTS, *STYLES)}
    assert expected < set(page.loads)
    assert all(re.fullmatch(r"static/[\w./-]+", name) for name in page.loads)
    assert page.inline == []


def test_the_page_is_titled_in_korean(brought: Path) -> None:
    assert Page(graphiql_page(brought)).title.startswith("김치 프리미엄")
    assert '<meta charset="utf-8">' in graphiql_page(brought)


def test_the_page_carries_its_example_tabs_as_data(brought: Path) -> None:
    tabs = json.loads(Page(graphiql_page(brought)).data)
    assert tabs == list(example_tabs())


def test_the_examples_are_the_board_one_coin_and_a_live_subscription() -> None:
    operations = [
        node
        for tab in example_tabs()
        for node in parse(tab["query"]).definitions
        if isinstance(node, OperationDefinitionNode)
    ]
    assert [
        (node.operation.value, node.name and node.name.value) for node in operations
    ] == [("query", "Board"), ("query", "Coin"), ("subscription", "Live")]
    assert "koreanName" in example_tabs()[0]["query"]
    assert "throttleMs" in example_tabs()[2]["query"]


@pytest.mark.skipif(not CONTRACT.exists(), reason="the shared contract is not here")
def test_the_examples_are_valid_against_the_contract() -> None:
    schema = build_schema(CONTRACT.read_text("utf-8"))
    for tab in example_tabs():
        assert validate(schema, parse(tab["query"])) == []


def test_variables_of_the_examples_are_json_that_their_operations_declare() -> None:
    for tab in example_tabs():
        variables = json.loads(tab.get("variables", "{}"))
        assert all(f"${name}:" in tab["query"] for name in variables)


@pytest.mark.parametrize("missing", [*SCRIPTS, *STYLES])
def test_with_any_file_missing_the_page_says_how_to_get_it(
    brought: Path, missing: str
) -> None:
    (brought / missing).unlink()
    text = graphiql_page(brought)
    assert not assets_present(brought)
    assert "make web" in text
    assert "run" in text
    assert "명령을 실행" in text
    assert "<script" not in text


def test_files_that_are_there_are_seen(brought: Path) -> None:
    assert assets_present(brought)


def test_the_policy_allows_no_foreign_host_and_no_inline_script() -> None:
    policy = dict(
        part.strip().split(" ", 1) for part in CONTENT_SECURITY_POLICY.split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["style-src-attr"] == "'none'"
    assert "unsafe-eval" not in CONTENT_SECURITY_POLICY
    assert not re.search(r"https?:|wss?:|\*", CONTENT_SECURITY_POLICY)
    assert PAGE_HEADERS["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


@pytest.fixture
def app() -> Starlette:
    return Starlette(routes=static_routes())


async def status_of(app: Starlette, path: str) -> int:
    """Ask `app` for `path`, as a server would; return the status."""
    statuses: list[int] = []

    async def receive() -> Message:
        await asyncio.Event().wait()  # no disconnect
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }
    await app(scope, receive, send)
    return statuses[0]


@pytest.mark.parametrize("name", ["graphiql.js", "graphiql.css", "icon.svg"])
async def test_our_own_files_are_served(app: Starlette, name: str) -> None:
    assert await status_of(app, f"/static/page/{name}") == 200


@pytest.mark.parametrize(
    "path", ["page/absent.js", "graphiql/absent.js", "page/../graphiql.py", "../app.py"]
)
async def test_a_name_that_is_no_file_of_ours_is_not_found(
    app: Starlette, path: str
) -> None:
    assert await status_of(app, f"/static/{path}") == 404


def test_the_static_folder_lies_beside_the_api() -> None:
    assert static_dir().parts[-2:] == ("api", "static")
