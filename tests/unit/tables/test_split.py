"""Splits: labels in proportion, groups whole, the same every time; what cannot be split is said."""

import csv
import random
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookalike.errors import UsageError
from lookalike.sources.table_plan import TableOptions
from lookalike.tables.assign import assign_rows
from lookalike.tables.split import split_table
from lookalike.tables.splits import Splitting

BY_SKU = TableOptions(id_column="sku")


def write(path: Path, rows: list[list[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["sku", "image", "label", "product"], *rows])
    return path


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def goods(count: int, seed: int = 0) -> list[list[object]]:
    chance = random.Random(seed)
    labels = chance.choices(["Dress", "Hat", "Sock"], [6, 3, 1], k=count)
    return [
        [f"s{number}", f"{number}.jpg", label, f"p{chance.randrange(count // 4)}"]
        for number, label in enumerate(labels)
    ]


def sides(folder: Path, column: str = "sku") -> dict[str, str]:
    return {
        row[column]: part
        for part in ("train", "valid", "test")
        if (folder / f"goods.{part}.csv").exists()
        for row in read(folder / f"goods.{part}.csv")
    }


def test_every_label_is_in_proportion_and_every_row_in_one_part(tmp_path):
    rows = goods(400)
    table = write(tmp_path / "goods.csv", rows)
    how = Splitting(0.7, 0.1, stratify="label", options=BY_SKU)
    found = split_table(table, how=how, sides=True)

    assert found is not None
    assert found.sides == sides(tmp_path)
    assert set(found.sides) == {row[0] for row in rows}
    whole = Counter(row[2] for row in rows)
    for part, share in how.shares.items():
        assert abs(found.parts[part].rows - 400 * share) <= 1
        for label, count in whole.items():
            assert abs(found.parts[part].labels[label] - count * share) <= 1
    assert read(tmp_path / "goods.test.csv")[0].keys() == {"sku", "image", "label", "product"}


def test_a_group_is_never_on_both_sides_and_labels_stay_near_their_shares(tmp_path):
    rows = goods(1200)
    table = write(tmp_path / "goods.csv", rows)
    how = Splitting(0.8, 0.1, stratify="label", group="product", options=BY_SKU)
    found = split_table(table, how=how, sides=True)

    assert found is not None
    parts_of = defaultdict(set)
    for sku, _, _, product in rows:
        parts_of[product].add(found.sides[str(sku)])
    assert all(len(parts) == 1 for parts in parts_of.values())
    assert found.groups == sum(
        count > 1 for count in Counter(product for *_, product in rows).values()
    )
    whole = Counter(row[2] for row in rows)
    for part, share in how.shares.items():
        for label, count in whole.items():
            assert abs(found.parts[part].labels[label] / count - share) < 0.02


def test_the_same_seed_gives_the_same_parts_in_any_order(tmp_path):
    rows = goods(300)
    results = []
    for name, seed, shuffled in (("a", 7, False), ("b", 7, True), ("c", 8, False)):
        (tmp_path / name).mkdir()
        some = random.Random(3).sample(rows, len(rows)) if shuffled else rows
        table = write(tmp_path / name / "goods.csv", some)
        split_table(table, how=Splitting(stratify="label", seed=seed, options=BY_SKU))
        results.append(sides(tmp_path / name))
    assert results[0] == results[1] != results[2]


def test_ids_are_those_of_index_and_stand_in_front(tmp_path):
    write(tmp_path / "goods.csv", [[n, f"{n}.jpg", "x", n] for n in range(10)])
    options = TableOptions(path_template="photos/{image}")
    split_table(tmp_path / "goods.csv", tmp_path / "parts", Splitting(options=options))

    found = read(tmp_path / "parts" / "goods.train.csv") + read(
        tmp_path / "parts" / "goods.test.csv"
    )
    assert list(found[0]) == ["id", "sku", "image", "label", "product"]
    assert {row["id"] for row in found} == {f"photos/{n}.jpg" for n in range(10)}


def test_rows_without_label_or_group_or_image(tmp_path):
    rows: list[list[object]] = [
        [f"s{n}", f"{n}.jpg", "" if n % 2 else "Hat", ""] for n in range(20)
    ]
    rows += [["", "a.jpg", "Hat", "p"], ["s1", "b.jpg", "Hat", "p"]]
    table = write(tmp_path / "goods.csv", rows)
    how = Splitting(0.5, stratify="label", group="product", options=BY_SKU)
    found = split_table(table, how=how)

    assert found is not None
    assert (found.rows, found.left_out, found.groups) == (22, 2, 0)
    assert {name: part.labels for name, part in found.parts.items()} == {
        "train": {"Hat": 5, "": 5},
        "test": {"Hat": 5, "": 5},
    }
    said = " ".join(found.notes)
    assert "10 rows have no 'label'" in said
    assert "20 rows have no 'product'" in said
    assert "2 rows name no image or repeat an id" in said


def test_a_group_larger_than_a_part_goes_where_it_fits_and_is_spoken_of(tmp_path):
    rows: list[list[object]] = [
        [f"s{n}", f"{n}.jpg", "Hat", "big" if n < 70 else f"p{n}"] for n in range(100)
    ]
    table = write(tmp_path / "goods.csv", rows)
    found = split_table(table, how=Splitting(0.5, group="product", options=BY_SKU), sides=True)

    assert found is not None
    assert {found.sides[f"s{n}"] for n in range(70)} == {"train"}
    assert found.parts["train"].rows == 70
    assert "train has 70.0 % of the rows, not 50 %" in found.notes[0]


@pytest.mark.parametrize(
    ("rows", "how", "said"),
    [
        ([[1, "a", "x", "p"], [2, "b", "x", "p"]], {"group": "product"}, "all rows agree in 'prod"),
        ([[1, "a", "x", "p"]], {}, "too few rows"),
        ([["", "", "x", "p"]], {}, "names an image"),
        ([[1, "a", "x", "p"]], {"group": "produkt"}, "Did you mean 'product'"),
        ([[n, "a", "x", n // 2] for n in range(4)], {"train": 0.9, "valid": 0.05}, "to put into 3"),
    ],
)
def test_what_cannot_be_split(tmp_path, rows, how, said):
    table = write(tmp_path / "goods.csv", rows)
    group = {"group": "product"} if "valid" in how else {}
    with pytest.raises(UsageError, match=said):
        split_table(table, how=Splitting(**how, **group, options=BY_SKU))
    assert [path.name for path in tmp_path.iterdir()] == ["goods.csv"]


@pytest.mark.parametrize(("train", "valid"), [(0, 0), (1, 0), (0.8, 0.3), (-1, 0.5), (2, 0)])
def test_shares_that_cannot_be(train, valid):
    with pytest.raises(UsageError, match="shares such as"):
        Splitting(train, valid)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), min_size=1, max_size=80),
    st.sampled_from([(0.8, 0.2), (0.5, 0.5), (0.6, 0.2, 0.2)]),
)
def test_any_labels_and_groups_get_a_part_and_groups_one(rows, shares):
    labels = np.array([label for label, _ in rows], np.int32)
    groups = np.array([group for _, group in rows], np.uint64)
    parts = assign_rows(labels, groups, np.arange(len(rows), dtype=np.uint64), shares)

    assert parts.max() < len(shares)
    for group in set(groups.tolist()):
        assert len(set(parts[groups == group].tolist())) == 1


def test_many_groups_are_placed_almost_exactly():
    chance = np.random.default_rng(0)
    count = 200_000
    labels = chance.integers(0, 50, count).astype(np.int32)
    groups = chance.integers(0, count // 3, count).astype(np.uint64)
    parts = assign_rows(
        labels, groups, chance.integers(0, 2**63, count).astype(np.uint64), [0.8, 0.2]
    )

    for label in range(50):
        assert abs((parts[labels == label] == 1).mean() - 0.2) < 0.001
