"""Finds the files of a hub repository: in the local cache first, else from the hub; or a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from lookalike.errors import MissingExtraError, ModelError


@dataclass(frozen=True, slots=True)
class Repository:
    """Files by their names: those of `ORG/NAME` on the hub, or of a local folder.

    `HF_HOME`, `HF_HUB_OFFLINE`, `HF_TOKEN` and `HF_ENDPOINT` are honoured: huggingface_hub
    reads them.
    """

    name: str
    revision: str | None = None
    folder: Path | None = None

    def find(self, file: str) -> Path | None:
        """The path of a file; None when the repository does not have it, or it cannot be had."""
        try:
            return self._get(file)
        except ModelError:
            return None

    def need(self, file: str) -> Path:
        """The path of a file. Raises `ModelError` saying how to bring it by hand."""
        found = self._get(file)
        if found is None:
            raise ModelError(f"{self.folder or self.name} has no {file}.")
        return found

    def need_one(self, *files: str) -> Path:
        """The first of these files that is there. Raises `ModelError` for the first of them."""
        for file in files:
            found = self.find(file)
            if found is not None:
                return found
        return self.need(files[0])

    def _get(self, file: str) -> Path | None:
        if self.folder is not None:
            path = self.folder / file
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise ModelError(f"{path} is a link out of its folder. Refused.")
            return path if path.is_file() else None
        hub = import_hub(self.name)
        from huggingface_hub import constants

        cache = Path(constants.HF_HUB_CACHE)
        kept = hub.try_to_load_from_cache(self.name, file, cache, revision=self.revision)
        if kept is None:
            return self._download(hub, file, cache)
        return Path(kept) if isinstance(kept, str) else None

    def _download(self, hub: ModuleType, file: str, cache: Path) -> Path | None:
        from huggingface_hub import errors

        try:
            return Path(
                hub.hf_hub_download(self.name, file, revision=self.revision, cache_dir=cache)
            )
        except errors.GatedRepoError as error:
            raise ModelError(
                f"{self.name} is given only to those who accepted its licence: do so at "
                f"https://huggingface.co/{self.name}, then set HF_TOKEN."
            ) from error
        except errors.RevisionNotFoundError as error:
            raise ModelError(f"{self.name} has no revision {self.revision!r}.") from error
        except errors.RepositoryNotFoundError as error:
            raise ModelError(
                f"The hub has no {self.name}, or it is private: then set HF_TOKEN."
            ) from error
        except errors.RemoteEntryNotFoundError:
            return None
        except errors.HFValidationError as error:
            raise ModelError(f"{self.name!r} is no name of a hub repository: {error}") from error
        except (OSError, errors.HfHubHTTPError) as error:
            raise ModelError(self._by_hand(file, cache)) from error

    def _by_hand(self, file: str, cache: Path) -> str:
        from huggingface_hub import constants

        at = f" --revision {self.revision}" if self.revision else ""
        folder = cache / f"models--{self.name.replace('/', '--')}"
        why = ": HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else ""
        return (
            f"{file} of {self.name} is not in {folder}, and the hub cannot be reached{why}. "
            f"Where there is a network: hf download {self.name} {file}{at}, then bring that "
            "folder here; or put the files into any folder and name it: hf:FOLDER."
        )


def import_hub(feature: str) -> ModuleType:
    """huggingface_hub, its telemetry off; raises `MissingExtraError`."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtraError(feature, "hub") from error
    module: ModuleType = huggingface_hub
    return module
