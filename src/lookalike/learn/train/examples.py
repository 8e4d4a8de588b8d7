"""What a network is trained on: images with their labels, and which of them are held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError, some_of
from lookalike.evaluate.split import Split, by_flag, by_fraction, leaks
from lookalike.evaluate.truth import MISSING, codes_of
from lookalike.learn.train.config import TrainConfig
from lookalike.types import Keys, Location, Scalar


@dataclass(frozen=True, slots=True)
class Labels:
    """The class of each image (n,) in one column, `MISSING` where it has none, and their names."""

    codes: Keys
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Examples:
    """Images (n) with what is known of each; `contents` (n,) are equal for equal bytes.

    `groups` (n,) is what belongs together, `MISSING` for an image on its own.
    """

    ids: Sequence[str]
    locations: Sequence[Location]
    contents: Keys
    groups: Keys
    labels: Mapping[str, Labels]

    def only(self, kept: Keys) -> Examples:
        """The images in these rows."""
        return Examples(
            [self.ids[row] for row in kept],
            [self.locations[row] for row in kept],
            self.contents[kept],
            self.groups[kept],
            {name: Labels(one.codes[kept], one.names) for name, one in self.labels.items()},
        )


def labels_of(column: str, values: Sequence[Scalar], warnings: list[str]) -> Labels:
    """The classes in a column; white space around a value is no part of it, NaN is no value."""
    texts = [None if value is None else str(value).strip() for value in values]
    unknown = sum(text is not None and text.lower() == "nan" for text in texts)
    if unknown:
        warnings.append(f"{unknown:,} images have NaN for a {column}: taken for none.")
    codes, names = codes_of([None if text and text.lower() == "nan" else text for text in texts])
    return Labels(codes, names)


def parted(
    examples: Examples,
    config: TrainConfig,
    usable: Keys,
    held_flag: NDArray[np.bool_] | None,
    warnings: list[str],
) -> Split:
    """The images that are held out, as `queries`, and those to learn from, as `gallery`.

    `usable` are the rows, rising, that have pixels. `held_flag` (n,) says who is held out where
    a column does; else it is a share of each class of the first task, or, without a task, whole
    classes of `alike`, so that it is judged on ones it never saw.
    Copies and groups stay on one side, or are named in `warnings` where the flag parts them.
    Raises `UsageError` when there is too little on a side.
    """
    _check(examples, config, usable, [])
    if held_flag is not None:
        split = by_flag(usable, held_flag, examples.contents, examples.groups)
        for numbers, what in ((examples.contents, "a copy"), (examples.groups, config.group)):
            leaked = leaks(split, numbers)
            if len(leaked):
                said = what if what == "a copy" else f"the same {what}"
                warnings.append(
                    f"The split leaks: {len(leaked):,} images that are held out have {said} among "
                    f"those to learn from: {some_of([examples.ids[row] for row in leaked])}. "
                    "The figures flatter."
                )
    else:
        strata = _strata(examples, config)
        units = _units(examples, config)
        split = by_fraction(usable, _share(config), strata, examples.contents, units, config.seed)
    _check(examples, config, split.gallery, warnings)
    return Split(split.queries, split.gallery, examples.contents, examples.groups)


def _share(config: TrainConfig) -> float:
    try:
        return float(config.held_out)
    except ValueError:
        raise UsageError(
            f"held_out is a share such as 0.2, or COLUMN=VALUE; not {config.held_out!r}."
        ) from None


def _strata(examples: Examples, config: TrainConfig) -> Keys:
    if config.tasks:
        return examples.labels[config.tasks[0]].codes
    return np.zeros(len(examples.ids), np.int64)


def _units(examples: Examples, config: TrainConfig) -> Keys:
    """What stays on one side: groups, else classes of `alike` where nothing else is learned."""
    units = examples.groups
    if not config.tasks and config.alike and (units == MISSING).all():
        units = examples.labels[config.alike].codes
    _, first, counts = np.unique(examples.contents, return_inverse=True, return_counts=True)
    copied = (counts[first] > 1) & (units == MISSING)
    alone: Keys = np.where(copied, units.max(initial=MISSING) + 1 + first, units)
    return alone


def _check(examples: Examples, config: TrainConfig, rows: Keys, warnings: list[str]) -> None:
    """Refuse what cannot be learned or judged; name what will not be."""
    if len(rows) < 2:
        raise UsageError(f"There are {len(rows)} images to learn from: too few.")
    for column in config.columns:
        labels = examples.labels[column]
        learned = labels.codes[rows]
        sizes = np.bincount(learned[learned != MISSING], minlength=len(labels.names))
        shown = int((sizes > 0).sum())
        if shown < 2:
            raise UsageError(
                f"{column} has {shown} {'class' if shown == 1 else 'classes'} among the images to "
                "learn from: at least two are needed to tell them apart."
            )
        if sizes.max() < 2:
            raise UsageError(
                f"Every {column} has a single image to learn from: nothing says what two images "
                "of one have in common. Group them by fewer and larger classes."
            )
        alone = [labels.names[code] for code in np.flatnonzero(sizes == 1).tolist()]
        if alone:
            warnings.append(
                f"{len(alone):,} of {shown:,} values of {column} have one image "
                f"to learn from: {some_of(alone)}."
            )
        unseen = [labels.names[code] for code in np.flatnonzero(sizes == 0).tolist()]
        if unseen and column in config.tasks:
            warnings.append(f"No image to learn from shows these of {column}: {some_of(unseen)}.")
