"""The app: its routes, its OpenAPI, and what stands before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from lookalike.api.guard import Guard
from lookalike.api.heads import Heads
from lookalike.api.problems import SCHEMA, answer_errors
from lookalike.api.routes import (
    changes,
    clusters,
    duplicates,
    embeddings,
    facets,
    health,
    images,
    jobs,
    judgements,
    libraries,
    library,
    maps,
    search,
    spaces,
)
from lookalike.api.service import Service
from lookalike.api.shelf import Choosing

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
    jobs,
    libraries,
    health,
)


def create_app(services: Sequence[Service]) -> FastAPI:
    """The app that answers for services, the first where none is named; it closes them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(asyncio.to_thread(_warm, services))
        yield
        await asyncio.wait([warming])
        for service in services:
            await service.jobs.close()
            await asyncio.to_thread(service.close)

    app = _routed(lifespan)
    app.state.services = tuple(services)
    app.add_middleware(Guard, settings=services[0].settings, metrics=services[0].metrics)
    app.add_middleware(Choosing)
    app.add_middleware(Heads)
    return app


def _warm(services: Sequence[Service]) -> None:
    for service in services:
        service.warm()


def openapi() -> dict[str, Any]:
    """What the service offers, as an OpenAPI document."""
    return _routed(None).openapi()


def _routed(lifespan: Any) -> FastAPI:
    app = FastAPI(
        title="Lookalike",
        version=version("lookalike"),
        description="Visual search for any pile of images. Where several libraries are served, "
        "each answers below `/v1/libraries/NAME` as the first does below `/v1`.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
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
