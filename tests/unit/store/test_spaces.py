"""Spaces: names, recipes, and two that must not mix."""

from __future__ import annotations

import pytest

from lookalike.errors import RecipeMismatchError, UnknownNameError, UsageError
from lookalike.store import Space, Store

RECIPE = {"model": "tiny", "preprocessing": {"side": 224, "filter": "bicubic"}}


def test_a_space_comes_back_as_it_was_made(store: Store) -> None:
    made = store.space_add("main", RECIPE, "abc", 8, "l2")
    assert (made.name, made.recipe, made.fingerprint, made.dim, made.metric) == (
        "main", RECIPE, "abc", 8, "l2",
    )  # fmt: skip
    assert store.space("main") == made
    assert store.space_add("main", RECIPE, "abc", 8, "l2") == made
    assert store.spaces() == [made]


@pytest.mark.parametrize("name", ["", " ", " main", "main\n", "ma\0in"])
def test_a_name_that_nobody_can_write_is_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError, match="needs a name"):
        store.space_add(name, RECIPE, "abc", 8)
    assert store.spaces() == []


def test_the_first_space_is_the_default_until_another_is_named(store: Store) -> None:
    first = store.space_add("first", RECIPE, "a", 8)
    second = store.space_add("second", RECIPE, "b", 8)
    assert store.space() == first
    store.set_default_space("second")
    assert store.space() == second
    with pytest.raises(UnknownNameError):
        store.set_default_space("third")


def test_an_unknown_space_suggests_the_nearest(store: Store, space: Space) -> None:
    store.space_add("colour", {}, "c", 3)
    with pytest.raises(UnknownNameError, match=r"'color'.*Did you mean colour"):
        store.space("color")


def test_a_library_without_spaces_has_no_default(store: Store) -> None:
    with pytest.raises(UnknownNameError):
        store.space()


def test_another_recipe_is_refused_with_what_differs(store: Store) -> None:
    store.space_add("main", RECIPE, "abc", 8)
    other = {"model": "tiny", "preprocessing": {"side": 256, "filter": "bicubic"}, "new": 1}
    with pytest.raises(RecipeMismatchError) as caught:
        store.space_add("main", other, "xyz", 16)
    message = str(caught.value)
    assert "preprocessing.side was 224 and is now 256" in message
    assert "new was 'absent' and is now 1" in message
    assert "dim was 8 and is now 16" in message
    assert "filter" not in message
    assert store.space("main").fingerprint == "abc"


def test_another_fingerprint_alone_is_refused_too(store: Store) -> None:
    store.space_add("main", RECIPE, "abc", 8)
    with pytest.raises(RecipeMismatchError, match="'abc' and is now 'xyz'"):
        store.space_add("main", RECIPE, "xyz", 8)
