"""GraphiQL in a real browser, on a real server with simulated exchanges."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.browser.chromium import Browser, Page, assert_at_peace

pytestmark = pytest.mark.browser

# The whole answer; the page itself holds only the lines in sight.
RESULT = "(document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue())"
RUN = "document.querySelector('.graphiql-execute-button').click()"
PNG = b"\x89PNG\r\n\x1a\n"


async def open_tab(page: Page, name: str) -> None:
    """Choose an example tab and wait until the editor knows its operation."""
    await page.wait_for("document.querySelectorAll('.graphiql-tab').length === 3")
    await page.evaluate(
        "[...document.querySelectorAll('.graphiql-tab-button')]"
        f".find(tab => tab.innerText.includes({json.dumps(name)})).click()"
    )
    # The schema must be there too, else the operation's variables are not sent.
    await page.wait_for(
        f"localStorage['graphiql:operationName'] === {json.dumps(name)}"
        " && document.querySelector('.graphiql-spinner') === null"
    )


async def run_tab(page: Page, name: str, shown: str) -> str:
    """Run an example tab until the result matches the JavaScript pattern `shown`."""
    await open_tab(page, name)
    await page.evaluate(RUN)
    text = await page.wait_for(f"{RESULT}?.match({shown}) && {RESULT}")
    return str(text)


def events(page: Page) -> list[dict[str, Any]]:
    """The subscription events that reached the page."""
    frames = [json.loads(text) for text in page.frames]
    return [f["payload"]["data"]["premiums"] for f in frames if f["type"] == "next"]


async def test_it_opens_with_the_board_and_shows_coins_by_their_korean_names(
    demo: Any, browser: Browser, pictures: Path
) -> None:
    page = await browser.open(f"{demo.url}/graphql")
    assert (await page.evaluate("document.title")).startswith("김치 프리미엄")
    text = await run_tab(page, "Board", "/koreanName/")
    assert re.search(r'"koreanName": "[가-힣]', text)
    assert "errors" not in text
    assert (await page.screenshot(pictures / "board.png")).startswith(PNG)
    assert_at_peace(page, demo.url)


async def test_the_coin_tab_shows_three_bases(
    demo: Any, browser: Browser, pictures: Path
) -> None:
    page = await browser.open(f"{demo.url}/graphql")
    text = await run_tab(page, "Coin", "/signConflict/")
    assert "비트코인" in text
    for basis in ("OFFICIAL_FX", "KRW_USDT", "KRW_USDC"):
        assert basis in text
    await page.screenshot(pictures / "coin.png")
    assert_at_peace(page, demo.url)


async def test_the_live_tab_moves(demo: Any, browser: Browser, pictures: Path) -> None:
    page = await browser.open(f"{demo.url}/graphql")
    await run_tab(page, "Live", r"/snapshot...true/")
    text = await page.wait_for(rf"{RESULT}?.match(/snapshot...false/) && {RESULT}")
    await page.wait_for(
        f"{RESULT}?.includes('premiums') && {RESULT} !== {json.dumps(text)}"
    )
    image = await page.screenshot(pictures / "live.png")
    assert len(image) > 20_000
    first, *later = events(page)
    assert first["snapshot"]
    symbols = {premium["symbol"] for premium in first["premiums"]}
    assert symbols == {"BTC", "ETH", "XRP", "SOL", "DOGE"}
    assert len(later) >= 2
    numbers = [event["seq"] for event in (first, *later)]
    assert numbers == sorted(set(numbers))
    assert_at_peace(page, demo.url)


async def test_a_subscription_can_be_stopped(demo: Any, browser: Browser) -> None:
    page = await browser.open(f"{demo.url}/graphql")
    await run_tab(page, "Live", r"/snapshot...true/")
    await page.evaluate(RUN)
    await page.wait_for(
        "document.querySelector('.graphiql-execute-button')"
        ".getAttribute('aria-label').startsWith('Execute')"
    )
    assert_at_peace(page, demo.url)


async def test_the_explorer_and_the_documentation_know_the_schema(
    demo: Any, browser: Browser, pictures: Path
) -> None:
    page = await browser.open(f"{demo.url}/graphql")
    await open_tab(page, "Board")
    for button, known in (
        ("Show Documentation Explorer", "Subscription"),
        ("Show GraphiQL Explorer", "dailySnapshots|fxRates|premiums"),
    ):
        await page.evaluate(
            f"document.querySelector('[aria-label=\"{button}\"]').click()"
        )
        await page.wait_for(
            f"document.querySelector('.graphiql-plugin')?.innerText.match(/{known}/)"
        )
    await page.screenshot(pictures / "explorer.png")
    assert_at_peace(page, demo.url)


async def test_a_link_may_carry_a_query_and_the_front_page_is_graphiql(
    demo: Any, browser: Browser
) -> None:
    query = quote("query Linked { health { status } }")
    page = await browser.open(f"{demo.url}/?query={query}")
    await page.wait_for("localStorage['graphiql:operationName'] === 'Linked'")
    await page.evaluate(RUN)
    await page.wait_for(f'{RESULT}.match(/status..."(HEALTHY|DEGRADED)"/)')
    assert_at_peace(page, demo.url)


async def test_korean_letters_have_glyphs(demo: Any, browser: Browser) -> None:
    page = await browser.open(f"{demo.url}/graphql")
    drawn = await page.evaluate(
        """[...'김치프리미엄'].map(letter => {
            const canvas = document.createElement('canvas');
            const ink = canvas.getContext('2d');
            ink.font = '40px sans-serif';
            ink.fillText(letter, 10, 60);
            return canvas.toDataURL();
        })"""
    )
    assert len(set(drawn)) == 6, "drawn as empty boxes: a Korean font is missing"


async def test_menus_hints_and_dialogs_keep_to_the_policy(
    demo: Any, browser: Browser
) -> None:
    page = await browser.open(f"{demo.url}/graphql")
    await open_tab(page, "Board")
    editor = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
    await page.evaluate(f"{editor}.setValue('query A {{ prem }}')")
    await page.evaluate(f"{editor}.focus(), {editor}.setCursor({{line: 0, ch: 14}})")
    # Asked for before the schema is there, the list stays without a widget; and on a
    # slow machine GraphiQL's own update of the tab may close it again.
    await page.wait_for(
        "document.querySelectorAll('.CodeMirror-hints li').length > 0"
        f" || ({editor}.state.completionActive?.widget"
        f" || {editor}.execCommand('autocomplete'), false)"
    )
    await page.wait_for("document.querySelector('.CodeMirror-lint-mark') !== null")
    for label in ("Open settings dialog", "Open short keys dialog"):
        await page.evaluate(
            f"document.querySelector('[aria-label=\"{label}\"]').click()"
        )
        await page.wait_for("document.querySelector('[role=dialog]') !== null")
        await page.evaluate("document.querySelector('.graphiql-dialog-close').click()")
        await page.wait_for("document.querySelector('[role=dialog]') === null")
    assert_at_peace(page, demo.url)
