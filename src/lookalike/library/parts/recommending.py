"""What an open library recommends by what people liked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lookalike.errors import UsageError
from lookalike.library.deriving import OnStep
from lookalike.library.parts.opened import Opened
from lookalike.search.query import QueryItem, as_items

if TYPE_CHECKING:
    from lookalike.library.histories import Trial, Written
    from lookalike.library.recommending import Recommendations, Wish


class Recommending(Opened):
    """What an open library recommends by what people liked."""

    def recommend(
        self,
        liked: QueryItem | Iterable[QueryItem] = (),
        disliked: QueryItem | Iterable[QueryItem] = (),
        *,
        seen: Iterable[str] = (),
        k: int = 10,
        tastes: int | Literal["auto"] = "auto",
        recency: float | None = None,
        diversity: float = 0.0,
        popularity: str | None = None,
        popularity_weight: float = 0.1,
        where: str | None = None,
        space: str | None = None,
    ) -> Recommendations:
        """Recommend `k` images to somebody who liked and disliked these items, newest last.

        Items are those of `search`, and ids of stored images. What alike items have in common
        is a taste: `tastes` of them, or as many as there are; the answers are mixed by how much
        was liked of each. Items, `seen` ids, and copies of them are not recommended. An item
        counts half after `recency` newer ones. `diversity`, 0..1, prefers what is unlike what
        comes before it; `popularity` is a column of numbers, of which the highest adds
        `popularity_weight` to a score; `where` is a filter.

        Raises `UsageError`, `UnknownIdError`, `UnknownNameError`, `ImageRejectedError`,
        `FilterError`.
        """
        from lookalike.library.recommending import recommend_items

        wish = _wish(k, tastes, recency, diversity, popularity, popularity_weight, where)
        return recommend_items(
            self._store,
            self._searcher,
            self._chosen(space),
            wish,
            as_items(liked),
            as_items(disliked),
            list(seen),
            self.thumbnail,
        )

    def recommend_to_all(
        self,
        histories: str | os.PathLike[str],
        out: str | os.PathLike[str],
        *,
        k: int = 10,
        tastes: int | Literal["auto"] = "auto",
        recency: float | str | None = None,
        diversity: float = 0.0,
        popularity: str | None = None,
        popularity_weight: float = 0.1,
        where: str | None = None,
        space: str | None = None,
        threshold: float = 1.0,
        on_step: OnStep | None = None,
    ) -> Written:
        """Write a csv of what is recommended to each user of a table of histories.

        The table has the columns `user`, `item` (an id), and maybe `time` and `verdict`: a
        number, liked from `threshold` on, or liked, disliked, seen. `recency` may be a time,
        as `"30d"`. The other options are those of `recommend`. Raises `SourceError`, too.
        """
        from lookalike.library.histories import no_step, write_recommendations

        wish = _wish(k, tastes, recency, diversity, popularity, popularity_weight, where)
        return write_recommendations(
            self._store,
            self._chosen(space),
            wish,
            os.fspath(histories),
            Path(out),
            threshold,
            on_step or no_step,
        )

    def evaluate_recommendations(
        self,
        histories: str | os.PathLike[str],
        *,
        hold_out: float = 1,
        k: int = 10,
        tastes: int | Literal["auto"] = "auto",
        recency: float | str | None = None,
        diversity: float = 0.0,
        popularity: str | None = None,
        popularity_weight: float = 0.1,
        where: str | None = None,
        space: str | None = None,
        threshold: float = 1.0,
        on_step: OnStep | None = None,
    ) -> Trial:
        """Hold out the last `hold_out` likes of each user (below 1: a fraction), and look for them.

        By time where there is one, else in the order of the rows. The ways of recommending are
        set beside one centre, what is most popular, and chance. Raises as `recommend_to_all`.
        """
        from lookalike.library.histories import evaluate_histories, no_step

        wish = _wish(k, tastes, recency, diversity, popularity, popularity_weight, where)
        return evaluate_histories(
            self._store,
            self._chosen(space),
            wish,
            os.fspath(histories),
            hold_out,
            threshold,
            on_step or no_step,
        )


def _wish(
    k: int,
    tastes: int | str,
    recency: float | str | None,
    diversity: float,
    popularity: str | None,
    popularity_weight: float,
    where: str | None,
) -> Wish:
    from lookalike.explore.recency import parse_recency
    from lookalike.explore.recommend import Mix
    from lookalike.library.recommending import Wish

    if isinstance(tastes, str) and tastes != "auto":
        raise UsageError(f"Tastes are a number or auto, not {tastes!r}.")
    return Wish(
        Mix(k, None if isinstance(tastes, str) else tastes, diversity),
        None if recency is None else parse_recency(recency),
        where,
        popularity,
        popularity_weight,
    )
