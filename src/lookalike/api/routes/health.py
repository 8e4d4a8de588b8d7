"""`/healthz`, `/readyz`, `/metrics`: for those who watch over the service."""

from __future__ import annotations

import platform
from functools import partial
from importlib.metadata import version

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response

from lookalike.api.problems import problem, responses
from lookalike.api.schemas import Health, Ready
from lookalike.api.service import ServiceOf, ServicesOf

router = APIRouter(tags=["health"])


@router.get("/healthz", responses=responses())
async def healthz() -> Health:
    """Whether the service lives."""
    return Health(status="ok", version=version("lookalike"), python=platform.python_version())


@router.get("/readyz", responses=responses(), response_model=Ready)
async def readyz(services: ServicesOf) -> Ready | Response:
    """Whether models and vectors are loaded."""
    if not all(service.ready.is_set() for service in services):
        return problem(503, "The model is being loaded.", {"Retry-After": "1"})
    count = partial(sum, (len(service.library) for service in services))
    images = await services[0].lanes.quick.run(count)
    return Ready(status="ready", images=images)


@router.get("/metrics", responses=responses(), response_class=PlainTextResponse)
async def metrics(service: ServiceOf) -> Response:
    """Counts for Prometheus."""
    text = await service.lanes.quick.run(service.metrics.text)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")
