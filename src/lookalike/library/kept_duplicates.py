"""The groups of near-duplicates that were found last, as the library keeps them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from lookalike.errors import LibraryBusyError
from lookalike.explore.duplicates import Edge, Found, Group, Level
from lookalike.explore.duplicates_page import Picture
from lookalike.library.duplicating import Duplicates, undecided
from lookalike.store.records import ImageRecord
from lookalike.store.store import Store
from lookalike.types import Stop

_SETTING = "duplicates"


@dataclass(frozen=True, slots=True)
class KeptDuplicates:
    """What is left of groups found before: without images that went, and pairs decided since.

    They were found up to a `level`, `made` says when, in Unix seconds; `current` is false once
    an image was added, replaced, removed or told anew since. `undoable`: a plan was applied.
    """

    duplicates: Duplicates
    level: Level
    made: int
    current: bool
    undoable: bool


def keep(store: Store, found: Duplicates, level: str, images: str, stop: Stop) -> None:
    """Keep what was found in the place of the last, of images as their mark was before.

    Finding takes long: while another process writes it waits, until it is to `stop`.
    """
    told = {
        "level": level,
        "made": int(time.time()),
        "images": images,
        "contents": found.found.contents,
        "decided": found.decided,
        "groups": [_told(group) for group in found.groups],
    }
    text = json.dumps(told, separators=(",", ":"))
    while not stop():
        with suppress(LibraryBusyError):
            store.set_setting(_SETTING, text)
            return


def are_kept(store: Store) -> bool:
    """Whether anything was ever kept."""
    return store.setting(_SETTING) is not None


def kept(store: Store, picture: Picture) -> KeptDuplicates | None:
    """What is left of what was kept last; None where nothing ever was."""
    text = store.setting(_SETTING)
    if text is None:
        return None
    told = json.loads(text)
    keys = {key for group in told["groups"] for key, _ in group["images"]}
    images = {image.key: image for image in store.images_by_key(sorted(keys))}
    there = [_there(group, images) for group in told["groups"]]
    groups, decided = undecided(store, [group for group in there if group.edges])
    left = Duplicates(Found([], told["contents"]), groups, told["decided"] + decided, picture)
    current = told["images"] == store.mark_of_images()
    undoable = any(one.state != "undone" for one in store.quarantines())
    return KeptDuplicates(left, told["level"], told["made"], current, undoable)


def _told(group: Group) -> dict[str, Any]:
    return {
        "images": [[image.key, image.content.sha256.hex()] for image in group.images],
        "edges": [
            [one, other, edge.level, float(edge.score), edge.how]
            for (one, other), edge in group.edges.items()
        ],
    }


def _there(told: Mapping[str, Any], images: Mapping[int, ImageRecord]) -> Group:
    """The images of a group that are there with the bytes they had, and their edges."""
    place: dict[int, int] = {}
    group = Group([], {})
    for number, (key, digest) in enumerate(told["images"]):
        if key in images and images[key].content.sha256.hex() == digest:
            place[number] = len(group.images)
            group.images.append(images[key])
    for one, other, level, score, how in told["edges"]:
        if one in place and other in place:
            group.edges[place[one], place[other]] = Edge(level, score, how)
    return group
