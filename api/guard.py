"""Who may ask now: budgets by cost, and how much one caller may hold.

A token bucket for each account (an API key's, else an address's): it fills at the rate
and holds at most the burst; an operation takes its cost. The table of buckets is
bounded: a full bucket is the same as none, so the account that was not heard of for
longest is forgotten first.
"""

from collections import Counter, OrderedDict

from api.caller import Caller
from api.limit import MAX_BUCKETS, Limits


class Hold:
    """A part of a caller's rate that a subscription takes while it runs."""

    __slots__ = ("_account", "_amount_s", "_held")

    def __init__(self, held: Counter[str], account: str) -> None:
        self._held = held
        self._account = account
        self._amount_s = 0

    def become(self, amount_s: int) -> None:
        """Hold another amount from now on, whether or not there is so much."""
        self._held[self._account] += amount_s - self._amount_s
        self._amount_s = amount_s
        if not self._held[self._account]:
            del self._held[self._account]

    def release(self) -> None:
        """Give all of it back; once is enough."""
        self.become(0)


class Guard:
    """What callers use; one per process, on one event loop."""

    def __init__(
        self, limits: Limits | None = None, buckets: int = MAX_BUCKETS
    ) -> None:
        self._limits = limits or Limits()
        self._most = buckets
        # What was left, and when (monotonic seconds), the longest unheard of first.
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._sockets: Counter[str] = Counter()
        self._subscriptions: Counter[str] = Counter()
        # What the events of an account's subscriptions may cost a second.
        self._live: Counter[str] = Counter()

    @property
    def accounts(self) -> int:
        """Accounts whose budget is remembered."""
        return len(self._buckets)

    def take(self, caller: Caller, cost: float, now_s: float) -> float | None:
        """Take a cost off a caller's budget, at a time (monotonic seconds).

        None: it was taken. Else nothing was: so many seconds until there is enough. A
        cost above the burst is let in by a full bucket, which is in debt then.
        """
        account, rate, burst = self._terms(caller)
        left = self._left(account, rate, burst, now_s)
        if left < cost and left < burst:
            return (min(cost, burst) - left) / rate
        self._put(account, left - cost, now_s)
        return None

    def charge(self, caller: Caller, cost: float, now_s: float) -> None:
        """Take a cost for what is done already; there may be a debt then."""
        account, rate, burst = self._terms(caller)
        left = self._left(account, rate, burst, now_s)
        self._put(account, left - cost, now_s)

    def admits(self, caller: Caller, cost: float, now_s: float) -> bool:
        """Whether `take` would take a cost."""
        account, rate, burst = self._terms(caller)
        return min(cost, burst) <= self._left(account, rate, burst, now_s)

    def left(self, caller: Caller, now_s: float) -> float:
        """Return what a caller may ask for now."""
        return self._left(*self._terms(caller), now_s)

    def may_hold(self, caller: Caller, amount_s: int) -> bool:
        """Whether `hold` would give so much."""
        account, rate, _ = self._terms(caller)
        return self._live[account] + amount_s <= rate

    def hold(self, caller: Caller, amount_s: int) -> Hold | None:
        """Give a subscription the cost a second of its events; None: it is too much.

        All that a caller's subscriptions hold together may reach its rate. Queries
        have the whole rate beside.
        """
        if not self.may_hold(caller, amount_s):
            return None
        hold = Hold(self._live, caller.account)
        hold.become(amount_s)
        return hold

    def open_socket(self, caller: Caller) -> bool:
        """Count a socket of a caller; False: it has as many as it may."""
        most = self._limits.sockets if caller.sockets is None else caller.sockets
        return _open(self._sockets, caller.account, most)

    def close_socket(self, caller: Caller) -> None:
        """Count it no longer."""
        _close(self._sockets, caller.account)

    def open_subscription(self, caller: Caller) -> bool:
        """Count a subscription of a caller; False: it has as many as it may."""
        most = self._limits.subscriptions
        if caller.subscriptions is not None:
            most = caller.subscriptions
        return _open(self._subscriptions, caller.account, most)

    def close_subscription(self, caller: Caller) -> None:
        """Count it no longer."""
        _close(self._subscriptions, caller.account)

    def _terms(self, caller: Caller) -> tuple[str, float, float]:
        limits = self._limits
        rate = limits.rate if caller.rate is None else caller.rate
        burst = limits.burst if caller.burst is None else caller.burst
        return caller.account, rate, burst

    def _put(self, account: str, left: float, now_s: float) -> None:
        buckets = self._buckets
        buckets[account] = (left, now_s)
        buckets.move_to_end(account)
        if len(buckets) > self._most:
            buckets.popitem(last=False)

    def _left(self, account: str, rate: float, burst: float, now_s: float) -> float:
        known = self._buckets.get(account)
        if known is None:
            return burst
        left, at_s = known
        if now_s > at_s:
            left += (now_s - at_s) * rate
        return burst if left > burst else left


def _open(held: Counter[str], account: str, most: int) -> bool:
    if held[account] >= most:
        return False
    held[account] += 1
    return True


def _close(held: Counter[str], account: str) -> None:
    held[account] -= 1
    if held[account] <= 0:
        del held[account]
