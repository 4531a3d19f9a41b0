"""Drive headless Chromium over its DevTools protocol: pages, scripts, screenshots.

``async with launch(profile_dir) as browser: page = await browser.open(url)``. The
browser runs in a process group of its own, which ends with the context. Every wait has
a time limit; what the page asked of the network is kept for a test to judge.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import shutil
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect

NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)

START_LIMIT_S: Final = 60.0
"""From the start of the process to its DevTools address; a loaded machine is slow."""

CLOSE_LIMIT_S: Final = 10.0
"""From asking the browser to end until it is killed."""

CALL_LIMIT_S: Final = 60.0
"""One DevTools call, or one condition awaited in the page."""

MAX_FRAME: Final = 64 * 1024 * 1024
"""Bytes of one DevTools message; a screenshot of a large page is some megabytes."""


class BrowserMissing(Exception):
    """No Chromium on this machine."""


class BrowserFailed(Exception):
    """Chromium did not start, refused a call or threw in the page."""


def find_browser() -> str:
    """Return the browser's path: ``KIMP_CHROMIUM``, else the first known name."""
    asked = os.environ.get("KIMP_CHROMIUM")
    names = (asked,) if asked else NAMES
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise BrowserMissing("Chromium is not installed (Debian: chromium)")
    return found


@contextlib.asynccontextmanager
async def launch(profile: Path) -> AsyncIterator["Browser"]:
    """Run Chromium with `profile` as its new, empty user folder."""
    process = await asyncio.create_subprocess_exec(
        find_browser(),
        *FLAGS,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=DEVNULL,
        stderr=PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(START_LIMIT_S):
            address = await _devtools_address(process)
        drain = asyncio.create_task(_drain(process), name="chromium stderr")
        try:
            async with connect(
                address, max_size=MAX_FRAME, compression=None, proxy=None
            ) as socket:
                browser = Browser(socket)
                reader = asyncio.create_task(browser.read(), name="devtools reader")
                try:
                    yield browser
                    await browser.close(process)
                finally:
                    reader.cancel()
                    await asyncio.gather(reader, return_exceptions=True)
        finally:
            drain.cancel()
            await asyncio.gather(drain, return_exceptions=True)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _devtools_address(process: Process) -> str:
    assert process.stderr is not None
    said = b""
    async for line in process.stderr:
        said += line
        match = re.search(rb"DevTools listening on (ws://\S+)", line)
        if match:
            return match[1].decode()
    raise BrowserFailed(f"Chromium ended at its start: {said.decode(errors='replace')}")


async def _drain(process: Process) -> None:
    assert process.stderr is not None
    async for _ in process.stderr:
        pass  # a full pipe would stop the browser


@dataclass(slots=True)
class Browser:
    """One running browser: pairs calls with answers and hands events to pages."""

    socket: ClientConnection
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, "asyncio.Future[dict[str, Any]]"] = field(default_factory=dict)
    _listeners: dict[str, list[Callable[[str, dict[str, Any]], None]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    async def read(self) -> None:
        """Deliver messages until the connection ends, which fails all open calls."""
        try:
            async for text in self.socket:
                self._deliver(json.loads(text))
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(BrowserFailed("Chromium is gone"))

    def _deliver(self, message: dict[str, Any]) -> None:
        if "id" in message:
            future = self._waiting.pop(message["id"], None)
            if future is not None and not future.done():
                future.set_result(message)
            return
        for listener in self._listeners[message.get("sessionId", "")]:
            listener(message["method"], message["params"])

    def listen(
        self, session: str, listener: Callable[[str, dict[str, Any]], None]
    ) -> None:
        """Hand every event of `session` to `listener` as method and parameters."""
        self._listeners[session].append(listener)

    async def call(
        self, method: str, session: str | None = None, **params: Any
    ) -> dict[str, Any]:
        """Send one command and return its result, or raise BrowserFailed."""
        number = next(self._numbers)
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        message = {"id": number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        await self.socket.send(json.dumps(message))
        async with asyncio.timeout(CALL_LIMIT_S):
            answer = await future
        if "error" in answer:
            raise BrowserFailed(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def close(self, process: Process) -> None:
        """Let the browser end by itself, so that it sees its own children off."""
        with contextlib.suppress(BrowserFailed, TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT_S):
                await self.call("Browser.close")
                await process.wait()

    async def open(self, url: str, width: int = 1440, height: int = 900) -> "Page":
        """Open `url` in a new page of that size and wait until it has loaded."""
        target = await self.call("Target.createTarget", url="about:blank")
        attached = await self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        page = Page(self, attached["sessionId"])
        self.listen(page.session, page.note)
        for domain in ("Page", "Runtime", "Network", "Log"):
            await page.call(f"{domain}.enable")
        await page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        await page.navigate(url)
        return page


@dataclass(slots=True)
class Page:
    """One page. `requests`: every address it asked for; `complaints`: its errors."""

    browser: Browser
    session: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    _loaded: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, method: str, params: dict[str, Any]) -> None:
        """Keep what a test may ask about."""
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(params["url"])
            case "Network.webSocketFrameReceived":
                self.frames.append(params["response"]["payloadData"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(params["exceptionDetails"]))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.complaints.append(f"{params['entry']}")
            case "Runtime.consoleAPICalled" if params["type"] == "error":
                self.complaints.append(json.dumps(params["args"]))

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Send one command to this page."""
        return await self.browser.call(method, self.session, **params)

    async def navigate(self, url: str) -> None:
        """Go to `url` and wait for its load event."""
        self._loaded.clear()
        answer = await self.call("Page.navigate", url=url)
        if "errorText" in answer:
            raise BrowserFailed(f"{url}: {answer['errorText']}")
        async with asyncio.timeout(CALL_LIMIT_S):
            await self._loaded.wait()

    async def evaluate(self, script: str) -> Any:
        """Return the value of `script`, a JavaScript expression or promise."""
        answer = await self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            thrown = answer["exceptionDetails"]
            raise BrowserFailed(thrown.get("exception", thrown).get("description"))
        return answer["result"].get("value")

    async def wait_for(self, condition: str) -> Any:
        """Return `condition`'s first true value, looked at on every painted frame."""
        limit_ms = int(CALL_LIMIT_S * 1000) - 5000
        return await self.evaluate(
            f"""new Promise((found, failed) => {{
                const until = performance.now() + {limit_ms};
                const look = () => {{
                    const value = ({condition});
                    if (value) found(value);
                    else if (performance.now() > until)
                        failed(new Error("not seen: " + {json.dumps(condition)}
                            + " in: " + document.body.innerText.slice(0, 2000)));
                    else requestAnimationFrame(look);
                }};
                look();
            }})"""
        )

    async def screenshot(self, path: Path) -> bytes:
        """Write a PNG of what the page shows to `path`; return its bytes."""
        answer = await self.call("Page.captureScreenshot", format="png")
        image = base64.b64decode(answer["data"])
        path.write_bytes(image)  # noqa: ASYNC240 - once a test, nothing else waits
        return image

    def foreign_requests(self, origin: str) -> list[str]:
        """Return the addresses asked for that are not of `origin`'s host and port."""
        home = urlsplit(origin).netloc
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in {"http", "https", "ws", "wss"}
            and urlsplit(url).netloc != home
        ]


def assert_at_peace(page: Page, origin: str) -> None:
    """No request left for a foreign host, nothing was blocked, nothing was thrown."""
    assert page.foreign_requests(origin) == []
    assert page.complaints == []
