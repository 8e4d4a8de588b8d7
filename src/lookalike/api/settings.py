"""How a service is set up: where it listens, who may ask, and how much."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address

from lookalike.api.keys import ApiKey
from lookalike.errors import UsageError


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """`names` are the host names that it goes by, beside addresses and localhost.

    `body` is the most bytes of a request, `seconds` the most time it may take to arrive; `rate`
    is how many requests a minute one key or address may make, 0 for any number. `askers`
    questions with an image may be under way at once, and `waiting` more of each kind may
    wait. `engine` is the URL of a server to which the default space was published: that one is
    asked there. Raises `UsageError` for an address other than loopback without a key.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    keys: tuple[ApiKey, ...] = ()
    names: tuple[str, ...] = ()
    body: int = 20 * 2**20
    seconds: float = 30.0
    pixels: int = 50_000_000
    rate: int = 0
    askers: int = 16
    waiting: int = 128
    engine: str | None = None

    def __post_init__(self) -> None:
        if not self.keys and not is_loopback(self.host):
            raise UsageError(
                f"Others could reach {self.host}: give at least one --api-key, or listen on "
                "127.0.0.1."
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
