"""A client of `lookalike serve`: the answers of the service as typed records, errors as errors."""

from lookalike.client.client import Client

__all__ = ["Client"]
