"""The questions that an open library answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lookalike.errors import UsageError
from lookalike.library.parts.opened import Opened
from lookalike.search.arrange import Wanted
from lookalike.search.graph import NeighbourGraph
from lookalike.search.query import Query, QueryItem, Question
from lookalike.search.resolve import Asked
from lookalike.search.results import Hits
from lookalike.types import known_metric


class Searching(Opened):
    """The questions that an open library answers."""

    def search(
        self,
        query: Question | None = None,
        k: int | None = None,
        *,
        positive: QueryItem | Iterable[QueryItem] = (),
        negative: QueryItem | Iterable[QueryItem] = (),
        space: str | None = None,
        weights: Mapping[str, float] | None = None,
        metric: str | None = None,
        offset: int | None = None,
        min_similarity: float | None = None,
        within: float | None = None,
        diversity: float = 0.0,
        group_duplicates: bool = False,
        include_query: bool = False,
        exact: bool = False,
        where: str | None = None,
        min_match: float | None = None,
        engine: str | None = None,
    ) -> Hits:
        """The `k` images nearest to a question, best first: 10, or 1,000 `within` a range.

        `query` is a path, `"id:..."` of a stored image, `"text:..."`, a URL, the bytes of an
        image, a Pillow image, a uint8 array (height, width, 3), a vector (dim,), an `Item` of
        these with a weight or a crop, or a `Query` of several; `positive` and `negative` name
        several at once. It is looked for in the default space, in `space`, or in several by the
        weighted mean of their cosines (`weights={"main": 1, "colour": 0.4}`). `metric` defaults
        to the space's own. Images that the question names are left out unless `include_query`.

        `offset` matches are passed over, for pages, which are cut from the exact order.
        `min_similarity` takes what is less similar out of the `k`; `within` gives all that is at
        least so similar. `diversity`, 0..1, prefers matches that are unlike those before them;
        `group_duplicates` gives equal bytes once. `exact` scans all vectors, even where there is
        an index. `where` is a filter, as `label = "Dress" and price < 50`: only images it leaves
        are answers. `min_match`, where the space is calibrated, takes what is less sure to be a
        match out of the `k`. `engine` is the URL of a server that the space was published to:
        it is asked there.

        Raises `UnknownIdError`, `UnknownNameError`, `ImageRejectedError`, `FilterError`,
        `UsageError`; with `engine`, `ServerError`, `MissingExtraError`, `RecipeMismatchError`.
        """
        if query is not None and (positive or negative):
            raise UsageError("Give either a query, or positive and negative items.")
        return self.search_many(
            [Query(positive, negative) if query is None else query],
            k,
            space=space,
            weights=weights,
            metric=metric,
            offset=offset,
            min_similarity=min_similarity,
            within=within,
            diversity=diversity,
            group_duplicates=group_duplicates,
            include_query=include_query,
            exact=exact,
            where=where,
            min_match=min_match,
            engine=engine,
        )[0]

    def resolve(self, query: Question, *, space: str | None = None) -> Asked:
        """A question made ready for `search_many`: looked up or embedded now, to be asked later.

        It is then for that space alone. Raises `UnknownIdError`, `UnknownNameError`,
        `ImageRejectedError`, `UsageError`.
        """
        return self._searcher.resolved([query], self._chosen(space))[0]

    def search_many(
        self,
        queries: Iterable[Question | Asked],
        k: int | None = None,
        *,
        space: str | None = None,
        weights: Mapping[str, float] | None = None,
        metric: str | None = None,
        offset: int | None = None,
        min_similarity: float | None = None,
        within: float | None = None,
        diversity: float = 0.0,
        group_duplicates: bool = False,
        include_query: bool = False,
        exact: bool = False,
        where: str | None = None,
        min_match: float | None = None,
        engine: str | None = None,
    ) -> list[Hits]:
        """`search` for many questions in one pass over the vectors, which is far cheaper."""
        wanted = Wanted(
            k,
            offset,
            min_similarity,
            within,
            diversity,
            group_duplicates,
            include_query,
            exact,
            where,
            min_match,
        )
        if weights:
            if space is not None or metric is not None or engine is not None:
                raise UsageError("Weights name their spaces and use cosines: give them alone.")
            return self._searcher.search_weighed(queries, weights, wanted)
        chosen = self._chosen(space)
        by = chosen.metric if metric is None else known_metric(metric)
        return self._searcher.search(queries, chosen, by, wanted, engine)

    def neighbours(
        self,
        k: int = 20,
        *,
        space: str | None = None,
        weights: Mapping[str, float] | None = None,
        metric: str | None = None,
        exact: bool = False,
    ) -> NeighbourGraph:
        """The `k` nearest of every image, computed block by block as one goes through them.

        The image numbered i is `ids[i]`. `share.neighbour_files.write_graph` makes a file of it.
        Raises `UnknownNameError`, `UsageError`.
        """
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}.")
        if weights:
            if space is not None or metric is not None:
                raise UsageError("Weights name their spaces and use cosines: give them alone.")
            return self._searcher.graph_weighed(weights, k)
        chosen = self._chosen(space)
        by = chosen.metric if metric is None else known_metric(metric)
        return self._searcher.graph(chosen, by, k, exact=exact)
