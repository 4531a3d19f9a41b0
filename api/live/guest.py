"""Who knocks, as the headers of a request or handshake say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from api.access import credential
from api.caller import Caller, caller_address
from api.deps import ApiDeps


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody whose key was not looked at: a socket before its `connection_init`.

    `caller` has its address only; `credential` is what the headers show of a key;
    `parent` is the `traceparent`.
    """

    caller: Caller = field(default_factory=Caller)
    credential: str | None = None
    parent: str | None = None


def guest_of(headers: Mapping[str, str], peer: str, deps: ApiDeps) -> Guest:
    """Return who knocks, by headers (lower-case names) and the connection's address.

    Lines of one name are joined by commas.
    """
    address = caller_address(
        peer,
        headers.get("x-forwarded-for"),
        deps.trusted_proxies,
        headers.get("forwarded"),
    )
    return Guest(Caller(address), credential(headers), headers.get("traceparent"))
