"""The API keys as a server knows them: in memory, watched in the store.

A check is made for every request and waits for nothing. The store is looked at several
times a second: a key that was made is known, and one that was revoked is over, within
`WATCH_S` and the time of a query, in every process. While the store is away the keys
that are known go on as they are known, and nothing can be said of others.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from domain.model.access import ApiKey, compare_in_vain, id_of
from domain.model.error import StoreUnavailable
from domain.model.health import ServiceStatus, UpstreamStatus
from domain.model.snapshot import utc_day
from domain.ports.clock import Clock
from domain.ports.key_store import KeyMark, KeyRepository

WATCH_S: Final = 0.4
"""Between two looks at the store; a revoked key is over within a second."""

IDLE_S: Final = 2.0
"""Likewise while there are no keys: nothing can be revoked then."""

RELOAD_S: Final = 60.0
"""Everything is read anew this often, whatever the mark says."""

KEYS: Final = "keys"
"""The name under which `/health` tells of them."""

_log = logging.getLogger(__name__)

OnEnd = Callable[[], None]


class WrongKey(Exception):
    """No key of ours, or one that was revoked or has expired; says which."""


class KeysUnknown(Exception):
    """Nobody can say whether there is such a key: the store is away."""


class KeyService:
    """Recognises keys, and tells whoever works under one when it is over."""

    def __init__(self, repository: KeyRepository | None, clock: Clock) -> None:
        """Compose; without a repository there are no keys at all."""
        self._repository = repository
        self._clock = clock
        self._keys: dict[str, ApiKey] = {}
        self._mark: KeyMark | None = None
        self._loaded_s = 0.0
        self._away: str | None = None
        self._watching: defaultdict[str, dict[object, OnEnd]] = defaultdict(dict)
        self._used: set[str] = set()
        self._day = self._today()

    @property
    def is_known(self) -> bool:
        """Whether every key there is is known now."""
        if self._repository is None:
            return True
        return self._mark is not None and self._away is None

    @property
    def count(self) -> int:
        """Keys that are known and not revoked."""
        return len(self._keys)

    def find(self, token: str) -> ApiKey:
        """Return the key that a text is.

        Raises:
            WrongKey: there is none, or it is over.
            KeysUnknown: the store is away, and it is not among those known.
        """
        name = id_of(token)
        if name is None:
            raise WrongKey("this is no API key; one looks like kimp_<id>_<secret>")
        key = self._keys.get(name)
        if key is None:
            compare_in_vain(token)
            if not self.is_known:
                raise KeysUnknown("API keys cannot be looked up now; try again later")
            raise WrongKey("the API key is not known here, or was revoked")
        if not key.fits(token):
            raise WrongKey("the API key is not known here, or was revoked")
        if key.is_over(self._clock.now_ms()):
            raise WrongKey("the API key has expired")
        if key.last_used != self._day:
            self._used.add(key.id)
        return key

    def watch(self, key_id: str, on_end: OnEnd) -> OnEnd:
        """Have `on_end` called, once, when the key is over; return what calls it off.

        A key that is over already is told of at once.
        """
        mark = object()
        self._watching[key_id][mark] = on_end

        def forget() -> None:
            watchers = self._watching.get(key_id)
            if watchers is not None:
                watchers.pop(mark, None)
                if not watchers:
                    del self._watching[key_id]

        key = self._keys.get(key_id)
        if key is None or key.is_over(self._clock.now_ms()):
            self._end(key_id)
        return forget

    async def run(self) -> None:
        """Watch the store for as long as the server runs."""
        while True:
            await self.look()
            await self._clock.sleep(WATCH_S if self._keys else IDLE_S)

    async def look(self) -> None:
        """Take over what has changed, and end what is over; never raises."""
        self._day = self._today()
        if self._repository is not None:
            try:
                await self._read(self._repository)
            except StoreUnavailable as exc:
                self._tell_away(str(exc))
            else:
                self._tell_back()
        now_ms = self._clock.now_ms()
        for name in list(self._watching):
            key = self._keys.get(name)
            if key is None or key.is_over(now_ms):
                self._end(name)

    def statuses(self) -> Sequence[UpstreamStatus]:
        """See `UpstreamReporter`: tells of keys only while some are known, or asked."""
        if not self._keys and self._away is None:
            return ()
        if self._away is None:
            return (UpstreamStatus(KEYS, ServiceStatus.HEALTHY, None),)
        why = f"known keys go on, unknown ones are refused: {self._away}"
        return (UpstreamStatus(KEYS, ServiceStatus.DEGRADED, None, detail=why),)

    async def _read(self, repository: KeyRepository) -> None:
        mark = await repository.mark()
        now_s = self._clock.monotonic()
        stale = self._away is not None or now_s - self._loaded_s >= RELOAD_S
        if mark != self._mark or stale:
            self._keys = {key.id: key for key in await repository.load()}
            self._mark, self._loaded_s = mark, now_s
        if self._used:
            await self._note_use(repository)

    async def _note_use(self, repository: KeyRepository) -> None:
        used, self._used = self._used, set()
        today = self._day
        try:
            await repository.used(used, today)
        except StoreUnavailable as exc:
            # It may be read-only; the keys are known all the same, and noted next time.
            _log.debug("keys.use_not_noted", extra={"why": str(exc)})
            return
        for name in used & self._keys.keys():
            self._keys[name] = replace(self._keys[name], last_used=today)

    def _end(self, key_id: str) -> None:
        watchers = self._watching.pop(key_id, None)
        if not watchers:
            return
        _log.info("key.ended", extra={"key": key_id, "watchers": len(watchers)})
        for on_end in watchers.values():
            try:
                on_end()
            except Exception:  # noqa: BLE001 (its owner is broken; others are told)
                _log.exception("key.end_failed", extra={"key": key_id})

    def _tell_away(self, why: str) -> None:
        if self._away is None:
            _log.warning("keys.away", extra={"why": why, "known": len(self._keys)})
        self._away = why

    def _tell_back(self) -> None:
        if self._away is not None:
            _log.info("keys.back", extra={"known": len(self._keys)})
        self._away = None

    def _today(self) -> date:
        return utc_day(self._clock.now_ms())
