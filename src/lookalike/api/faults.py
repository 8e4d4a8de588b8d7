"""What is wrong with the fields of a request, in sentences for who wrote it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

SHOWN = 5
_BRANCH = re.compile(r"bool|int|float|str|none|constrained-\w+|[A-Z]\w+|\w+\[.*")
"""Parts of a fault's place that name a type that was tried, and no field."""
_WORDS = {
    "a valid dictionary or object to extract fields from": "an object",
    "a valid dictionary": "an object",
    "a valid list": "a list",
    "a valid string": "a text",
    "a valid boolean": "true or false",
    "a valid integer": "a whole number",
    "a valid number": "a number",
}
_SHOULD = "Input should be "
_NO_FILE = "Expected UploadFile"


def sentences(faults: Sequence[dict[str, Any]]) -> str:
    """One sentence for each field that is wrong, whatever types were tried; for a few of them."""
    told: dict[str, list[str]] = {}
    for fault in faults:
        message = _message(fault)
        before = told.setdefault(_place(fault), [])
        if message not in before:
            before.append(message)
    return " ".join(f"{place}: {_joined(said)}." for place, said in list(told.items())[:SHOWN])


def _place(fault: dict[str, Any]) -> str:
    fields = []
    for part in fault["loc"][1:]:
        if isinstance(part, str) and _BRANCH.fullmatch(part):
            break
        fields.append(str(part))
    return ".".join(fields) or str(fault["loc"][0])


def _message(fault: dict[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "there is no such field"
    message: str = fault["msg"].removeprefix("Value error, ").rstrip(".")
    if message.startswith(_NO_FILE):
        return "this is no file; send one in multipart/form-data, with a file name"
    if message.startswith(_SHOULD):
        rest = message.removeprefix(_SHOULD)
        for long, short in _WORDS.items():
            if rest == long or rest.startswith(f"{long},"):
                return _SHOULD + short + rest.removeprefix(long)
    return message


def _joined(said: Sequence[str]) -> str:
    first, *others = said
    return ", or ".join([first, *(one.removeprefix(_SHOULD) for one in others)])
