"""Stories that have to wait for something, and are lived through side by side."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.e2e.history.change_story import LEADS_S, Story, change_story
from tests.e2e.history.live_story import Seen, dark_story, live_story
from tests.e2e.history.missed_day import outage_story

DATABASES: Final = 3 + len(LEADS_S)


@dataclass(frozen=True)
class Stories:
    """All that is under way."""

    live: Future[Seen]
    dark: Future[Seen]
    change: Future[Story]
    outage: Future[dict[str, tuple[Any, Any]]]


@contextmanager
def lived_through(folder: Path, urls: Sequence[str]) -> Iterator[Stories]:
    """Begin all stories, each on an empty database of its own."""
    with ThreadPoolExecutor(4) as pool:
        yield Stories(
            pool.submit(live_story, folder / "live", urls[0]),
            pool.submit(dark_story, folder / "dark", urls[1]),
            pool.submit(change_story, folder / "change", urls[3:]),
            pool.submit(outage_story, folder / "outage", urls[2]),
        )
