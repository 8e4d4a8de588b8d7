"""From a question to its answer: made ready in its own lane, then asked with all that wait."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

from lookalike.api.questions import lane_of, query_of, shown
from lookalike.api.schemas import How, SearchRequest
from lookalike.api.service import Service
from lookalike.errors import LookalikeError, UsageError
from lookalike.library.library import Library
from lookalike.search.query import Query, Question
from lookalike.search.resolve import Asked
from lookalike.search.results import Hits


async def ask(service: Service, question: SearchRequest) -> bytes:
    """The answer as JSON. Raises as `Library.search`, and `CrowdedError`."""
    library, lanes = service.library, service.lanes
    lane = lane_of(question, lanes)
    if question.weights:
        return await lane.run(partial(_weighed, library, question))
    if lane is lanes.quick:
        return await _together(service, question, question)
    ready = await lane.run(partial(_ready, library, question, question.space))
    return await _together(service, question, ready)


async def ask_image(service: Service, query: Query, how: How) -> bytes:
    """The same for a question with an image."""
    ready = await service.lanes.images.run(partial(service.library.resolve, query, space=how.space))
    return await _together(service, how, ready)


async def _together(service: Service, how: How, question: SearchRequest | Asked) -> bytes:
    library, default = service.library, service.library.space.name
    engine = service.settings.engine if how.space in {None, default} else None
    kind: Hashable = tuple(getattr(how, name) for name in How.model_fields)
    answers = partial(_answers, library, how, engine)
    answer: bytes = await service.lanes.searches.ask(kind, question, answers)
    return answer


def _answers(
    library: Library, how: How, engine: str | None, questions: Sequence[SearchRequest | Asked]
) -> list[bytes | Exception]:
    """The answer to each question, all of the same `how`; an error where one has none."""
    ready: list[Asked | LookalikeError] = []
    for question in questions:
        try:
            ready.append(_ready(library, question, how.space))
        except LookalikeError as error:
            ready.append(error)
    good = [one for one in ready if isinstance(one, Asked)]
    found = iter(_each(library, good, how, engine))
    return [one if isinstance(one, LookalikeError) else next(found) for one in ready]


def _each(
    library: Library, questions: Sequence[Asked], how: How, engine: str | None
) -> list[bytes | Exception]:
    """The same for questions made ready; where one cannot be asked, the others still are."""
    try:
        return [_json(hits) for hits in _searched(library, questions, how, engine=engine)]
    except UsageError as error:
        if len(questions) == 1:
            return [error]
        return [one for question in questions for one in _each(library, [question], how, engine)]


def _ready(library: Library, question: SearchRequest | Asked, space: str | None) -> Asked:
    if isinstance(question, Asked):
        return question
    return library.resolve(query_of(library, question), space=space)


def _weighed(library: Library, question: SearchRequest) -> bytes:
    query = query_of(library, question)
    return _json(_searched(library, [query], question, dict(question.weights))[0])


def _searched(
    library: Library,
    questions: Sequence[Question | Asked],
    how: How,
    weights: dict[str, float] | None = None,
    engine: str | None = None,
) -> list[Hits]:
    return library.search_many(
        questions,
        how.k,
        space=how.space,
        weights=weights,
        offset=how.offset,
        min_similarity=how.min_similarity,
        min_match=how.min_match,
        diversity=how.diversity,
        group_duplicates=how.group_duplicates,
        include_query=how.include_query,
        where=how.where,
        engine=engine,
    )


def _json(hits: Hits) -> bytes:
    return shown(hits).model_dump_json().encode()
