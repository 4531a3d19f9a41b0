"""The guide and the reference in a real browser: read, searched and followed."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.browser.chromium import Browser, Page, assert_at_peace

pytestmark = pytest.mark.browser

SHOWN = "[...document.querySelectorAll('.card')].filter(c => !c.hidden).map(c => c.id)"


async def light(page: Page, scheme: str) -> None:
    """Show the page as on a device that is set to `light` or `dark`."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    await page.call("Emulation.setEmulatedMedia", features=[feature])


async def brightness(page: Page) -> int:
    """Return how bright the page's paper is, 0 to 255."""
    colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    return int(str(colour).split("(")[1].split(",")[0])


async def test_the_guide_shows_how_to_ask_and_follows_the_light(
    demo: Any, browser: Browser, pictures: Path
) -> None:
    page = await browser.open(f"{demo.url}/docs")
    text = str(await page.evaluate("document.body.innerText"))
    assert f"{demo.url}/graphql" in text
    assert "비트코인" in text
    await light(page, "light")
    assert await brightness(page) > 240
    await page.screenshot(pictures / "guide-light.png")
    await light(page, "dark")
    assert await brightness(page) < 40
    for name in ("examples", "programs", "transports", "limits"):
        await page.evaluate(f"document.getElementById('{name}').scrollIntoView()")
        await page.screenshot(pictures / f"guide-{name}.png")
    assert_at_peace(page, demo.url)


async def test_an_example_opens_in_graphiql_and_answers(
    demo: Any, browser: Browser
) -> None:
    page = await browser.open(f"{demo.url}/docs")
    address = await page.evaluate(
        "document.querySelector('#coin .fact a:last-child').href"
    )
    await page.navigate(str(address))
    await page.wait_for("localStorage['graphiql:operationName'] === 'Coin'")
    await page.evaluate("document.querySelector('.graphiql-execute-button').click()")
    await page.wait_for(
        "document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue()"
        ".includes('비트코인')"
    )
    assert_at_peace(page, demo.url)


async def test_the_search_narrows_while_one_types(
    demo: Any, browser: Browser, pictures: Path
) -> None:
    page = await browser.open(f"{demo.url}/docs/reference")
    every = len(await page.evaluate(SHOWN))
    assert every > 50
    await page.evaluate("document.getElementById('q').focus()")
    await page.call("Input.insertText", text="zscore")
    await page.wait_for(f"{SHOWN}.join() === 'PremiumStats'")
    rows = await page.evaluate(
        "[...document.querySelectorAll('#PremiumStats dt')]"
        ".filter(row => !row.hidden).map(row => row.id)"
    )
    assert rows == ["PremiumStats.zScore"]
    await page.screenshot(pictures / "reference-search.png")
    assert_at_peace(page, demo.url)


async def test_without_javascript_the_server_searches(
    demo: Any, browser: Browser
) -> None:
    page = await browser.open(f"{demo.url}/docs/reference")
    await page.call("Emulation.setScriptExecutionDisabled", value=True)
    await page.navigate(
        f"{demo.url}/docs/reference?q=%EB%B9%84%ED%8A%B8%EC%BD%94%EC%9D%B8"
    )
    assert await page.evaluate(SHOWN) == ["Coin"]
    assert await page.evaluate("document.querySelectorAll('.copy').length") == 0
    assert_at_peace(page, demo.url)


@pytest.mark.parametrize("anchor", ["Decimal", "Premium.percent"])
async def test_an_anchor_leads_to_its_place(
    demo: Any, browser: Browser, pictures: Path, anchor: str
) -> None:
    page = await browser.open(f"{demo.url}/docs/reference#{anchor}")
    await page.wait_for(f"document.querySelector(':target')?.id === '{anchor}'")
    top = await page.evaluate(
        "document.querySelector(':target').getBoundingClientRect().top"
    )
    assert 0 < top < 900
    await light(page, "dark")
    await page.screenshot(pictures / f"reference-{anchor}.png")
    assert_at_peace(page, demo.url)


async def test_on_a_telephone_nothing_sticks_out(
    demo: Any, browser: Browser, pictures: Path
) -> None:
    page = await browser.open(f"{demo.url}/docs")
    for name in ("docs", "docs/reference"):
        await page.call(
            "Emulation.setDeviceMetricsOverride",
            width=390,
            height=844,
            deviceScaleFactor=2,
            mobile=True,
        )
        await page.navigate(f"{demo.url}/{name}")
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
        await page.screenshot(pictures / f"telephone-{name.replace('/', '-')}.png")
    assert_at_peace(page, demo.url)
