"""What follows when images were added: other spaces, computed columns, predictions, indexes."""

from __future__ import annotations

from lookalike.embed.resources import Resources
from lookalike.library.deriving import fill_columns
from lookalike.library.index_building import Hear
from lookalike.library.indexing import catch_up
from lookalike.library.spaces import Filling, fill_others
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Stop


def follow(store: Store, space: Space, resources: Resources, stop: Stop) -> list[str]:
    """Bring everything up to date with what was added to a space; says what was to be said."""
    notes = fill_others(store, space, Filling(resources, None, stop))
    fill_columns(store, stop)
    if store.classifiers():
        from lookalike.library.predicting import fill_predictions

        notes.extend(fill_predictions(store, stop))
    notes.extend(catch_up(store, Hear(stop=stop)))
    return notes
