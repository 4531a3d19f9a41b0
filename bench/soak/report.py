"""What went wrong, when, and how the story had gone until then."""

import time
from collections.abc import Sequence

from bench.soak.story import Act

# Of one rule so many are told in full; the rest is counted.
TOLD_PER_RULE = 3


class Report:
    """Collects violations of a run; nothing is raised, the run goes on."""

    def __init__(self, seed: int) -> None:
        self.counts: dict[str, int] = {}
        self.notes: list[str] = []
        self._seed = seed
        self._told: list[str] = []
        self._acts: list[Act] = []
        self._began_s = time.monotonic()

    @property
    def now_s(self) -> float:
        """Seconds since the story began."""
        return time.monotonic() - self._began_s

    @property
    def acts(self) -> Sequence[Act]:
        """What has begun so far."""
        return self._acts

    @property
    def failed(self) -> bool:
        """Whether a rule was broken."""
        return bool(self.counts)

    def begin(self) -> None:
        """Let the story's clock begin now."""
        self._began_s = time.monotonic()

    def act(self, act: Act) -> None:
        """Take what begins now."""
        self._acts.append(act)
        print(act, flush=True)

    def note(self, text: str) -> None:
        """Tell something that is no violation."""
        line = f"{self.now_s:7.1f} s  {text}"
        self.notes.append(line)
        print(line, flush=True)

    def blame(self, rule: str, what: str) -> None:
        """Take a violation, with what holds or was over a moment ago."""
        count = self.counts[rule] = self.counts.get(rule, 0) + 1
        if count > TOLD_PER_RULE:
            return
        now_s = self.now_s
        around = [str(a).strip() for a in self._acts if now_s <= a.end_s + 10.0]
        lines = [f"{now_s:7.1f} s  BROKEN: {rule}: {what}", *around]
        text = "\n             ".join(lines)
        self._told.append(text)
        print(text, flush=True)

    def text(self) -> str:
        """Return the whole report."""
        head = f"seed {self._seed}, {len(self._acts)} faults, {self.now_s:.0f} s"
        if not self.failed:
            return f"{head}: nothing was broken"
        counts = [f"  {rule}: {count} times" for rule, count in self.counts.items()]
        story = [f"  {act}" for act in self._acts]
        return "\n".join(
            [f"{head}: BROKEN", *counts, "first cases:", *self._told, "story:", *story]
        )
