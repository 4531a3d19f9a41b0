"""Tables that are bounded, filled: whatever grows after that should not."""

from typing import Final

from api.caller import Caller
from api.deps import ApiDeps
from api.limit import MAX_BUCKETS
from api.persisted import CACHE_BYTES, Mode, digest_of

_TEXT_BYTES: Final = 4_000


def fill(deps: ApiDeps) -> None:
    """Have a server meet as many callers and documents as it remembers."""
    now_s = deps.clock.monotonic()
    for number in range(MAX_BUCKETS):
        address = f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        deps.guard.take(Caller(address), 1, now_s)
    if deps.persisted.mode is not Mode.OPEN:
        return
    for number in range(CACHE_BYTES // _TEXT_BYTES):
        text = f"{{ a{number}: __typename }}".ljust(_TEXT_BYTES)
        named = {"version": 1, "sha256Hash": digest_of(text)}
        deps.persisted.text(text, {"persistedQuery": named})
