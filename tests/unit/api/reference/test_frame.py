"""Text made HTML: nothing gets in that was not meant, and programs read well."""

import pytest

from api.reference.frame import (
    CONTENT_SECURITY_POLICY,
    Place,
    document,
    listing,
    prose,
)


def test_code_is_marked_and_linked_where_it_leads_on() -> None:
    links = {"Coin.name": "#Coin.name"}
    assert prose("See `Coin.name` or `BTC`.", links.get) == (
        'See <a href="#Coin.name"><code>Coin.name</code></a> or <code>BTC</code>.'
    )


def test_what_could_be_markup_is_text() -> None:
    assert prose("1 < 2 & `<b>`") == "1 &lt; 2 &amp; <code>&lt;b&gt;</code>"
    assert "<script>" not in listing('x = "<script>" # <script>')


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("# a comment", '<span class="comment"># a comment</span>'),
        ("a // b", 'a <span class="comment">// b</span>'),
        ('"http://x" ', '<span class="string">"http://x"</span>'),
        ("query Q", '<span class="keyword">query</span> Q'),
        ("($symbol: X)", '(<span class="variable">$symbol</span>: X)'),
        ('"""a "b" c"""', '<span class="string">"""a "b" c"""</span>'),
        ("$url/graphql#x", '<span class="variable">$url</span>/graphql#x'),
    ],
)
def test_words_of_a_program_are_marked(text: str, marked: str) -> None:
    assert listing(text) == f"<pre><code>{marked}</code></pre>"


def test_the_page_names_where_one_is() -> None:
    page = document("A & B", "Reference", "<main></main>", Place("../"))
    assert "<title>A &amp; B · Kimchi Premium</title>" in page
    assert '<a href="../docs/reference" aria-current="page">Reference</a>' in page
    assert page.count("aria-current") == 1


def test_where_graphiql_is_not_served_no_link_leads_to_it() -> None:
    assert "GraphiQL" in document("T", "Guide", "", Place(""))
    assert "GraphiQL" not in document("T", "Guide", "", Place("", graphiql=False))


def test_the_policy_allows_nothing_inline_and_no_foreign_host() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'")
