"""Who asks: an address, and a key where one was shown.

Source of the headers: `X-Forwarded-For` as proxies write it (MDN, de facto), and
`Forwarded` (RFC 7239, section 4). Both are anybody's to write: they are believed only
as far as trusted proxies vouch for them, read from the right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Network = IPv4Network | IPv6Network

MAX_HOPS: Final = 16
"""Entries of a forwarding header that are read, from the right; what is further away
is not believed."""

ADDRESSES_KEPT: Final = 8_192
"""Addresses whose network is remembered; the least recently used one goes."""

_IPV6_PREFIX: Final = 64
_MAX_ENTRY: Final = 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for an operation.

    `address` is of the machine, or of what trusted proxies say of it; empty where it
    has none (a Unix socket). `key` names the API key that was shown (its public ID,
    never the secret), `scopes` are what it may do. `rate`, `burst`, `sockets` and
    `subscriptions` are the key's own bounds; None: as everybody's.
    """

    address: str = ""
    key: str | None = None
    scopes: frozenset[str] = frozenset()
    rate: float | None = None
    burst: float | None = None
    sockets: int | None = None
    subscriptions: int | None = None

    @property
    def account(self) -> str:
        """Whose budget is used: the key's, else the address's network.

        No address looks like a key's account.
        """
        return network_of(self.address) if self.key is None else f"key {self.key}"


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Return networks such as `10.0.0.0/8`, `::1` or `192.0.2.7`.

    Raises:
        ValueError: one is no network.
    """
    return tuple(ip_network(text.strip(), strict=False) for text in texts)


@lru_cache(ADDRESSES_KEPT)
def network_of(address: str) -> str:
    """Return what stands for a caller: an IPv4 address, an IPv6 address's /64.

    One customer has a /64 at least (RFC 6177); addresses in it are free to choose.
    """
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, _IPV6_PREFIX), strict=False))
    return address if found is None else str(found)


def caller_address(
    peer: str,
    forwarded_for: str | None = None,
    trusted: Sequence[Network] = (),
    forwarded: str | None = None,
) -> str:
    """Return the address that asks, behind proxies that are trusted.

    `peer` is the connection's; `forwarded_for` the lines of `X-Forwarded-For` joined
    by commas, `forwarded` those of `Forwarded`. The answer is the rightmost address
    that is no trusted proxy. What is no address ends the search at the proxy that wrote
    it. Proxies write one of the two headers and hand the other one through, whoever
    wrote it: where both are there and disagree, neither is believed.
    """
    if not trusted or not (forwarded_for or forwarded):
        return peer
    told = set()
    if forwarded_for:
        told.add(_rightmost(peer, forwarded_for.split(","), trusted))
    if forwarded:
        told.add(_rightmost(peer, _forwarded(forwarded), trusted))
    return told.pop() if len(told) == 1 else peer


def _rightmost(peer: str, hops: list[str], trusted: Sequence[Network]) -> str:
    found = peer
    for hop in reversed(hops[-MAX_HOPS:]):
        if not _is_trusted(found, trusted):
            return found
        address = _address(_bare(hop))
        if address is None:
            return found
        found = str(address)
    return found


def _is_trusted(text: str, trusted: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


@lru_cache(ADDRESSES_KEPT)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > _MAX_ENTRY:
        return None
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _forwarded(text: str) -> list[str]:
    """Return the `for=` of each element, empty where it has none."""
    found = []
    for element in text.split(","):
        pairs = (pair.partition("=") for pair in element.split(";"))
        named = {name.strip().lower(): value for name, _, value in pairs}
        found.append(named.get("for", ""))
    return found


def _bare(entry: str) -> str:
    """Return an entry without quotes, brackets and port."""
    text = entry.strip().strip('"').strip()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.rpartition(":")
    return host if colon and ":" not in host and port.isdecimal() else text
