"""`tf.train.Example` in the wire format of Protocol Buffers: named lists of bytes, floats or ints.

The messages are `Example { Features { map<string, Feature> } }` of tensorflow/core/example; the
encoding is https://protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

VARINT, LENGTH, FIXED32 = 0, 2, 5
_FLOAT = struct.Struct("<f")


class Span(NamedTuple):
    """Bytes of a feature: where they begin in the message, and how many there are."""

    offset: int
    length: int


Values: TypeAlias = list[Span] | list[float] | list[int]


def read_example(data: bytes) -> dict[str, Values]:
    """The features by name; of a list of more than two values the first two.

    Bytes are told by where they lie. Raises ValueError for what is no Example.
    """
    found: dict[str, Values] = {}
    try:
        for features in _within(data, Span(0, len(data)), 1):
            for entry in _within(data, features, 1):
                name = "".join(_text(data, span) for span in _within(data, entry, 1))
                for feature in _within(data, entry, 2):
                    found[name] = _values(data, feature)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"not a tf.train.Example: {error}") from error
    return found


def write_example(features: Mapping[str, bytes | float | int]) -> bytes:
    """An Example of one value a feature, in the order of their names."""
    entries = [
        _message(1, _message(1, name.encode()) + _message(2, _feature(features[name])))
        for name in sorted(features)
    ]
    return _message(1, b"".join(entries))


def _feature(value: bytes | float | int) -> bytes:
    match value:
        case bytes():
            return _message(1, _message(1, value))
        case int():
            return _message(3, _message(1, _varint(value & (2**64 - 1))))
        case float():
            return _message(2, _message(1, _FLOAT.pack(value)))


def _message(number: int, body: bytes) -> bytes:
    return bytes((number << 3 | LENGTH,)) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _values(data: bytes, feature: Span) -> Values:
    for number, _, span in _fields(data, feature):
        match number:
            case 1:
                return list(_within(data, span, 1))
            case 2:
                return _floats(data, span)
            case 3:
                return _ints(data, span)
    return []


def _floats(data: bytes, list_: Span) -> list[float]:
    found: list[float] = []
    for number, wire, span in _fields(data, list_):
        if number == 1 and wire in {LENGTH, FIXED32} and len(found) < 2:
            places = range(span.offset, span.offset + min(span.length, 8), 4)
            found += [_FLOAT.unpack_from(data, place)[0] for place in places]
    return found[:2]


def _ints(data: bytes, list_: Span) -> list[int]:
    found: list[int] = []
    for number, wire, (offset, length) in _fields(data, list_):
        place, end = offset, offset + length
        while number == 1 and wire in {LENGTH, VARINT} and place < end and len(found) < 2:
            value, place = _read_varint(data, place, end)
            found.append(value - (1 << 64) if value >> 63 else value)
    return found


def _text(data: bytes, span: Span) -> str:
    return data[span.offset : span.offset + span.length].decode()


def _within(data: bytes, message: Span, wanted: int) -> Iterator[Span]:
    """The bodies of the fields of that number."""
    for number, wire, span in _fields(data, message):
        if number == wanted:
            if wire != LENGTH:
                raise ValueError("not a tf.train.Example: a number where a message belongs")
            yield span


def _fields(data: bytes, message: Span) -> Iterator[tuple[int, int, Span]]:
    """Number, wire type and place of each field of a message."""
    place, end = message.offset, message.offset + message.length
    while place < end:
        tag, place = _read_varint(data, place, end)
        wire = tag & 7
        match wire:
            case 0:
                length = _read_varint(data, place, end)[1] - place
            case 1:
                length = 8
            case 2:
                length, place = _read_varint(data, place, end)
            case 5:
                length = 4
            case _:
                raise ValueError(f"not a tf.train.Example: wire type {wire}")
        if place + length > end:
            raise ValueError("not a tf.train.Example: a field longer than its message")
        yield tag >> 3, wire, Span(place, length)
        place += length


def _read_varint(data: bytes, place: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= end:
            break
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), place
    raise ValueError("not a tf.train.Example: a number without end")
