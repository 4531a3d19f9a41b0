"""How many requests may be sent now. Pure: every time is an argument.

A venue counts requests (or their weights) per window, in groups of its own naming, and
tells in its answers how much is used. We keep our own sliding window, because two
answers may be under way, and take the venue's word where it says more: the address may
be shared with other processes.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.resilience.hold import growing_hold_s, retry_after_s, told_time_s

TOO_MANY_REQUESTS = 429
BANNED = 418
USED_WEIGHT_HEADER = "X-MBX-USED-WEIGHT-1M"
REMAINING_HEADER = "Remaining-Req"
# Two requests leave in one order and spacing and arrive in another.
WINDOW_MARGIN_S = 0.05
# A process that is not the live feed leaves the address alone this long after a 429.
YIELD_S = 10.0
MAX_GROUPS = 64
_ADDRESS = ""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """What a venue allows: `limit` requests (or weight) per `window_s` seconds.

    `per_address`: all groups share one window, and a 429 holds them all (Binance); else
    each group has its own (Upbit). A 418 always holds the address.
    """

    limit: int
    window_s: float
    per_address: bool

    def __post_init__(self) -> None:
        if self.limit < 1 or self.window_s <= 0:
            raise ValueError("limit and window_s must be positive")


UPBIT_RULE = LimitRule(limit=10, window_s=1.0, per_address=False)
BINANCE_RULE = LimitRule(limit=6_000, window_s=60.0, per_address=True)
# For sources that publish no limit: far above our need, far below rudeness.
MODEST_RULE = LimitRule(limit=2, window_s=1.0, per_address=True)


class Window:
    """A sliding window over our own requests, corrected by what the venue reports."""

    def __init__(self, limit: int, own_limit: int, window_s: float) -> None:
        self._limit = limit
        self._own_limit = own_limit
        self._window_s = window_s + WINDOW_MARGIN_S
        self.sent: deque[tuple[float, int]] = deque()
        self.own = 0
        self._reported = 0
        self._reported_s: float | None = None
        self.since_report = 0

    def wait_s(self, weight: int, now_s: float) -> float:
        """Return how long until so much weight may be sent; 0: now.

        A weight above the whole limit is let through alone, in an empty window.
        """
        self._forget(now_s)
        return max(self._own_wait_s(weight, now_s), self._told_wait_s(weight, now_s))

    def take(self, weight: int, now_s: float) -> None:
        """Count a request that is sent now."""
        self.sent.append((now_s, weight))
        self.own += weight
        self.since_report += weight

    def report(self, used: int, now_s: float) -> None:
        """Take the venue's word for how much of the window is used."""
        self._reported = max(0, used)
        self._reported_s = now_s
        self.since_report = 0

    def absorb(self, other: "Window") -> None:
        """Take over what was sent under another name of the same window."""
        self.sent = deque(sorted([*self.sent, *other.sent]))
        self.own += other.own
        self.since_report += other.since_report

    def _own_wait_s(self, weight: int, now_s: float) -> float:
        excess = self.own + weight - self._own_limit
        if excess <= 0 or not self.sent:
            return 0.0
        for sent_s, sent_weight in self.sent:
            excess -= sent_weight
            if excess <= 0:
                return max(0.0, sent_s + self._window_s - now_s)
        return max(0.0, self.sent[-1][0] + self._window_s - now_s)

    def _told_wait_s(self, weight: int, now_s: float) -> float:
        if self._reported_s is None:
            return 0.0
        if self._reported == 0 or (
            self._reported + self.since_report + weight <= self._limit
        ):
            return 0.0
        return max(0.0, self._reported_s + self._window_s - now_s)

    def _forget(self, now_s: float) -> None:
        # The very sum that `wait_s` waits for: another order of the same terms may
        # round to the other side and leave a waiter with a wait of nothing for ever.
        while self.sent and self.sent[0][0] + self._window_s - now_s <= 0:
            self.own -= self.sent.popleft()[1]
        told_s = self._reported_s
        if told_s is not None and told_s + self._window_s - now_s <= 0:
            self._reported_s = None


