"""A problem that the service answered with, as the error that a library would have raised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lookalike.errors import (
    DuplicateIdError,
    ImageRejectedError,
    LibraryBusyError,
    LibraryError,
    LookalikeError,
    ServerError,
    StorageFullError,
    UnknownIdError,
    UsageError,
)


def error_of(status: int, headers: Mapping[str, str], body: bytes) -> LookalikeError:
    """The error that an answer of 400 and above stands for."""
    told = _told(body)
    detail = str(told.get("detail") or f"The service answered with status {status}.")
    reason = told.get("reason")
    if reason == "taken":
        return DuplicateIdError(detail)
    if reason is not None:
        return ImageRejectedError(str(reason), detail)
    match status:
        case 404:
            return UnknownIdError(detail)
        case 409:
            return (LibraryBusyError if "retry-after" in headers else LibraryError)(detail)
        case 507:
            return StorageFullError(detail)
        case 400 | 405 | 408 | 411 | 413 | 415 | 422:
            return UsageError(detail)
        case _:
            return ServerError(detail)


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
