"""Which addresses are public: the one rule that every connection to the web is held to.

The networks are those of the IANA special-purpose address registries for IPv4 (RFC 6890) and
IPv6, multicast, site-local, and one public address by which a cloud talks to its own machines.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

PRIVATE_V4 = tuple(
    (IPv4Network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a cloud's own"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
PUBLIC_V6 = IPv6Network("2000::/3")
"""All that is handed out as global unicast; loopback, link-local, private and multicast are not."""
PRIVATE_V6 = tuple(
    (IPv6Network(network), what)
    for network, what in (
        ("2001::/23", "reserved, or a Teredo tunnel"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "a 6to4 tunnel"),
        ("3fff::/20", "for documentation"),
    )
)
NAT64 = IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 shows the IPv4 internet (RFC 6052): the last four bytes count."""


def why_not_public(address: str) -> str | None:
    """None for an address of the public internet, else in a word or two what it is instead."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "no address"
    if isinstance(parsed, IPv4Address):
        return _why_not_v4(parsed)
    if parsed.scope_id is not None:
        return "link-local"
    if parsed in NAT64:
        return _why_not_v4(IPv4Address(int(parsed) & 0xFFFFFFFF))
    return _why_not_v6(parsed)


def _why_not_v4(address: IPv4Address) -> str | None:
    return next((what for network, what in PRIVATE_V4 if address in network), None)


def _why_not_v6(address: IPv6Address) -> str | None:
    if address not in PUBLIC_V6:
        return "not of the public internet"
    return next((what for network, what in PRIVATE_V6 if address in network), None)
