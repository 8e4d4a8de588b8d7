"""Questions as they are written: by hand, what each word means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.errors import UsageError
from lookalike.images.crop import Crop
from lookalike.search.grammar import parse_query
from lookalike.search.query import Item, Query, as_item


def said(item):
    """What an item is, as a tuple to compare."""
    given = {k: getattr(item, k) for k in ("id", "file", "url", "text") if getattr(item, k)}
    ((kind, value),) = given.items()
    return kind, value, item.weight, item.box and item.box.written


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a.jpg", ("file", "a.jpg", 1.0, None)),
        ("2:a.jpg", ("file", "a.jpg", 2.0, None)),
        (".5:a.jpg", ("file", "a.jpg", 0.5, None)),
        ("0.25:id:b/c.jpg", ("id", "b/c.jpg", 0.25, None)),
        ("id:2:a.jpg", ("id", "2:a.jpg", 1.0, None)),
        ("./2:a.jpg", ("file", "./2:a.jpg", 1.0, None)),
        ("./+", ("file", "./+", 1.0, None)),
        ("./id:a", ("file", "./id:a", 1.0, None)),
        ("a b.jpg", ("file", "a b.jpg", 1.0, None)),
        ("2:", ("file", "2:", 1.0, None)),
        ("http://h/a.jpg?x=1", ("url", "http://h/a.jpg?x=1", 1.0, None)),
        ("3:HTTPS://h/a", ("url", "HTTPS://h/a", 3.0, None)),
        ("text:red #xywh=1,2,3,4", ("text", "red #xywh=1,2,3,4", 1.0, None)),
        ("2:text:3:a dress", ("text", "3:a dress", 2.0, None)),
        ("a.jpg#xywh=10,20,30,40", ("file", "a.jpg", 1.0, "10,20,30,40")),
        ("a.jpg#xywh=pixel:10,20,30,40", ("file", "a.jpg", 1.0, "10,20,30,40")),
        ("2:id:a#xywh=percent:25,0,50,100", ("id", "a", 2.0, "0.25,0,0.5,1")),
        ("a#xywh=1#xywh=0,0,1,1", ("file", "a#xywh=1", 1.0, "0,0,1,1")),
        ("a#b.jpg", ("file", "a#b.jpg", 1.0, None)),
        ("a#xywh=1,2,3,4.jpg", ("file", "a#xywh=1,2,3,4.jpg", 1.0, None)),
        ("id:a#xywh=1,2,3,4.jpg", ("id", "a#xywh=1,2,3,4.jpg", 1.0, None)),
        ("a#xywh=1,2,3,4.jpg#xywh=0,0,1,.5", ("file", "a#xywh=1,2,3,4.jpg", 1.0, "0,0,1,0.5")),
    ],
)
def test_an_item_is_what_its_beginning_says(word, expected):
    query = parse_query([word])
    assert [said(item) for item in query.positive] == [expected]
    assert query.negative == ()


def test_a_file_that_is_called_like_a_crop_is_meant_whole(tmp_path):
    name = str(tmp_path / "a.jpg#xywh=0,0,1,1")
    assert said(parse_query([name]).positive[0])[3] == "0,0,1,1"
    (tmp_path / "a.jpg#xywh=0,0,1,1").touch()
    assert said(parse_query([f"2:{name}"]).positive[0]) == ("file", name, 2.0, None)
    assert said(parse_query([f"{name}#xywh=1,2,3,4"]).positive[0]) == ("file", name, 1.0, "1,2,3,4")


def test_signs_part_the_likes_from_the_dislikes():
    words = ["2:a.jpg", "+", "id:b", "-", "c.jpg", "-", "0.5:id:d", "+", "e.jpg"]
    query = parse_query(words, texts=["a red dress"])
    assert [said(item)[1] for item in query.positive] == ["a.jpg", "b", "e.jpg", "a red dress"]
    assert [said(item)[1:3] for item in query.negative] == [("c.jpg", 1.0), ("d", 0.5)]
    assert query.name == "2:a.jpg + id:b + e.jpg + text:a red dress - c.jpg - 0.5:id:d"
    assert parse_query(["-", "c.jpg"]).name == "- c.jpg"


def test_a_crop_is_that_of_the_first_picture():
    query = parse_query(["text:a hat", "+", "a.jpg", "-", "b.jpg"], crop="0.5,0,0.5,1")
    assert [item.box for item in query.positive] == [None, Crop(0.5, 0, 0.5, 1)]
    assert query.negative[0].box is None


@pytest.mark.parametrize(
    ("words", "crop", "said"),
    [
        (["a.jpg", "b.jpg"], "", "no + or - before 'b.jpg'"),
        (["a.jpg", "+"], "", "After '\\+' comes an item"),
        (["+", "-", "a.jpg"], "", "After '\\+' comes an item"),
        (["-"], "", "After '-'"),
        ([], "", "nothing to look for"),
        (["0:a.jpg"], "", "above 0, not 0.0"),
        (["a.jpg"], "1,2,3", "'1,2,3'"),
        (["a.jpg"], "a,b,c,d", "'a,b,c,d'"),
        (["a.jpg"], "1,2,0,4", "with an area; not 1,2,0,4"),
        (["a.jpg"], "-1,2,3,4", "none below 0"),
        (["a.jpg"], "nan,0,1,1", "not nan"),
        (["a.jpg#xywh=1,2"], "", "'1,2'"),
        (["text:a"], "0,0,1,1", "none is asked for"),
        (["text: "], "", "is empty"),
    ],
)
def test_what_is_no_question_is_refused_in_a_sentence(words, crop, said):
    with pytest.raises(UsageError, match=said.replace("+", "\\+") if "\\" not in said else said):
        parse_query(words, crop=crop)


@given(st.lists(st.text(min_size=1), max_size=6), st.text(max_size=12))
def test_whatever_is_typed_is_a_question_or_an_error_of_ours(words, crop):
    try:
        query = parse_query(words, crop=crop)
    except UsageError:
        return
    assert query.positive or query.negative
    for item in (*query.positive, *query.negative):
        assert item.weight > 0


def test_python_takes_what_one_means():
    vector = np.ones(3)
    query = Query(["id:a", Item(file="b.jpg", weight=2, crop=(0, 0, 0.5, 0.5)), vector], b"bytes")
    assert [item.name for item in query.positive] == ["id:a", "b.jpg#xywh=0,0,0.5,0.5", "vector"]
    assert query.negative[0].image == b"bytes"
    assert Query("a.jpg").positive[0].file == "a.jpg"
    assert as_item("2:a.jpg").file == "2:a.jpg"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "none"),
        ({"id": "a", "file": "b"}, "id and file"),
        ({"id": "a", "weight": -1}, "negative items"),
        ({"id": "a", "weight": float("nan")}, "above 0"),
        ({"text": "a", "crop": (0, 0, 1, 1)}, "crop in a text"),
        ({"vector": np.ones(2), "crop": (0, 0, 1, 1)}, "crop in a vector"),
        ({"id": "a", "crop": (1, 2, 3)}, "not 3"),
    ],
)
def test_an_item_that_cannot_be_is_refused(options, said):
    with pytest.raises(UsageError, match=said):
        Item(**options)


@pytest.mark.parametrize(
    ("crop", "size", "box"),
    [
        ((0, 0, 1, 1), (400, 300), (0, 0, 400, 300)),
        ((0.25, 0.5, 0.5, 0.5), (400, 300), (100, 150, 300, 300)),
        ((10, 20, 100, 50), (400, 300), (10, 20, 110, 70)),
        ((0, 0, 401, 300), (400, 300), (0, 0, 400, 300)),
        ((0.999, 0.999, 0.001, 0.001), (4, 4), (3, 3, 4, 4)),
    ],
)
def test_a_crop_in_pixels_or_in_fractions(crop, size, box):
    assert Crop(*crop).box(*size) == box


def test_a_crop_outside_of_the_image_says_how_large_it_is():
    with pytest.raises(UsageError, match="which is 400 x 300"):
        Crop(350, 0, 100, 100).box(400, 300)
    with pytest.raises(UsageError, match="which is 400 x 300"):
        Crop(0.6, 0, 0.5, 0.5).box(400, 300)
