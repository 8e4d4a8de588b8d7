"""The app: its routes, its OpenAPI, and what stands before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lookalike.api.guard import Guard
from lookalike.api.problems import SCHEMA, answer_errors
from lookalike.api.routes import (
    changes,
    clusters,
    duplicates,
    embeddings,
    facets,
    health,
    images,
    judgements,
    library,
    maps,
    search,
    spaces,
)
from lookalike.api.service import Service

NOUNS = (
    search,
    embeddings,
    images,
    changes,
    judgements,
    library,
    spaces,
    facets,
    maps,
    clusters,
    duplicates,
    health,
)


def create_app(service: Service) -> FastAPI:
    """The app that answers for a service; it closes the service when it stops."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(service.warm))
        yield
        await asyncio.wait([warming])
        await asyncio.to_thread(service.close)

    app = _routed(lifespan)
    app.state.service = service
    app.add_middleware(Guard, settings=service.settings, metrics=service.metrics)
    return app


def openapi() -> dict[str, Any]:
    """What the service offers, as an OpenAPI document."""
    return _routed(None).openapi()


def _routed(lifespan: Any) -> FastAPI:
    app = FastAPI(
        title="Lookalike",
        version=version("lookalike"),
        description="Visual search for any pile of images.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    answer_errors(app)
    for noun in NOUNS:
        app.include_router(noun.router)

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
            )
            schemas = schema["components"]["schemas"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            schemas["Problem"] = SCHEMA
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
    return app
