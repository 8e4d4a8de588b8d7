"""Which column a name in a filter means, and how a column is called in turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from lookalike.errors import FilterError, UnknownNameError
from lookalike.search.filters.syntax import And, Leaf, Name, Not, Or, Tree
from lookalike.store.fields import Field

_ID = Field("image", "id")
_ORDER = ("meta", "derived", "image")
_MOST_LISTED = 40


def leaves(tree: Tree) -> Iterator[Leaf]:
    """The conditions of a tree, from left to right."""
    match tree:
        case And() | Or():
            for term in tree.terms:
                yield from leaves(term)
        case Not():
            yield from leaves(tree.term)
        case _:
            yield tree


def find_field(name: str, fields: Sequence[Field]) -> Field | None:
    """The column of a name, None if there is none.

    `id` is the image's own; of any other name metadata come first, then what was derived, then
    what every image has. `image.width` and `meta.width` tell them apart, whatever metadata are
    called. A name that fits none is tried without regard to case, where that leaves one column,
    then as `called_by` quotes it.
    """
    if name == _ID.name:
        return _ID
    for field in fields:
        if f"{field.origin}.{field.name}" == name:
            return field
    for origin in _ORDER:
        for field in fields:
            if field.origin == origin and field.name == name:
                return field
    folded = {field for field in fields if field.name.casefold() == name.casefold()}
    if len(folded) == 1:
        return folded.pop()
    if not name.startswith('"'):
        return None
    return next((field for field in fields if called_by(field, fields) == name), None)


def named_field(name: str, fields: Sequence[Field]) -> Field:
    """The column of a name; raises `UnknownNameError` where there is none."""
    found = find_field(name, fields)
    if found is None:
        raise UnknownNameError("column", name, [called_by(field, fields) for field in fields])
    return found


def find(name: Name, fields: Sequence[Field], text: str) -> Field:
    """The column that is meant; raises `FilterError` with those there are."""
    found = find_field(name.text, fields)
    if found is not None:
        return found
    called = [called_by(field, fields) for field in fields]
    near = get_close_matches(name.text.casefold(), [one.casefold() for one in called], n=2)
    meant = [one for one in called if one.casefold() in near]
    listed = ", ".join(called[:_MOST_LISTED]) + (", ..." if len(called) > _MOST_LISTED else "")
    hint = f"Did you mean {' or '.join(meant)}? " if meant else ""
    raise FilterError(
        f"No column {name.text!r} in this library.", text, name.start, name.end,
        f"{hint}Columns: {listed}",
    )  # fmt: skip


def called_by(field: Field, fields: Sequence[Field]) -> str:
    """The name by which a filter reaches a column, quoted where it has to be."""
    own = find_field(field.name, fields) == field
    name = field.name if own else f"{field.origin}.{field.name}"
    if name.isprintable() and not set(name) & set(" '\"(),=<>!"):
        return name
    return '"' + repr(name)[1:-1].replace('"', '""') + '"'
