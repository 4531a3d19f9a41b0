"""The simulator's control port, from outside: faults, traffic, truth, violations."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

TIMEOUT_S = 10.0


class ControlRefused(Exception):
    """The control port answered with an error; the message is its own words."""


class Control:
    """One simulator; `base_url` is `http://host:port`."""

    def __init__(self, base_url: str) -> None:
        self._base = f"{base_url}/control"
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        limit = aiohttp.ClientTimeout(total=TIMEOUT_S)
        self._http = aiohttp.ClientSession(timeout=limit)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def inflict(
        self,
        scenario: str,
        venue: str | None = None,
        for_s: float | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin a fault; without `for_s` it lasts until `relieve`.

        Raises:
            ControlRefused: the simulator knows no such fault.
        """
        body: dict[str, Any] = {"scenario": scenario, "params": dict(params or {})}
        if venue is not None:
            body["venue"] = venue
        if for_s is not None:
            body["for_s"] = for_s
        await self._ask("POST", "faults", body)

    async def relieve(self, scenario: str | None = None) -> None:
        """End a fault, or all."""
        which = "" if scenario is None else f"?scenario={scenario}"
        await self._ask("DELETE", f"faults{which}")

    async def clear_traffic(self) -> None:
        """Count requests from now on."""
        await self._ask("DELETE", "traffic")

    async def traffic(self, venue: str) -> tuple[int, int]:
        """Return how many requests and handshakes a venue saw since cleared."""
        seen = (await self._ask("GET", "traffic"))[venue]
        return sum(seen["requests"].values()), int(seen["handshakes"])

    async def violations(self) -> list[dict[str, Any]]:
        """Return every broken rule that is kept, oldest first."""
        found: list[dict[str, Any]] = (await self._ask("GET", "violations"))[
            "violations"
        ]
        return found

    async def clear_violations(self) -> None:
        """Forget the broken rules."""
        await self._ask("DELETE", "violations")

    async def prices(self) -> dict[str, Any]:
        """Return the truth: what every market costs now."""
        answer: dict[str, Any] = await self._ask("GET", "prices")
        return answer

    async def _ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        if self._http is None:
            raise RuntimeError("used outside its `async with`")
        url = f"{self._base}/{path}"
        async with self._http.request(method, url, json=body) as answer:
            if answer.status >= 400:
                raise ControlRefused(f"{method} {path}: {await answer.text()}")
            return await answer.json()


async def wait_until_up(control: Control, limit_s: float = 30.0) -> None:
    """Return when the simulator answers.

    Raises:
        TimeoutError: it did not within the limit.
    """
    async with asyncio.timeout(limit_s):
        while True:
            try:
                await control.violations()
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)  # another process: nothing to await
            else:
                return
