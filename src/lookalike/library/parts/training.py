"""Networks that are trained on the images of an open library."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.library.parts.opened import Opened

if TYPE_CHECKING:
    from lookalike.learn.train.run import Trained


class Training(Opened):
    """Networks that are trained on the images of an open library."""

    def train(
        self,
        folder: str | os.PathLike[str],
        settings: Mapping[str, Any],
        *,
        fresh: bool = False,
        on_step: Callable[[str, int, int], None] = lambda _what, _done, _of: None,
        on_epoch: Callable[[Mapping[str, Any]], None] = lambda _row: None,
    ) -> Trained | None:
        """Train a network on the library's images and columns; what comes of it goes to `folder`.

        `settings` are those of `lookalike.learn.train.config.TrainConfig`, such as
        `{"tasks": ["kind", "pattern"], "backbone": "resnet18"}`. The model is exported to ONNX
        and can be added as a space: `Trained.spec`. An interrupted training goes on after its
        last epoch, `fresh` begins it again. `on_epoch` hears of each epoch. None where torchrun
        started several processes and this is not the first.

        Raises `UsageError` where there is nothing to learn, `TrainingError` when the loss
        diverges, `UnknownNameError`, `ModelError`, `MissingExtraError`, `StorageFullError`.
        """
        from lookalike.learn.train.run import Listeners
        from lookalike.library.training import train_library

        listeners = Listeners(on_step, on_epoch)
        return train_library(self._store, settings, Path(folder), listeners, fresh=fresh)
