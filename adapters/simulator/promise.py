"""Waits that a venue has asked for, and who did not keep them."""

from adapters.simulator.violation import ViolationLog

GRACE_MS = 200
"""A request so soon after the refusal was on its way already."""


class Promise:
    """Per address and group: nothing is to come before this instant (ms since 1970)."""

    def __init__(self, venue: str, log: ViolationLog) -> None:
        self._venue, self._log = venue, log
        self._waits: dict[tuple[str, str], tuple[int, int, str]] = {}

    def give(
        self, remote: str, group: str, now_ms: int, wait_ms: int, rule: str
    ) -> None:
        """Ask an address to send nothing of a group ("": nothing at all) for a time.

        Where it was asked already, the earlier word's grace stays as it is.
        """
        until_ms = now_ms + wait_ms
        from_ms = now_ms + GRACE_MS
        earlier = self._waits.get((remote, group))
        if earlier is not None and earlier[1] > now_ms:
            from_ms = earlier[0]
        self._waits[remote, group] = (from_ms, until_ms, rule)

    def check(self, remote: str, group: str, now_ms: int, detail: str) -> None:
        """Note a request that comes before its time."""
        for key in dict.fromkeys(((remote, ""), (remote, group))):
            from_ms, until_ms, rule = self._waits.get(key, (0, 0, ""))
            if from_ms <= now_ms < until_ms:
                self._log.add(self._venue, rule, detail, now_ms)