class RequestBudget:
    """All windows and holds of one venue, as seen from one process."""

    def __init__(self, rule: LimitRule, share: float = 1.0) -> None:
        if not 0 < share <= 1:
            raise ValueError("share must be above 0 and at most 1")
        self._rule = rule
        self._share = share
        self._own_limit = max(1, int(rule.limit * share))
        self._windows: dict[str, Window] = {}
        self._told_groups: dict[str, str] = {}
        self._held: dict[str, float] = {}
        self._refusals: dict[str, int] = {}
        self._banned_until_s: float | None = None

    @property
    def own_limit(self) -> int:
        """How much of the venue's limit this process takes per window."""
        return self._own_limit

    def wait_s(self, group: str, weight: int, now_s: float) -> float:
        """Return how long a request has to wait, in seconds; 0: send it now."""
        window_wait_s = self._window(group).wait_s(weight, now_s)
        return max(window_wait_s, self.hold_s(group, now_s))

    def take(self, group: str, weight: int, now_s: float) -> None:
        """Count a request that is sent now."""
        self._window(group).take(weight, now_s)

    def hold_s(self, group: str, now_s: float) -> float:
        """Return how long the venue has told us to leave a group alone."""
        until_s = max(
            self._held.get(_ADDRESS, now_s), self._held.get(self._key(group), now_s)
        )
        return until_s - now_s

    def is_banned(self, now_s: float) -> bool:
        """Whether the address is banned now (418)."""
        return self._banned_until_s is not None and now_s < self._banned_until_s

    def answered(
        self,
        group: str,
        status: int,
        headers: Mapping[str, str],
        *,
        now_ms: int,
        now_s: float,
        body: str = "",
    ) -> None:
        """Learn from an answer: what is used, and whether to hold.

        `headers` must find names whatever their case.
        """
        self._learn(group, headers, now_s)
        if status in (TOO_MANY_REQUESTS, BANNED):
            self._refused(group, status, headers, now_ms, now_s, body)
        else:
            self._refusals.pop(self._key(group), None)
            if not self.is_banned(now_s):
                self._refusals.pop(_ADDRESS, None)

    def _refused(
        self,
        group: str,
        status: int,
        headers: Mapping[str, str],
        now_ms: int,
        now_s: float,
        body: str,
    ) -> None:
        banned = status == BANNED
        key = _ADDRESS if banned else self._key(group)
        repetition = self._refusals.get(key, 0)
        self._refusals[key] = repetition + 1
        hold_s = retry_after_s(headers.get("Retry-After"), now_ms)
        if hold_s is None:
            hold_s = told_time_s(body)
        if hold_s is None:
            hold_s = growing_hold_s(repetition, banned=banned)
        self._hold(key, now_s + hold_s)
        if banned:
            until_s = now_s + hold_s
            self._banned_until_s = max(self._banned_until_s or until_s, until_s)
        if self._share < 1:
            self._hold(_ADDRESS, now_s + max(hold_s, YIELD_S))

    def _hold(self, key: str, until_s: float) -> None:
        self._held[key] = max(self._held.get(key, until_s), until_s)

    def _learn(self, group: str, headers: Mapping[str, str], now_s: float) -> None:
        used = headers.get(USED_WEIGHT_HEADER)
        if used is not None and used.isascii() and used.isdigit():
            self._window(group).report(int(used[:9]), now_s)
        remaining = _read_remaining(headers.get(REMAINING_HEADER))
        if remaining is not None:
            told_group, left = remaining
            self._rename(group, told_group)
            self._window(group).report(self._rule.limit - left, now_s)

    def _rename(self, group: str, told_group: str) -> None:
        """Learn the venue's own name of a group: two of ours may be one of theirs."""
        if self._rule.per_address or self._told_groups.get(group) == told_group:
            return
        if len(self._told_groups) >= MAX_GROUPS:
            return  # unnamed groups keep their own windows, which is only stricter
        old = self._key(group)
        first = group not in self._told_groups
        self._told_groups[group] = told_group
        if first and old in self._windows:
            self._window(group).absorb(self._windows[old])
        if old in self._held:
            self._hold(self._key(group), self._held[old])
        if old not in {self._key(name) for name in self._told_groups}:
            # Nobody asks under the old name again; a venue may invent new ones.
            for known in (self._windows, self._held, self._refusals):
                known.pop(old, None)

    def _key(self, group: str) -> str:
        if self._rule.per_address:
            return _ADDRESS
        told = self._told_groups.get(group)
        # Our names and theirs are different languages and may contain equal words.
        return f"ours:{group}" if told is None else f"theirs:{told}"

    def _window(self, group: str) -> Window:
        key = self._key(group)
        window = self._windows.get(key)
        if window is None:
            rule = self._rule
            window = Window(rule.limit, self._own_limit, rule.window_s)
            self._windows[key] = window
        return window


def _read_remaining(header: str | None) -> tuple[str, int] | None:
    """Read `group=ticker; min=600; sec=9`; `min` is a deprecated constant."""
    if header is None:
        return None
    fields = (part.partition("=") for part in header.split(";"))
    parts = {name.strip().lower(): value.strip() for name, _, value in fields}
    group, left = parts.get("group", ""), parts.get("sec", "")
    if not group or not left.isascii() or not left.isdigit():
        return None
    return group[:64], int(left[:6])
