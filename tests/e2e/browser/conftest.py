"""A browser for a test; without one the test skips, or fails where CI requires it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.browser.chromium import Browser, BrowserMissing, find_browser, launch


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    """A fresh headless Chromium."""
    try:
        find_browser()
    except BrowserMissing as exc:
        if os.environ.get("KIMP_REQUIRE_BROWSER"):
            pytest.fail(f"KIMP_REQUIRE_BROWSER is set, but {exc}")
        pytest.skip(str(exc))
    async with launch(tmp_path / "profile") as running:
        yield running


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go; ``KIMP_PICTURES`` names a folder that keeps them."""
    folder = Path(os.environ.get("KIMP_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
