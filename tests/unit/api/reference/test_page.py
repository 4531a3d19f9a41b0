"""Guide and reference: complete, linked without a gap, and free of foreign hosts."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from graphql import build_schema

from api.limit import Limits
from api.reference.entry import anchors, entries
from api.reference.example import examples, questions
from api.reference.guide import CODES, limits_told
from api.reference.guide_page import guide_page
from api.reference.page import reference_page
from api.schema import schema_text
from api.schema_rule import OWN_PAGE, own_types, parts

VOID = {"meta", "link", "img", "input", "br"}


class Page(HTMLParser):
    """Names, links and text of a page; every element must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        assert not [name for name in found if name.startswith("on") or name == "style"]
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])
        elif "src" in found or "href" in found:
            self.loads.append(found.get("src") or found["href"])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def guide() -> Page:
    return Page(guide_page(Limits()))


@pytest.fixture(scope="module")
def reference() -> Page:
    return Page(reference_page(examples=examples()))


def test_no_name_stands_twice_and_no_link_leads_nowhere(
    guide: Page, reference: Page
) -> None:
    pages = {"docs": guide, "docs/reference": reference}
    for page in pages.values():
        assert [name for name, n in Counter(page.ids).items() if n > 1] == []
        for link in page.links:
            target, _, anchor = link.removeprefix("../").partition("#")
            if anchor:
                assert anchor in (pages[target] if target else page).ids, link


def test_every_part_of_the_schema_has_its_place(reference: Page) -> None:
    schema = build_schema(schema_text())
    wanted = {part.where for part in parts(schema) if "(" not in part.where}
    assert wanted <= set(reference.ids)
    assert wanted == anchors(schema)
    for kind in own_types(schema):
        assert kind.description is not None
        told = " ".join(kind.description.replace("`", "").split())
        assert told in " ".join(reference.text.split())


def test_the_page_specifies_the_scalars_that_name_it(reference: Page) -> None:
    own = [entry for entry in entries() if entry.specified_by.startswith(OWN_PAGE)]
    assert [entry.name for entry in own] == ["Decimal"]
    assert "Taken as input" in reference.text


def test_deprecated_parts_are_struck_through(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "Use `Query.b`; removed no earlier than 2027-06-30."
    text = (
        f'type Query {{ a: Int @deprecated(reason: "{reason}") b: Int }} '
        'scalar S @specifiedBy(url: "https://example.org/s")'
    )
    monkeypatch.setattr("api.reference.entry.schema_text", lambda: text)
    entries.cache_clear()
    try:
        page = reference_page()
    finally:
        entries.cache_clear()
    assert '<dt id="Query.a" class="gone">' in page
    assert "Deprecated. Use <a" in page
    assert 'specified by <a href="https://example.org/s">' in page


def test_a_search_shows_what_it_finds_and_keeps_the_words() -> None:
    page = Page(reference_page("zscore"))
    assert "PremiumStats.zScore" in page.ids
    assert "Query" not in page.ids
    assert "1 type with zscore" in page.text
    assert "reference#Decimal" in page.links
    assert "Nothing has 없음" in Page(reference_page("없음")).text


def test_what_is_searched_for_stays_text() -> None:
    text = reference_page('"><script>alert(1)</script>')
    assert "<script>alert" not in text
    Page(text)


def test_the_guide_tells_codes_limits_and_examples(guide: Page) -> None:
    for code in CODES:
        assert code.value in guide.text
    for _, number, _ in limits_told(Limits(depth=77)):
        assert number in Page(guide_page(Limits(depth=77))).text
    for question in questions():
        assert question.name in guide.ids
        assert question.document.strip() in guide.text


def test_the_guide_speaks_of_the_server_that_was_asked() -> None:
    page = Page(guide_page(Limits(), "https://kimp.example/api", key_needed=True))
    assert "https://kimp.example/api/graphql" in page.text
    assert "wss://kimp.example/api/graphql" in page.text
    assert "127.0.0.1" not in page.text.replace("http://127.0.0.1:8000/graphql", "")
    assert "needs an API key" in page.text
    assert "does not need an API key" in Page(guide_page(Limits())).text


def test_where_graphiql_is_not_served_nothing_runs_in_it() -> None:
    page = guide_page(Limits(), graphiql=False)
    assert "GraphiQL</a>" not in page


def test_without_the_examples_folder_the_guide_says_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.reference.guide_page.clients", dict)
    assert "docs/example" in guide_page(Limits())


@pytest.mark.parametrize("root", ["", "../"])
def test_pages_load_files_of_this_server_only(root: str) -> None:
    page = Page(reference_page() if root else guide_page(Limits()))
    assert page.loads
    assert all(re.fullmatch(rf"{root}static/page/[\w.]+", name) for name in page.loads)
    outside = {link for link in page.links if re.match(r"\w+:|//", link)}
    assert all(link.startswith("https://scalars.graphql.org/") for link in outside)
