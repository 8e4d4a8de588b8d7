"""Data sets of the Hugging Face hub, or of its cache: Parquet, folders of images, archives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from lookalike.datasets.about import UNSTATED, About
from lookalike.errors import SourceError
from lookalike.models.hub import import_hub
from lookalike.sources import open_source
from lookalike.sources.archive import ARCHIVE_SUFFIXES
from lookalike.sources.extensions import is_image_name
from lookalike.types import File, Reference, Rejected

CARD = "README.md"
DATA = (".parquet", *ARCHIVE_SUFFIXES)
KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
"""Words in a path that tell a split, as Hugging Face's `datasets` reads them."""


class HubDataset:
    """A repository of data on the hub; `revision` is a branch, a tag or a commit."""

    def __init__(self, text: str, name: str, revision: str | None) -> None:
        self._name = name
        self._revision = revision
        self._hub = import_hub(text)
        self._names = self._listed()
        card = self._card()
        licence = card.get("license") or UNSTATED
        if card.get("license_link"):
            licence = f"{card.get('license_name') or licence} ({card['license_link']})"
        self._files = _by_split(self._names, card)
        if not self._files:
            raise SourceError(
                f"{text} has no images in a form that is read here: Parquet with bytes, image "
                f"files, or archives of them ({', '.join(ARCHIVE_SUFFIXES)})."
            )
        self._about = About(
            text,
            str(card.get("pretty_name") or name),
            ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence),
            f"https://huggingface.co/datasets/{name}",
            tuple(self._files),
        )

    @property
    def about(self) -> About:
        """What its card says, in the front matter of its README."""
        return self._about

    def offers(self, split: str | None, count: int | None) -> Iterator[Reference | Rejected]:
        """Images file by file; a file is fetched when its turn comes."""
        left = count
        for chosen in self._about.chosen(split):
            for offer in self._of_split(chosen):
                if left is not None:
                    if left <= 0:
                        return
                    left -= 1
                if isinstance(offer, Reference):
                    offer = replace(offer, meta={"split": chosen, **offer.meta})  # noqa: PLW2901
                yield offer

    def _of_split(self, split: str) -> Iterator[Reference | Rejected]:
        for name in self._files[split]:
            path = self._get(name)
            if not name.lower().endswith(DATA):
                yield Reference(name, File(str(path)), _folder_label(name, split))
            elif name.lower().endswith(".parquet"):
                yield from open_source(str(path)).references()
            else:
                yield from open_source(str(path), label_from="folder").references()

    def _listed(self) -> list[str]:
        """The names of all files: as the hub has them, or its cache where that is not reached."""
        from huggingface_hub import constants, errors

        if not constants.HF_HUB_OFFLINE:
            try:
                return sorted(
                    self._hub.HfApi().list_repo_files(
                        self._name, repo_type="dataset", revision=self._revision
                    )
                )
            except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
                raise SourceError(
                    f"The hub has no data set {self._name!r}, or it is private: then set HF_TOKEN."
                ) from error
            except errors.RevisionNotFoundError as error:
                raise SourceError(f"{self._name} has no revision {self._revision!r}.") from error
            except (OSError, errors.HfHubHTTPError) as error:
                if self._snapshot is None:
                    raise SourceError(self._by_hand(str(error))) from error
        if self._snapshot is None:
            raise SourceError(self._by_hand("HF_HUB_OFFLINE is set"))
        found = (path for path in self._snapshot.rglob("*") if path.is_file())
        return sorted(path.relative_to(self._snapshot).as_posix() for path in found)

    @cached_property
    def _snapshot(self) -> Path | None:
        """Where the cache has the repository; None where it has not."""
        try:
            return Path(
                self._hub.snapshot_download(
                    self._name, repo_type="dataset", revision=self._revision, local_files_only=True
                )
            )
        except (OSError, ValueError):
            return None

    def _get(self, name: str) -> Path:
        from huggingface_hub import errors

        hub: ModuleType = self._hub
        try:
            return Path(
                hub.hf_hub_download(self._name, name, repo_type="dataset", revision=self._revision)
            )
        except errors.GatedRepoError as error:
            raise SourceError(
                f"{self._name} is given only to those who accepted its terms: do so at "
                f"https://huggingface.co/datasets/{self._name}, then set HF_TOKEN."
            ) from error
        except (OSError, errors.HfHubHTTPError) as error:
            raise SourceError(self._by_hand(f"{name}: {error}")) from error

    def _by_hand(self, why: str) -> str:
        return (
            f"{self._name} is not in the hub's cache, and the hub cannot be reached "
            f"({why.splitlines()[0][:200]}). Where there is a network: hf download {self._name} "
            "--repo-type dataset, then bring its folder in HF_HOME here."
        )

    def _card(self) -> dict[str, Any]:
        """The front matter of the README; empty where there is none."""
        import yaml

        if CARD not in self._names:
            return {}
        text = self._get(CARD).read_text("utf-8", errors="replace")
        found = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, re.DOTALL)
        try:
            card = yaml.safe_load(found[1]) if found else {}
        except yaml.YAMLError:
            return {}
        return card if isinstance(card, dict) else {}


def _by_split(names: Sequence[str], card: Mapping[str, Any]) -> dict[str, list[str]]:
    """The files with images by split: as the card says it, else by the words in their paths."""
    data = [name for name in names if name.lower().endswith(DATA)]
    files = data or [name for name in names if is_image_name(name)]
    told = _told(files, card)
    if told:
        return told
    found: dict[str, list[str]] = {}
    for name in files:
        words = set(re.split(r"[^a-z]+", name.lower()))
        split = next((one for one, known in KEYWORDS.items() if words & set(known)), "train")
        found.setdefault(split, []).append(name)
    return {split: found[split] for split in KEYWORDS if split in found}


def _told(files: Sequence[str], card: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the card's default configuration, or its first, says of splits and their files."""
    configs = [one for one in card.get("configs") or [] if isinstance(one, dict)]
    configs.sort(key=lambda one: not (one.get("default") or one.get("config_name") == "default"))
    told = configs[0].get("data_files") if configs else None
    if isinstance(told, str | list) and told and not isinstance(next(iter(told)), dict):
        told = [{"split": "train", "path": told}]
    found = {}
    for one in told or []:
        if not isinstance(one, dict):
            continue
        paths = one.get("path") or []
        patterns = [paths] if isinstance(paths, str) else [str(path) for path in paths]
        some = [name for name in files if any(_matches(name, pattern) for pattern in patterns)]
        if some:
            found[str(one.get("split", "train"))] = some
    return found


def _matches(name: str, pattern: str) -> bool:
    pattern = pattern.removeprefix("./")
    return fnmatchcase(name, pattern) or fnmatchcase(name, pattern.replace("**/", ""))


def _folder_label(name: str, split: str) -> str | None:
    """The folder that holds an image, unless that is only its split."""
    parent = PurePosixPath(name).parent.name
    words = {split, *KEYWORDS.get(split, ()), "data", "images", ""}
    return None if parent.lower() in words else parent
