"""Questions to a service: search, embeddings, judgements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lookalike.client.answers import Hits, Judgement, floats
from lookalike.client.base import Base
from lookalike.client.items import QueryItem, item, items, upload_of
from lookalike.client.reading import read
from lookalike.client.transport import get, send_form, send_json
from lookalike.errors import UsageError


class Asking(Base):
    """Questions to a service."""

    def search(
        self,
        query: QueryItem | None = None,
        k: int = 10,
        *,
        positive: QueryItem | Iterable[QueryItem] = (),
        negative: QueryItem | Iterable[QueryItem] = (),
        space: str | None = None,
        weights: Mapping[str, float] | None = None,
        offset: int | None = None,
        min_similarity: float | None = None,
        diversity: float = 0.0,
        group_duplicates: bool = False,
        include_query: bool = False,
        where: str | None = None,
        min_match: float | None = None,
    ) -> Hits:
        """The `k` images nearest to a question, best first: as `Library.search`.

        Raises `UnknownIdError`, `ImageRejectedError`, `UsageError`, `ServerError`.
        """
        if query is not None and (positive or negative):
            raise UsageError("Give either a query, or positive and negative items.")
        how: dict[str, Any] = {
            "k": k,
            "space": space,
            "offset": offset,
            "min_similarity": min_similarity,
            "diversity": diversity,
            "group_duplicates": group_duplicates,
            "include_query": include_query,
            "where": where,
            "min_match": min_match,
        }
        upload = None if query is None or weights else upload_of(query)
        if upload is not None:  # a form carries bytes as they are
            fields = {**how, "crop": upload.crop}
            file = (upload.name, upload.data)
            request = send_form(self._v1("/search/image"), [file], fields, safe=True)
        else:
            question = {
                **{name: value for name, value in how.items() if value is not None},
                "positive": items(positive) if query is None else [item(query)],
                "negative": items(negative),
                "weights": dict(weights or {}),
            }
            request = send_json("POST", self._v1("/search"), question, safe=True)
        return read(Hits, self._json(request))

    def embeddings(
        self,
        inputs: QueryItem | Iterable[QueryItem],
        *,
        model: str | None = None,
        dimensions: int | None = None,
        user: str | None = None,
    ) -> list[list[float]]:
        """The vectors (n, dim) of images, texts and stored images in a space."""
        asked: dict[str, Any] = {"input": items(inputs), "encoding_format": "base64"}
        more = {"model": model, "dimensions": dimensions, "user": user}
        asked |= {name: value for name, value in more.items() if value is not None}
        answer = self._json(send_json("POST", self._v1("/embeddings"), asked, safe=True))
        return [floats(one["embedding"]) for one in answer["data"]]

    def judgements(self) -> list[Judgement]:
        """All verdicts."""
        answer = self._json(get(self._v1("/judgements")))
        return [read(Judgement, one) for one in answer["judgements"]]

    def judge(self, query: str, image: str, verdict: float | None) -> None:
        """Keep a verdict on an image as an answer to another, by ids; None takes it back."""
        said = {"query": query, "image": image, "verdict": verdict}
        self._transport.send(send_json("POST", self._v1("/judgements"), said))
