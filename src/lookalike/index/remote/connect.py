"""Opens a mirror by its URL: the scheme says which server it is."""

from __future__ import annotations

from lookalike.errors import MissingExtraError
from lookalike.index.remote.address import MILVUS, Address
from lookalike.index.remote.mirror import Mirror


def connect(address: Address, table: str) -> Mirror:
    """A mirror in a table or collection. Raises `ServerError`, `MissingExtraError`."""
    if address.scheme == MILVUS:
        try:
            from lookalike.index.remote.milvus import MilvusMirror
        except ModuleNotFoundError as error:
            raise MissingExtraError("Milvus", "milvus") from error
        return MilvusMirror(address, table)
    try:
        from lookalike.index.remote.postgres import PostgresMirror
    except ModuleNotFoundError as error:
        raise MissingExtraError("PostgreSQL", "postgres") from error
    return PostgresMirror(address, table)
