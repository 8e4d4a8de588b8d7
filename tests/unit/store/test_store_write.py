"""What becomes of the pipeline's outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from store_making import (
    NOW,
    content,
    duplicate,
    embedded,
    reference,
    sha,
    stamp,
    unchanged,
    unit_half,
    vector,
)

from lookalike.errors import LibraryError, ModelError, UnknownIdError
from lookalike.store import Space, Store
from lookalike.types import (
    Blob,
    Embedded,
    File,
    Known,
    Rejected,
    Stamp,
    TarMember,
    Unchanged,
    ZipMember,
)

Write = Callable[..., None]


def ids(store: Store) -> set[str]:
    space = store.space("main")
    return {id_ for id_ in store.ids(store.matrix(space).keys) if id_}


def test_an_embedded_image_comes_back_whole(store: Store, space: Space, write: Write) -> None:
    outcome = Embedded(
        reference(
            "a.jpg", label="Dress", meta={"price": 9.5, "new": True, "brand": "Ü", "x": None}
        ),
        Stamp(1234, NOW - 7),
        replace(content("a"), phash=2**64 - 1),
        vector("a"),
        b"RIFF....WEBP",
    )
    write([outcome])
    image = store.image("a.jpg")
    assert image.id == "a.jpg"
    assert image.location == File("/photos/a.jpg")
    assert image.uri == "/photos/a.jpg"
    assert image.source == "/photos"
    assert image.stamp == outcome.stamp
    assert image.label == "Dress"
    assert image.meta == {"price": 9.5, "new": True, "brand": "Ü", "x": None}
    assert image.content == outcome.content
    assert store.thumbnail(image.content_key) == b"RIFF....WEBP"
    stored = store.vector(space, image.key)
    assert stored.dtype == np.float16
    assert np.array_equal(stored, unit_half(outcome.vector))


def test_vectors_are_scaled_only_for_the_cosine(store: Store, source: int) -> None:
    space = store.space_add("flat", {}, "f", 8, "l2")
    store.write(space, source, [embedded("a")], NOW)
    stored = store.vector(space, store.image("a").key)
    assert np.array_equal(stored, vector("a").astype(np.float16))


def test_duplicate_content_shares_vector_and_thumbnail(
    store: Store, space: Space, write: Write
) -> None:
    write([embedded("a", "same", thumbnail=b"webp"), duplicate("b", "same")])
    write([duplicate("c", "same"), embedded("d", "same")])
    images = [store.image(id_) for id_ in "abcd"]
    assert len({image.content_key for image in images}) == 1
    assert len({image.key for image in images}) == 4
    assert store.thumbnail(images[3].content_key) == b"webp"
    counts = store.counts()
    assert (counts.images, counts.contents, counts.thumbnails) == (4, 1, 1)
    assert counts.spaces == {"main": 1}
    matrix, keys = store.compact(space)
    assert keys.tolist() == [image.key for image in images]
    assert (matrix == unit_half(vector("same"))).all()


def test_known_tells_what_is_stored(store: Store, space: Space, write: Write) -> None:
    write([embedded("a"), embedded("b")])
    colour = store.space_add("colour", {}, "c", 3, "l1")
    expected = Known("/photos/a", stamp("a"), NOW, sha("a"), None, {}, missing_vector=False)
    assert store.known(space, ["a", "zebra"]) == {"a": expected}
    assert store.known(colour, ["a"]) == {"a": replace(expected, missing_vector=True)}
    assert store.known(space, []) == {}


def test_a_vector_is_found_by_the_bytes_of_its_image(
    store: Store, space: Space, write: Write
) -> None:
    write([embedded("a", "one")])
    found = store.vector_of_content(space, sha("one"))
    assert found is not None
    assert np.array_equal(found, unit_half(vector("one")))
    assert store.vector_of_content(space, sha("two")) is None


def test_contents_are_found_by_size_when_they_have_a_vector_here(
    store: Store, space: Space, write: Write
) -> None:
    write([embedded("a", "one"), embedded("b", "two"), embedded("c", "three")])
    found = store.shas_of_size(space, {1003, 1005, 77})
    assert {size: set(shas) for size, shas in found.items()} == {
        1003: {sha("one"), sha("two")},
        1005: {sha("three")},
    }
    colour = store.space_add("colour", {}, "c", 3, "l1")
    assert store.shas_of_size(colour, {1003}) == {}


def test_a_second_space_gives_the_same_images_other_vectors(
    store: Store, space: Space, source: int, write: Write
) -> None:
    write([embedded("a"), duplicate("b", "a")])
    key = store.image("a").key
    colour = store.space_add("colour", {}, "c", 3, "l1")
    store.write(colour, source, [embedded("a", "a", dim=3)], NOW)
    assert store.image("a").key == key
    assert store.vector(colour, key).shape == (3,)
    assert store.vector(space, key).shape == (8,)
    assert store.known(colour, ["b"])["b"].missing_vector is False


def test_a_changed_image_gets_a_new_key_and_keeps_its_date(
    store: Store, space: Space, write: Write
) -> None:
    write([embedded("a", "old", thumbnail=b"webp")])
    before = store.image("a")
    write([embedded("a", "new")])
    after = store.image("a")
    assert after.key > before.key
    assert after.added == before.added
    assert after.content.sha256 == sha("new")
    assert np.array_equal(store.vector(space, after.key), unit_half(vector("new")))
    with pytest.raises(UnknownIdError):
        store.vector(space, before.key)
    counts = store.counts()
    assert (counts.images, counts.contents, counts.thumbnails) == (1, 1, 0)


def test_contents_that_lost_their_image_wait_for_the_end_of_the_run(
    store: Store, write: Write
) -> None:
    write([embedded("a", "one"), embedded("b", "two")])
    keys = [store.image(id_).content_key for id_ in "ab"]
    with store.writing():
        write([duplicate("a", "two")])
        write([duplicate("b", "one")])
        write([embedded("a", "three")])
        assert store.counts().contents == 3
    assert store.image("b").content_key == keys[0]
    assert store.counts().contents == 2
    assert store.check() == []


def test_unchanged_brings_label_metadata_and_place_up_to_date(
    store: Store, space: Space, write: Write
) -> None:
    write([embedded("a")])
    before = store.image("a")
    moved = Unchanged(
        reference("a", File("/elsewhere/a"), "Shirt", {"price": 3}), Stamp(1001, NOW - 20)
    )
    write([moved])
    after = store.image("a")
    assert (after.key, after.content_key) == (before.key, before.content_key)
    assert (after.uri, after.label, after.meta) == ("/elsewhere/a", "Shirt", {"price": 3})
    assert after.stamp == moved.stamp


def test_nothing_new_writes_nothing(store: Store, write: Write) -> None:
    write([embedded("a"), embedded("b")])
    version = store.data_version()
    write([unchanged("a"), unchanged("b")])
    assert store.data_version() == version


def test_a_check_right_after_a_modification_is_noted(
    store: Store, space: Space, source: int
) -> None:
    fresh = replace(embedded("a"), stamp=Stamp(1001, NOW - 1))
    store.write(space, source, [fresh], NOW)
    store.write(space, source, [Unchanged(fresh.reference, fresh.stamp)], NOW + 10**11)
    assert store.known(space, ["a"])["a"].checked_ns == NOW + 10**11


def test_a_reject_is_noted_and_forgotten_once_it_succeeds(store: Store, write: Write) -> None:
    write([Rejected("a", "/photos/a", "truncated", "half of it")])
    write([Rejected("a", "/photos/a", "empty"), Rejected("b", "/photos/b", "missing")])
    first, second = store.rejects()
    assert (first.id, first.source, first.uri) == ("a", "/photos", "/photos/a")
    assert (first.reason, first.detail, first.seen_ns) == ("empty", "", NOW)
    assert second.id == "b"
    assert store.counts().rejects == {"empty": 1, "missing": 1}
    write([embedded("a")])
    assert [reject.id for reject in store.rejects()] == ["b"]


def test_a_stored_image_survives_its_rejection(store: Store, write: Write) -> None:
    write([embedded("a")])
    image = store.image("a")
    write([Rejected("a", "/photos/a", "missing")])
    assert store.image("a") == image
    assert [reject.id for reject in store.rejects()] == ["a"]


def test_removing(store: Store, space: Space, write: Write) -> None:
    write([embedded("a"), embedded("b", "same"), duplicate("c", "same")])
    write([Rejected("z", "/photos/z", "empty")])
    assert store.remove(["a", "b", "nobody", "z"]) == 2
    assert ids(store) == {"c"}
    assert store.counts().contents == 1
    assert list(store.rejects()) == []
    assert store.remove(["c"]) == 1
    assert store.counts().contents == 0
    assert store.matrix(space).count == 0
    assert store.check() == []


def test_removing_many(store: Store, write: Write) -> None:
    write([embedded(f"{i:05}") for i in range(2500)])
    assert store.remove(f"{i:05}" for i in range(2400)) == 2400
    counts = store.counts()
    assert (counts.images, counts.contents) == (100, 100)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (embedded("bad", dim=9), ModelError),
        (replace(embedded("bad"), vector=np.zeros(8, np.float32)), ModelError),
        (replace(embedded("bad"), vector=np.full(8, np.nan, np.float32)), ModelError),
        (duplicate("bad", "never seen"), LibraryError),
    ],
)
def test_a_batch_is_stored_whole_or_not_at_all(
    store: Store, write: Write, outcome: Embedded, error: type[Exception]
) -> None:
    write([embedded("a")])
    version = store.data_version()
    with pytest.raises(error):
        write([embedded("b"), embedded("a", "changed"), outcome])
    assert ids(store) == {"a"}
    assert store.image("a").content.sha256 == sha("a")
    assert store.data_version() == version
    write([embedded("c")])
    assert ids(store) == {"a", "c"}


def test_values_beyond_float16_are_refused(store: Store, source: int) -> None:
    space = store.space_add("flat", {}, "f", 8, "ip")
    huge = replace(embedded("a"), vector=np.full(8, 7e4, np.float32))
    with pytest.raises(ModelError, match="65504"):
        store.write(space, source, [huge], NOW)


ODD_NAMES = [
    "new\nline.jpg",
    'quote\'s "and" more.jpg',
    "<script>alert(1)</script>.jpg",
    "Robert'); DROP TABLE images;--",
    "nul\0inside",
    "%_[a-z]*?",
    "🦊/ñ.jpg",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_ids(store: Store, space: Space, write: Write, name: str) -> None:
    write([embedded(name), embedded("other")])
    image = store.image(name)
    assert (image.id, image.uri) == (name, f"/photos/{name}")
    assert list(store.known(space, [name])) == [name]
    assert store.ids([image.key]) == [name]
    write([unchanged(name)])
    assert store.remove([name]) == 1
    assert ids(store) == {"other"}


@pytest.mark.parametrize(
    "location",
    [
        File("/photos/\udcff\udc80 caf\udce9.jpg"),
        ZipMember("/photos/a\udcff.zip", "inner/ü.jpg", 77),
        TarMember("/photos/a.tar", "x\udcffy", 512, 1024),
        Blob("/photos/a.tar.gz", "member\udc80", b""),
        File("C:\\photos\\\ud800.jpg"),
    ],
)
def test_names_that_are_no_valid_unicode(
    store: Store, space: Space, source: int, location: File | ZipMember | TarMember | Blob
) -> None:
    outcome = replace(embedded("a"), reference=reference("a", location))
    store.write(space, source, [outcome], NOW)
    image = store.image("a")
    assert image.location == location
    assert store.known(space, ["a"])["a"].uri == image.uri
    uri = f"/photos/{image.uri}"
    odd_source = store.source(uri)
    assert store.source(uri) == odd_source != source
    store.write(space, odd_source, [Rejected("r", image.uri, "empty", "no \udcff")], NOW)
    (reject,) = store.rejects()
    assert (reject.uri, reject.source) == (image.uri, uri)


def test_the_data_of_a_blob_are_not_kept(store: Store, space: Space, source: int) -> None:
    outcome = replace(embedded("a"), reference=reference("a", Blob("/a.tgz", "m", b"lots")))
    store.write(space, source, [outcome], NOW)
    assert store.image("a").location == Blob("/a.tgz", "m", b"")


def test_metadata_that_json_has_no_word_for(store: Store, space: Space, source: int) -> None:
    meta = {"price": float("nan"), "size": float("inf"), "name": "caf\udce9", "big": 2**80}
    outcome = replace(embedded("a"), reference=reference("a", None, "la\udcffbel", meta))
    store.write(space, source, [outcome], NOW)
    image = store.image("a")
    assert image.meta == {"price": None, "size": None, "name": "caf\\udce9", "big": 2**80}
    assert image.label == "la\\udcffbel"


def test_ids_are_found_however_their_accents_are_composed(store: Store, write: Write) -> None:
    write([embedded("cafe\u0301.jpg"), embedded("na\u00efve.jpg")])
    assert store.image("caf\u00e9.jpg").id == "cafe\u0301.jpg"
    assert store.image("nai\u0308ve.jpg").id == "na\u00efve.jpg"


def test_an_unknown_id_names_its_neighbours(store: Store, write: Write) -> None:
    write([embedded(f"shoes/{i:03}.jpg") for i in range(300)] + [embedded("hats/red one.jpg")])
    with pytest.raises(UnknownIdError, match=r"'shoes/123\.jp'.*Did you mean.*shoes/123\.jpg"):
        store.image("shoes/123.jp")
    with pytest.raises(UnknownIdError, match=r"hats/red one\.jpg"):
        store.image("red one.jpg")
    with pytest.raises(UnknownIdError, match="lookalike info"):
        store.image("nothing of the kind")


def test_records_come_in_the_order_of_the_keys_asked_for(store: Store, write: Write) -> None:
    write([embedded(id_) for id_ in "abc"])
    keys = np.array([store.image(id_).key for id_ in "cab"])
    assert [image.id for image in store.images_by_key(keys)] == ["c", "a", "b"]
    store.remove(["a"])
    assert [image.id for image in store.images_by_key(keys)] == ["c", "b"]
    assert store.ids(keys) == ["c", None, "b"]


def test_thumbnails_are_kept_without_a_new_data_version(store: Store, write: Write) -> None:
    write([embedded("a")])
    version, content_key = store.data_version(), store.image("a").content_key
    assert store.thumbnail(content_key) is None
    store.set_thumbnail(content_key, b"one")
    store.set_thumbnail(content_key, b"two")
    store.set_thumbnail(content_key + 99, b"of nothing")
    assert store.thumbnail(content_key) == b"two"
    assert store.thumbnail(content_key + 99) is None
    assert store.data_version() == version
