"""Who asks, and whom we believe."""

import pytest

from api.caller import MAX_HOPS, Caller, caller_address, network_of, networks

TRUSTED = networks(["10.0.0.0/8", "::1", "fd00::/8"])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        # Nobody vouches for what a stranger writes.
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4", "1.2.3.4"),
        # What the client wrote itself stands to the left of what the proxy saw.
        ("10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.2.3.4", "1.2.3.4"),
        ("10.0.0.1", "10.9.9.9, 10.2.3.4", "10.9.9.9"),
        ("10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
        ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"),
        ("::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("::1", "1.2.3.4", "1.2.3.4"),
        # What is no address was written by the proxy that we believe: it stays it.
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4,", "10.0.0.1"),
        ("10.0.0.1", "9" * 200, "10.0.0.1"),
        ("", "1.2.3.4", ""),
    ],
)
def test_the_rightmost_address_that_is_not_trusted_asks(
    peer: str, forwarded_for: str | None, address: str
) -> None:
    assert caller_address(peer, forwarded_for, TRUSTED) == address


def test_without_trusted_proxies_nothing_is_believed() -> None:
    assert caller_address("10.0.0.1", "1.2.3.4") == "10.0.0.1"


def test_only_so_many_hops_are_read() -> None:
    hops = ", ".join(["1.2.3.4", *["10.0.0.2"] * MAX_HOPS])
    assert caller_address("10.0.0.1", hops, TRUSTED) == "10.0.0.2"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("for=1.2.3.4;proto=https;by=10.0.0.1", "1.2.3.4"),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("For=6.6.6.6, for=1.2.3.4", "1.2.3.4"),
        ("for=_hidden", "10.0.0.1"),
        ("proto=https", "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_too(forwarded: str, address: str) -> None:
    assert caller_address("10.0.0.1", None, TRUSTED, forwarded) == address
    assert caller_address("10.0.0.1", address, TRUSTED, forwarded) == address


def test_where_both_headers_disagree_neither_is_believed() -> None:
    # A proxy writes one of them and hands on what a client says in the other.
    found = caller_address("10.0.0.1", "1.2.3.4", TRUSTED, "for=6.6.6.6")
    assert found == "10.0.0.1"


def test_a_budget_is_of_the_key_else_of_the_network() -> None:
    assert Caller("1.2.3.4").account == "1.2.3.4"
    one, other = Caller("2001:db8:0:7::1"), Caller("2001:db8:0:7:ffff::2")
    assert one.account == other.account == "2001:db8:0:7::/64"
    assert Caller("2001:db8:0:8::1").account != one.account
    assert Caller("::ffff:1.2.3.4").account == "1.2.3.4"
    assert Caller("1.2.3.4", key="k1").account == Caller("5.6.7.8", key="k1").account
    assert Caller("", key=None).account == network_of("") == ""
    assert network_of("fe80::1%eth0") == "fe80::/64"


def test_networks_must_be_networks() -> None:
    with pytest.raises(ValueError, match="no-network"):
        networks(["no-network"])
