"""Texts as Milvus can keep them and be asked for them."""

from __future__ import annotations

import re

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def writable(text: str) -> str:
    """A text without control characters, for which expressions have no way to be written."""
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
