"""Every error as problem+json (RFC 9457): a status, a sentence that helps, and no path."""

from __future__ import annotations

import logging
import re
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from lookalike.api.crowded import CrowdedError
from lookalike.api.faults import sentences
from lookalike.errors import (
    DuplicateIdError,
    FilterError,
    ImageRejectedError,
    LibraryBusyError,
    LookalikeError,
    StorageFullError,
    UnknownIdError,
    UsageError,
)
from lookalike.types import REASONS, readable

MEDIA_TYPE = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "Not allowed",
    404: "Not found",
    405: "Not done here",
    408: "Too slow",
    409: "In conflict with what there is",
    413: "Too large",
    415: "Not a type that is read here",
    422: "Not a question that can be answered",
    429: "Too often",
    503: "Not just now",
    507: "The disk is full",
}
SCHEMA = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong, and what to do."},
        "reason": {"type": "string", "description": "Why an image was rejected, in a word."},
    },
}
NOT_CHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "The client has it already."}}
TAKEN = "taken"
"""The reason of an image whose id is that of another."""
_FOLDERS = re.compile(
    r"(?:(?<=^)|(?<=[\s'\"(:=]))(?<!https:)(?<!http:)(?:/(?!v1/|openapi\.json)|[A-Za-z]:[\\/])(?:[^/\\\s'\"]+[/\\])*"
)
_LONGEST = 1000
_LOG = logging.getLogger(__name__)
_UNREAD = "There was an error parsing the body"
"""What FastAPI says of whatever went wrong."""


class NotThereError(LookalikeError):
    """What is asked for by name is not there."""


class NotMadeError(NotThereError):
    """Something that a job makes, and none has made yet."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f'Not made yet: {kind}. A job makes it: POST /v1/jobs {{"kind": "{kind}"}}'
        )


class FullError(LookalikeError):
    """So many jobs wait, or listen, that no more are taken; `seconds` is when to ask again."""

    def __init__(self, what: str, seconds: int = 10) -> None:
        self.seconds = seconds
        super().__init__(f"{what}: ask again in {seconds} s.")


class ConflictError(LookalikeError):
    """What is asked does not fit what there is by now."""


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Statuses of a route for its OpenAPI, beside those that every route has."""
    common = (400, 401, 403, 408, 413, 422, 429, 500, 503)
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": TITLES.get(status, "A fault here"), "content": {MEDIA_TYPE: schema}}
        for status in sorted({*common, *statuses})
    }


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, reason: str = ""
) -> Response:
    """A problem as an answer. Folders of this machine are taken out of its sentence."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(status, "A fault here"),
        "status": status,
        "detail": readable(_FOLDERS.sub("", detail))[:_LONGEST],
    }
    if reason:
        content["reason"] = reason
    return JSONResponse(content, status, headers, MEDIA_TYPE)


def of_error(error: LookalikeError) -> Response:
    """The answer for an error raised on purpose."""
    match error:
        case CrowdedError():
            return problem(503, str(error), {"Retry-After": str(error.seconds)})
        case FullError():
            return problem(429, str(error), {"Retry-After": str(error.seconds)})
        case ImageRejectedError():
            return problem(
                422, f"The image cannot be used: {REASONS[error.reason]}.", reason=error.reason
            )
        case FilterError():
            return problem(422, " ".join(filter(None, (error.problem, error.hint))))
        case UnknownIdError():
            return problem(404, str(error).removesuffix(" See: lookalike info"))
        case NotThereError():
            return problem(404, str(error))
        case ConflictError():
            return problem(409, str(error))
        case UsageError():
            return problem(422, str(error))
        case DuplicateIdError():
            return problem(409, str(error), reason=TAKEN)
        case LibraryBusyError():
            detail = "Another process is writing to the library. Ask again when it is done."
            return problem(409, detail, {"Retry-After": "5"})
        case StorageFullError():
            return problem(507, "The disk has no room left. What was stored before is safe.")
        case _:
            _LOG.error("%s: %s", type(error).__name__, error)
            detail = "The library or its model cannot be used just now; the server's log says why."
            return problem(503, detail, {"Retry-After": "5"})


def answer_errors(app: FastAPI) -> None:
    """Let an app answer every error as a problem."""
    app.add_exception_handler(LookalikeError, _purposeful)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


async def _purposeful(request: Request, error: Exception) -> Response:
    assert isinstance(error, LookalikeError)
    if isinstance(error, ImageRejectedError):
        request.app.state.services[0].metrics.rejected.labels(error.reason).inc()
    return of_error(error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return problem(400, "The body is not valid JSON.")
    if isinstance(error.body, bytes) and any(fault["loc"] == ("body",) for fault in faults):
        return problem(415, "Send the body as JSON, with the header Content-Type: application/json")
    kind = request.headers.get("content-type", "")
    if isinstance(error.body, FormData) and not kind.startswith("multipart/form-data"):
        return problem(415, "Send image files as multipart/form-data, in a field named image.")
    return problem(422, sentences(faults))


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    details = {
        404: "There is nothing here. The routes are listed in /openapi.json.",
        405: "This route does not take that method; see /openapi.json.",
    }
    detail = details.get(error.status_code, str(error.detail))
    if detail == _UNREAD:
        detail = "The body cannot be read: it is no JSON, nested too deep, or was not sent whole."
    return problem(error.status_code, detail, dict(error.headers or {}))


async def _fault(_: Request, __: Exception) -> Response:
    return problem(500, "A fault of the server; its log says more.")
