"""Answers of venues that hold a client back: 429 and 418, each in its own way."""

from collections.abc import Callable
from typing import Literal

from aiohttp import web

from adapters.simulator import binance_answer, upbit_answer
from adapters.simulator.answer import json_answer
from adapters.simulator.fault import Fault
from adapters.simulator.limit import (
    BINANCE_WEIGHT_PER_MIN,
    SECOND_MS,
    UPBIT_DEPRECATED_MINUTE,
)
from adapters.simulator.promise import Promise
from adapters.simulator.violation import ViolationLog

BANNED = 418
BINANCE_TOO_MANY = -1003
EARLY = "request before its time"
EARLY_BANNED = "request while banned"

Wording = Callable[[int, str, int, int], web.Response]
"""Status, group, wait and now in ms → the venue's answer."""


class Hold:
    """What a venue's throttles do to its requests, and the promises they ask for."""

    def __init__(
        self,
        venue: Literal["upbit", "binance", "fx"],
        fault: Fault,
        log: ViolationLog,
        wording: Wording,
    ) -> None:
        self._fault = fault
        self._wording = wording
        self._promise = Promise(venue, log)
        # Upbit names no time with a 429; what it means is the next second.
        self._by_second = venue == "upbit"
        self._by_group = venue != "binance"

    def answer(
        self, request: web.Request, group: str, now_ms: int, *, handshake: bool
    ) -> web.Response | None:
        """Return the refusal, None where nothing holds the request back."""
        remote = request.remote or ""
        if not handshake:
            self._promise.check(remote, group, now_ms, request.path_qs)
        throttle = self._fault.throttle(group, handshake=handshake)
        if throttle is None:
            return None
        wait_ms = throttle.left_ms(now_ms)
        banned = throttle.status == BANNED
        if self._by_second and not banned:
            wait_ms = SECOND_MS - now_ms % SECOND_MS
        if not handshake:
            held = group if self._by_group and not banned else ""
            rule = EARLY_BANNED if banned else EARLY
            self._promise.give(remote, held, now_ms, wait_ms, rule)
        return self._wording(throttle.status, group, wait_ms, now_ms)


def upbit_throttled(status: int, group: str, wait_ms: int, now_ms: int) -> web.Response:
    """Return Upbit's answer: the block's time in words, no Retry-After."""
    if status == BANNED:
        body = upbit_answer.error(status, upbit_words(wait_ms))
        return json_answer(body, status)
    remaining = f"group={group}; min={UPBIT_DEPRECATED_MINUTE}; sec=0"
    headers = {"Remaining-Req": remaining, "Limit-By-Ip": "Yes"}
    return json_answer(upbit_answer.error(status, upbit_words(0)), status, headers)


def upbit_words(wait_ms: int) -> str:
    """Return the message of a refusal; a wait is a block."""
    words = "Too many API requests."
    return f"{words} Blocked for {seconds(wait_ms)} seconds." if wait_ms else words


def binance_throttled(
    status: int, group: str, wait_ms: int, now_ms: int
) -> web.Response:
    """Return Binance's answer: Retry-After, the used weight, and when a ban ends."""
    used = str(BINANCE_WEIGHT_PER_MIN + 1)
    headers = {
        "Retry-After": seconds(wait_ms),
        "X-MBX-USED-WEIGHT": used,
        "X-MBX-USED-WEIGHT-1M": used,
    }
    body = binance_answer.error(
        BINANCE_TOO_MANY, binance_words(status, now_ms + wait_ms)
    )
    return json_answer(body, status, headers)


def binance_words(status: int, until_ms: int) -> str:
    """Return the message of a refusal."""
    if status == BANNED:
        return (
            f"Way too much request weight used; IP banned until {until_ms}. "
            "Please use WebSocket Streams for live updates to avoid bans."
        )
    return (
        f"Too much request weight used; current limit is {BINANCE_WEIGHT_PER_MIN} "
        "request weight per 1 MINUTE. Please use WebSocket Streams for live updates "
        "to avoid polling the API."
    )


def source_throttled(
    status: int, group: str, wait_ms: int, now_ms: int
) -> web.Response:
    """Return a rate source's answer."""
    headers = {"Retry-After": seconds(wait_ms)}
    return json_answer(b'{"message":"Too many requests"}', status, headers)


def seconds(wait_ms: int) -> str:
    """Return a wait in whole seconds, rounded up."""
    return str(-(-wait_ms // SECOND_MS))
