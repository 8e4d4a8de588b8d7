"""The client: one object for all that a service offers."""

from __future__ import annotations

from lookalike.client.answers import Health, Named, Ready
from lookalike.client.asking import Asking
from lookalike.client.exploring import Exploring
from lookalike.client.images import OfImages
from lookalike.client.reading import read
from lookalike.client.transport import Transport, get
from lookalike.client.working import Working


class Client(Asking, OfImages, Exploring, Working):
    """A `lookalike serve` somewhere, asked as a `Library` is; safe to use from several threads.

    `url` is where it answers, `key` what it knows its users by; `library` names one of several.
    An answer may take `timeout` seconds. When the service is busy it is asked again after the
    time it tells, `retries` times at most. Raises `UsageError` for a URL that is none.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8765",
        *,
        key: str | None = None,
        library: str | None = None,
        timeout: float = 30.0,
        retries: int = 5,
    ) -> None:
        super().__init__(Transport(url, key, timeout, retries), library)

    def libraries(self) -> list[Named]:
        """The libraries of the service."""
        return [read(Named, one) for one in self._json(get("/v1/libraries"))["libraries"]]

    def health(self) -> Health:
        """Whether the service lives. Raises `ServerError`."""
        return read(Health, self._json(get("/healthz")))

    def ready(self) -> Ready:
        """Wait until model and vectors are loaded. Raises `ServerError` if that takes too long."""
        return read(Ready, self._json(get("/readyz")))

    def metrics(self) -> str:
        """Counts, as Prometheus reads them."""
        return self._transport.send(get("/metrics")).decode()

    def close(self) -> None:
        """Close the connections that are kept."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
