"""Questions as they are written in the shell: `2:a.jpg + id:b.jpg#xywh=0,0,200,100 - c.jpg`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import replace

from lookalike.errors import UsageError
from lookalike.images.crop import Crop
from lookalike.search.query import Item, Query, as_item

_WEIGHT = re.compile(r"(\d+\.?\d*|\.\d+):(?=.)", re.DOTALL)
_CROP = re.compile(r"#xywh=(?![^#]*\.[A-Za-z])(pixel:|percent:)?([^#]*)$")
"""Not where the name of a file goes on behind it, as in `a#xywh=1,2,3,4.jpg`."""
SIGNS = ("+", "-")


def parse_query(words: Sequence[str], *, texts: Sequence[str] = (), crop: str = "") -> Query:
    """The question of some words: items with `+` or `-` between them, `texts` are liked too.

    An item is a path, `id:...`, `text:...` or a URL, after a weight as in `2:` if it has one,
    before a crop as in `#xywh=10,20,300,200` (a media fragment: pixels, or `percent:`). `crop`
    is that of the first picture. A file whose name looks otherwise is reached by `./NAME`.
    Raises `UsageError`.
    """
    liked: list[Item] = []
    disliked: list[Item] = []
    place, sign = 0, "+"
    while place < len(words):
        if words[place] in SIGNS:
            sign, place = words[place], place + 1
            if place == len(words) or words[place] in SIGNS:
                raise UsageError(f"After {sign!r} comes an item: a file, id:... or text:...")
        elif place:
            raise UsageError(
                f"There is no + or - before {words[place]!r}. One question of several items is "
                "written `a.jpg + b.jpg`, words as `text:a red dress` in quotes; for several "
                "questions see --batch."
            )
        item = parse_item(words[place])
        if crop and item.text is None:
            item, crop = replace(item, crop=parse_crop(crop)), ""
        (liked if sign == "+" else disliked).append(item)
        place += 1
    if crop:
        raise UsageError("--crop is a part of a picture, and none is asked for.")
    return Query([*liked, *(Item(text=text) for text in texts)], disliked)


def parse_item(word: str) -> Item:
    """One item with its weight and its crop, unless that is how a file is called.

    Raises `UsageError`.
    """
    weight = _WEIGHT.match(word)
    rest = word[weight.end() :] if weight else word
    is_whole = rest.startswith("text:") or os.path.isfile(rest)  # noqa: PTH113  any length
    crop = None if is_whole else _CROP.search(rest)
    item = as_item(rest[: crop.start()] if crop else rest)
    if crop:
        unit, numbers = crop.groups()
        item = replace(item, crop=parse_crop(numbers, percent=unit == "percent:"))
    return replace(item, weight=float(weight[1])) if weight else item


def parse_crop(text: str, *, percent: bool = False) -> Crop:
    """`x,y,width,height` in pixels, in fractions (none above 1), or in percent."""
    try:
        x, y, width, height = (float(part) / (100 if percent else 1) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            f"A crop is x,y,width,height in pixels or in fractions of the sides, as "
            f"40,60,200,150 or 0.1,0.2,0.5,0.5; not {text!r}."
        ) from error
    return Crop(x, y, width, height)
