"""The venues' limits, counted as they count: fixed windows per address."""

from dataclasses import dataclass, field

SECOND_MS, MINUTE_MS = 1_000, 60_000

UPBIT_REQUESTS_PER_S = 10
UPBIT_ORIGIN_WINDOW_MS = 10_000
UPBIT_CONNECTS_PER_S = 5
UPBIT_MESSAGES_PER_S, UPBIT_MESSAGES_PER_MIN = 5, 100
# The constant that Upbit still writes into Remaining-Req.
UPBIT_DEPRECATED_MINUTE = 600

BINANCE_WEIGHT_PER_MIN = 6_000
BINANCE_CONNECTS, BINANCE_CONNECT_WINDOW_MS = 300, 5 * MINUTE_MS
BINANCE_MESSAGES_PER_S = 5
BINANCE_STREAMS = 1_024

# Refusals in one window of a client that does not stop, after which it is banned.
STRIKES = 10
UPBIT_BAN_MS, BINANCE_BAN_MS = MINUTE_MS, 2 * MINUTE_MS


class Window:
    """A count per key that starts anew with every window of time."""

    __slots__ = ("_counts", "_length_ms", "_number")

    def __init__(self, length_ms: int) -> None:
        self._length_ms = length_ms
        self._number = -1
        self._counts: dict[tuple[str, ...], int] = {}

    def add(self, now_ms: int, *key: str, amount: int = 1) -> int:
        """Count and return the sum of this key in the running window."""
        number = now_ms // self._length_ms
        if number != self._number:
            self._number = number
            self._counts = {}
        total = self._counts.get(key, 0) + amount
        self._counts[key] = total
        return total

    def left_ms(self, now_ms: int) -> int:
        """Return how long the running window still lasts."""
        return self._length_ms - now_ms % self._length_ms


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a request fares: 200 (go on), 429 or 418; `rule` names what was broken."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    rule: str = ""
    wait_ms: int = 0


class Ban:
    """Who is locked out until when; each ban of an address is twice the last."""

    __slots__ = ("_base_ms", "_strikes", "_times", "_until")

    def __init__(self, base_ms: int) -> None:
        self._base_ms = base_ms
        self._strikes = Window(MINUTE_MS)
        self._times: dict[str, int] = {}
        self._until: dict[str, int] = {}

    def left_ms(self, remote: str, now_ms: int) -> int:
        """Return how long the address stays banned, 0 where it is not."""
        return max(self._until.get(remote, 0) - now_ms, 0)

    def strike(self, remote: str, now_ms: int) -> int:
        """Count a refusal; return the ban's length where this one was too many."""
        if self._strikes.add(now_ms, remote) <= STRIKES:
            return 0
        times = self._times.get(remote, 0)
        self._times[remote] = times + 1
        length = self._base_ms << times
        self._until[remote] = now_ms + length
        return length


class UpbitLimit:
    """Ten requests a second per address and group, one in 10 s with an Origin."""

    def __init__(self) -> None:
        self._second = Window(SECOND_MS)
        self._origin = Window(UPBIT_ORIGIN_WINDOW_MS)
        self._connects = Window(SECOND_MS)
        self._ban = Ban(UPBIT_BAN_MS)

    def request(
        self, remote: str, group: str, now_ms: int, *, origin: bool = False
    ) -> Verdict:
        """Judge one REST request; headers carry `Remaining-Req`."""
        banned = self._ban.left_ms(remote, now_ms)
        if banned:
            return Verdict(418, {}, "request while banned", banned)
        used = self._second.add(now_ms, remote, group)
        left = max(UPBIT_REQUESTS_PER_S - used, 0)
        remaining = f"group={group}; min={UPBIT_DEPRECATED_MINUTE}; sec={left}"
        headers = {"Remaining-Req": remaining, "Limit-By-Ip": "Yes"}
        if origin and self._origin.add(now_ms, remote) > 1:
            return self._refuse(remote, headers, "Origin header", now_ms)
        if used > UPBIT_REQUESTS_PER_S:
            return self._refuse(remote, headers, "requests per second", now_ms)
        # An Origin header is a mistake of ours even while it is let through.
        return Verdict(200, headers, "Origin header" if origin else "")

    def connect(self, remote: str, now_ms: int, *, origin: bool = False) -> Verdict:
        """Judge one WebSocket handshake."""
        if origin and self._origin.add(now_ms, remote) > 1:
            return Verdict(429, {}, "Origin header")
        if self._connects.add(now_ms, remote) > UPBIT_CONNECTS_PER_S:
            return Verdict(429, {}, "connects per second")
        return Verdict(200, {}, "Origin header" if origin else "")

    def _refuse(
        self, remote: str, headers: dict[str, str], rule: str, now_ms: int
    ) -> Verdict:
        banned = self._ban.strike(remote, now_ms)
        return Verdict(418 if banned else 429, headers, rule, banned)


class BinanceLimit:
    """Weight per minute and address."""

    def __init__(self) -> None:
        self._minute = Window(MINUTE_MS)
        self._connects = Window(BINANCE_CONNECT_WINDOW_MS)
        self._ban = Ban(BINANCE_BAN_MS)

    def request(self, remote: str, weight: int, now_ms: int) -> Verdict:
        """Judge one REST request; headers carry weight and, refused, `Retry-After`."""
        banned = self._ban.left_ms(remote, now_ms)
        if banned:
            headers = {"Retry-After": _seconds(banned)}
            return Verdict(418, headers, "request while banned", banned)
        used = self._minute.add(now_ms, remote, amount=weight)
        headers = {"X-MBX-USED-WEIGHT": str(used), "X-MBX-USED-WEIGHT-1M": str(used)}
        if used <= BINANCE_WEIGHT_PER_MIN:
            return Verdict(200, headers)
        banned = self._ban.strike(remote, now_ms)
        wait = banned or self._minute.left_ms(now_ms)
        headers["Retry-After"] = _seconds(wait)
        return Verdict(418 if banned else 429, headers, "weight per minute", wait)

    def connect(self, remote: str, now_ms: int) -> Verdict:
        """Judge one WebSocket handshake."""
        if self._connects.add(now_ms, remote) > BINANCE_CONNECTS:
            return Verdict(429, {}, "connects per 5 minutes")
        return Verdict(200)


class MessageLimit:
    """Messages of one WebSocket connection."""

    __slots__ = ("_minute", "_per_minute", "_per_second", "_second")

    def __init__(self, per_second: int, per_minute: int = 0) -> None:
        self._per_second, self._per_minute = per_second, per_minute
        self._second, self._minute = Window(SECOND_MS), Window(MINUTE_MS)

    def allows(self, now_ms: int) -> bool:
        """Count a message and say whether it is within the limits."""
        second = self._second.add(now_ms)
        minute = self._minute.add(now_ms)
        if self._per_minute and minute > self._per_minute:
            return False
        return second <= self._per_second


def _seconds(wait_ms: int) -> str:
    return str(-(-wait_ms // SECOND_MS))
