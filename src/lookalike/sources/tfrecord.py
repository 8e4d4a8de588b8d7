"""A TFRecord file of `tf.train.Example` as a source: its images are read in place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import PurePath

from lookalike.errors import DuplicateIdError
from lookalike.sources.naming import absolute
from lookalike.sources.seen import Seen
from lookalike.sources.skips import Skips
from lookalike.sources.tf_example import Span, Values, read_example
from lookalike.sources.tfrecord_frames import Record, records
from lookalike.types import Blob, Reference, Rejected, Scalar, TarMember, readable

IMAGES = ("image/encoded", "image", "image_raw", "image_bytes", "jpeg", "png")
IDS = ("image/filename", "image/source_id", "image_name", "file_name", "filename", "id", "key")
LABELS = ("image/class/text", "label", "class", "image/class/label")
TEXT_LIMIT = 10_000


class TfrecordSource:
    """The images of a file, one a record, by the names that features usually have.

    The id is the file name in the record, or `NAME:NUMBER`; single values of other features
    are metadata. `image` and `label` are names of features that go before the usual ones.
    """

    complete = True

    def __init__(self, path: str, image: str | None = None, label: str | None = None) -> None:
        self._path = absolute(path)
        self._images = (*([image] if image else []), *IMAGES)
        self._labels = (*([label] if label else []), *LABELS)
        self._name = readable(PurePath(self._path).name)
        self._skips = Skips()
        self.uri = readable(self._path)

    @property
    def notes(self) -> list[str]:
        """What was passed over and why."""
        return self._skips.sentences()

    def references(self) -> Iterator[Reference | Rejected]:
        """Every record; raises `SourceError`, `DuplicateIdError`, `MissingExtraError`."""
        with closing(Seen()) as seen:
            for number, record in enumerate(records(self._path), 1):
                offer = self._offer(number, record)
                earlier = seen.earlier(offer.id, number, str(number))
                if earlier is not None:
                    raise DuplicateIdError(
                        f"Records {earlier.number} and {number} of {self.uri} have the same id "
                        f"{offer.id!r}. Write the file again with one of them."
                    )
                yield offer

    def _offer(self, number: int, record: Record) -> Reference | Rejected:
        plain, place = f"{self._name}:{number}", f"{self.uri}:{number}"
        if not record.sound:
            return Rejected(plain, place, "truncated", f"record {number}: its checksum is wrong")
        try:
            features = read_example(record.body)
        except ValueError as error:
            return Rejected(plain, place, "bad-row", f"record {number}: {error}")
        named = ((name, features.get(name, [])) for name in self._images)
        image = next(((name, values[0]) for name, values in named if _is_bytes(values)), None)
        if image is None:
            has = ", ".join(sorted(features)) or "nothing"
            detail = f"record {number} has no {self._images[0]!r}; it has {has}"
            return Rejected(plain, place, "bad-row", detail)
        name, span = image
        values = {
            key: value
            for key, some in features.items()
            if key != name and (value := _scalar(record.body, some)) is not None
        }
        id_ = _first(values, IDS) or plain
        meta = {key: value for key, value in values.items() if self._is_meta(key)}
        label = _first(values, self._labels)
        return Reference(id_, self._location(id_, record, span), label, meta)

    def _is_meta(self, name: str) -> bool:
        known = (*IDS, *self._labels, *self._images)
        return not name.startswith("image/") and name not in known

    def _location(self, id_: str, record: Record, span: object) -> TarMember | Blob:
        if not isinstance(span, Span):
            raise TypeError(span)
        if record.offset is None:
            return Blob(self._path, id_, record.body[span.offset : span.offset + span.length])
        return TarMember(self._path, id_, record.offset + span.offset, span.length)


def _is_bytes(values: Values) -> bool:
    return bool(values) and isinstance(values[0], Span)


def _first(values: Mapping[str, Scalar], names: tuple[str, ...]) -> str | None:
    found = (str(values[name]) for name in names if name in values)
    return next(filter(None, found), None)


def _scalar(body: bytes, values: Values) -> Scalar:
    """The one value of a feature; None where it has none, several, or bytes that are no text."""
    if len(values) != 1:
        return None
    value = values[0]
    if not isinstance(value, Span):
        return value
    if value.length > TEXT_LIMIT:
        return None
    try:
        return readable(body[value.offset : value.offset + value.length].decode())
    except UnicodeDecodeError:
        return None
