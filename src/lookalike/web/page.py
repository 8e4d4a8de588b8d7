"""The routes of the page: its document at `/`, and files whose names change with their content."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

BUILT = Path(__file__).parent / "built"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src blob:; connect-src 'self'; worker-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
FOREVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def document(request: Request) -> Response:
    """The document; it names the files of this version, so it is asked for each time."""
    data = _files()["index.html"]
    tag = f'"{sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/assets/{name}")
async def asset(name: str) -> Response:
    """A file of the page: looked up among those that were built, never on the disk."""
    data = _files().get(f"assets/{name}")
    if data is None:
        raise HTTPException(404)
    kind = TYPES.get(Path(name).suffix, "application/octet-stream")
    headers = {"Cache-Control": FOREVER, "Content-Security-Policy": POLICY}
    return Response(data, media_type=kind, headers=headers)


@cache
def _files() -> dict[str, bytes]:
    return {
        file.relative_to(BUILT).as_posix(): file.read_bytes()
        for file in BUILT.rglob("*")
        if file.is_file()
    }
