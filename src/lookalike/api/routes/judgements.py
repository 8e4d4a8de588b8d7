"""`/v1/judgements`: what people say of answers."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from lookalike.api.problems import responses
from lookalike.api.schemas import Judgement, JudgementsAnswer
from lookalike.api.service import ServiceOf

router = APIRouter(prefix="/v1", tags=["judgements"])


@router.get("/judgements", responses=responses())
async def judgements(service: ServiceOf) -> JudgementsAnswer:
    """All verdicts."""
    every = await service.lanes.quick.run(service.library.judgements)
    return JudgementsAnswer(
        judgements=[
            Judgement(query=one.query, image=one.image, verdict=one.verdict) for one in every
        ]
    )


@router.post("/judgements", status_code=204, responses=responses(404, 409, 415, 507))
async def judge(verdict: Judgement, service: ServiceOf) -> Response:
    """Keep a verdict on an image as an answer to another; null takes it back."""
    job = partial(service.library.judge, verdict.query, verdict.image, verdict.verdict)
    await service.lanes.writes.run(job)
    return Response(status_code=204)
