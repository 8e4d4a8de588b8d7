"""A zip or tar archive as a source: its images are read in place, nothing is unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from lookalike.errors import DuplicateIdError, ImageRejectedError, SourceError
from lookalike.sources import skips
from lookalike.sources.extensions import is_image_name
from lookalike.sources.members import Member
from lookalike.sources.naming import absolute, folder_label, is_hidden, path_id
from lookalike.sources.sample_facts import parse_facts, read_facts, sample_key
from lookalike.sources.seen import Seen
from lookalike.sources.skips import Skips
from lookalike.sources.source import LabelFrom
from lookalike.sources.tar_members import tar_members
from lookalike.sources.zip_members import zip_members
from lookalike.types import Reference, Rejected, readable

TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
ARCHIVE_SUFFIXES = (".zip", *TAR_SUFFIXES)


@dataclass(slots=True)
class _Sample:
    """Members side by side with one key: images, and what is said of them."""

    key: str = ""
    offers: list[Reference | Rejected] = field(default_factory=list)
    facts: dict[str, bytes] = field(default_factory=dict)


class ArchiveSource:
    """The images in an archive; the id is the member's path.

    With `label_from="folder"` the label is the name of the folder in the archive that holds
    the image; None at its top. In a tar, a `.json` or `.cls` beside an image, as WebDataset
    has them, gives the label and metadata.
    """

    complete = True

    def __init__(self, archive: str, label_from: LabelFrom | None = None) -> None:
        self._archive = absolute(archive)
        self._label_from = label_from
        self._skips = Skips()
        self.uri = readable(self._archive)

    @property
    def notes(self) -> list[str]:
        """What was passed over and why."""
        return self._skips.sentences()

    def references(self) -> Iterator[Reference | Rejected]:
        """Every image; raises `SourceError`, `DuplicateIdError`."""
        self._skips = Skips()
        sample = _Sample()
        with closing(Seen()) as seen:
            try:
                for number, member in enumerate(self._members(), 1):
                    path = PurePosixPath(member.name)
                    if sample_key(member.name) != sample.key:
                        yield from self._told(sample)
                        sample = _Sample(sample_key(member.name))
                    if (data := _facts(member, path)) is not None:
                        sample.facts[path.suffix] = data
                    elif self._is_image(member, path):
                        sample.offers.append(self._offer(number, member, path, seen))
            except SourceError:
                yield from self._told(sample)
                raise
            yield from self._told(sample)

    def _members(self) -> Iterator[Member]:
        is_tar = self._archive.lower().endswith(TAR_SUFFIXES)
        return tar_members(self._archive) if is_tar else zip_members(self._archive)

    def _offer(
        self, number: int, member: Member, path: PurePosixPath, seen: Seen
    ) -> Reference | Rejected:
        id_ = path_id(path)
        earlier = seen.earlier(id_, number, str(member.offset))
        if earlier is not None:
            raise DuplicateIdError(
                f"Members {earlier.number} and {number} of {self.uri} have the same id "
                f"{id_!r}. Pack the archive again with one of them."
            )
        told = self._label_from == "folder"
        label = folder_label(path) if told else None
        try:
            place = member.locate()
            return Reference(id_, place, label, tells_label=told, tells_meta=False)
        except ImageRejectedError as error:
            return Rejected(id_, f"{self.uri}!{id_}", error.reason, error.detail)

    def _told(self, sample: _Sample) -> Iterator[Reference | Rejected]:
        """The images of a sample with what its other members say of them."""
        facts = parse_facts(sample.facts)
        if not sample.offers:
            for suffix in sample.facts:
                self._skips.add(skips.NOT_AN_IMAGE, repr(f"{sample.key}{suffix}"))
        for offer in sample.offers:
            yield offer if facts is None else facts.told(offer)

    def _is_image(self, member: Member, path: PurePosixPath) -> bool:
        if member.nature == "folder":
            return False
        if is_hidden(path):
            self._skips.add(skips.HIDDEN, repr(member.name))
        elif not is_image_name(member.name):
            self._skips.add(skips.NOT_AN_IMAGE, repr(member.name))
        elif member.nature == "link":
            self._skips.add(skips.LINKS, repr(member.name))
        elif member.nature == "special":
            self._skips.add(skips.SPECIAL, repr(member.name))
        else:
            return True
        return False


def _facts(member: Member, path: PurePosixPath) -> bytes | None:
    try:
        return None if is_hidden(path) else read_facts(member)
    except ImageRejectedError:
        return None
