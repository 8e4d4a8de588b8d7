import csv
import gzip
import random
from pathlib import Path

import pytest

from lookalike.errors import DuplicateIdError, SourceError, UsageError
from lookalike.sources import open_source
from lookalike.sources.source import Source
from lookalike.types import File, Reference, Rejected


def table(folder: Path, text: str | bytes, name: str = "t.csv") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def good(source: Source) -> list[Reference]:
    return [offer for offer in source.references() if isinstance(offer, Reference)]


def bad(source: Source) -> list[tuple[str, str]]:
    return [
        (offer.id, offer.detail)
        for offer in source.references()
        if isinstance(offer, Rejected) and offer.reason == "bad-row"
    ]


def test_a_table_as_the_issue_has_it(tmp_path: Path) -> None:
    target = table(
        tmp_path,
        "image,sender_id,label,kids\n007,43,T-Shirt,False\nb c,29,,True\n",
        "images.csv",
    )
    source = open_source(
        target, path_template="images/{image}.jpg", id_column="image", label_column="label"
    )
    assert list(source.references()) == [
        Reference(
            "007", File(f"{tmp_path}/images/007.jpg"), "T-Shirt", {"sender_id": 43, "kids": False}
        ),
        Reference("b c", File(f"{tmp_path}/images/b c.jpg"), None, {"sender_id": 29, "kids": True}),
    ]
    assert source.notes == []
    assert source.uri == target


def test_the_id_is_by_default_the_path_as_written(tmp_path: Path) -> None:
    target = table(tmp_path, "path,n\n./a/b.jpg,1\n/abs/c.jpg,2\n../d.jpg,3\n")
    assert [(r.id, r.location, dict(r.meta)) for r in good(open_source(target))] == [
        ("a/b.jpg", File(f"{tmp_path}/a/b.jpg"), {"n": 1}),
        ("/abs/c.jpg", File("/abs/c.jpg"), {"n": 2}),
        ("../d.jpg", File(f"{tmp_path}/../d.jpg"), {"n": 3}),
    ]


def test_columns_of_a_template_are_metadata_unless_id_or_label(tmp_path: Path) -> None:
    target = table(tmp_path, "image,kind\n1,dress\n")
    [one] = good(open_source(target, path_template="{kind}/{image}.jpg", id_column="image"))
    assert (one.id, dict(one.meta)) == ("1", {"kind": "dress"})
    [one] = good(open_source(target, path_template="{kind}/{image}.jpg", label_column="kind"))
    assert (one.id, one.label, dict(one.meta)) == ("dress/1.jpg", "dress", {"image": 1})
    [one] = good(open_source(target, path_template="{kind}/{image}.jpg", label_from="folder"))
    assert one.label == "dress"


def test_types_are_those_of_the_whole_column(tmp_path: Path) -> None:
    target = table(
        tmp_path,
        "file,int,float,bool,zeros,mixed,big,empty,late\n"
        "a.jpg,-3,1.5,True,007,1,9223372036854775807,,1\n"
        "b.jpg,,2,false,8,x,9223372036854775808,,2\n"
        "c.jpg,0,1e3,TRUE,9,2,1,,nan\n",
    )
    assert [dict(r.meta) for r in good(open_source(target))] == [
        {"int": -3, "float": 1.5, "bool": True, "zeros": "007", "mixed": "1",
         "big": "9223372036854775807", "empty": None, "late": "1"},
        {"int": None, "float": 2.0, "bool": False, "zeros": "8", "mixed": "x",
         "big": "9223372036854775808", "empty": None, "late": "2"},
        {"int": 0, "float": 1000.0, "bool": True, "zeros": "9", "mixed": "2",
         "big": "1", "empty": None, "late": "nan"},
    ]  # fmt: skip
    assert {type(r.meta["float"]) for r in good(open_source(target))} == {float}


def test_duplicate_rows_are_offered_once_and_said(tmp_path: Path) -> None:
    target = table(tmp_path, "image,n\na.jpg,1\nb.jpg,2\na.jpg,1\n\nb.jpg,2\na.jpg,3\n")
    source = open_source(target)
    assert [(r.id, r.meta["n"]) for r in good(source)] == [("a.jpg", 1), ("b.jpg", 2)]
    assert source.notes == [
        "2 duplicate rows skipped, such as line 4",
        "1 row for an id that an earlier row has with other values skipped: line 7",
    ]


def test_one_id_for_two_files_names_both_lines(tmp_path: Path) -> None:
    target = table(tmp_path, 'id,path\n1,a.jpg\n2,"b\n.jpg"\n3,c.jpg\n1,d.jpg\n')
    found = []
    with pytest.raises(DuplicateIdError, match=r"lines 2 and 6 have the same id '1'"):
        found.extend(open_source(target, id_column="id").references())
    assert [offer.id for offer in found] == ["1", "2", "3"]


def test_two_ids_may_share_a_file(tmp_path: Path) -> None:
    target = table(tmp_path, "id,path\n1,a.jpg\n2,a.jpg\n")
    assert [r.id for r in good(open_source(target, id_column="id"))] == ["1", "2"]


def test_bad_rows_are_rejected_with_their_line(tmp_path: Path) -> None:
    target = table(
        tmp_path, 'id,path\n1,a.jpg\n2,\n3\n4,b.jpg,x\n,c.jpg\n5,d\0.jpg\n6,"e\n.jpg",\n7,f.jpg\n'
    )
    source = open_source(target, id_column="id")
    assert [r.id for r in good(source)] == ["1", "7"]
    assert bad(source) == [
        ("2", "line 3: column 'path' is empty"),
        ("t.csv:4", "line 4: 1 cell under 2 columns"),
        ("t.csv:5", "line 5: 3 cells under 2 columns"),
        ("t.csv:6", "line 6: column 'id' (the id) is empty"),
        ("5", "line 7: the path holds a NUL character"),
        ("t.csv:8", "line 8: 3 cells under 2 columns (lines 8 to 9)"),
    ]
    [first, *_] = [offer for offer in source.references() if isinstance(offer, Rejected)]
    assert first.uri == f"{target}:3"


def test_a_bad_row_takes_no_id_from_a_good_one(tmp_path: Path) -> None:
    source = open_source(table(tmp_path, "id,path\n1,\n1,a.jpg\n1,\n"), id_column="id")
    assert [type(offer) for offer in source.references()] == [Rejected, Reference, Rejected]
    assert source.notes == []


def test_a_template_with_an_empty_value_names_no_image(tmp_path: Path) -> None:
    target = table(tmp_path, "image,n\n,1\n")
    source = open_source(target, path_template="images/{image}.jpg")
    assert bad(source) == [("t.csv:2", "line 2: column 'image' is empty")]


def test_a_quote_never_closed_swallows_no_rows_in_silence(tmp_path: Path) -> None:
    target = table(tmp_path, 'path,note\na.jpg,ok\nb.jpg,"oh\nc.jpg,x\nd.jpg,y\n')
    source = open_source(target)
    assert [r.id for r in good(source)] == ["a.jpg"]
    assert bad(source) == [("t.csv:3", "line 3: a quote is opened and not closed (lines 3 to 5)")]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(tmp_path: Path, newline: str, mark: bytes) -> None:
    text = newline.join(["path,note", "a.jpg,ü", 'b.jpg,"x,""y"""', "", "c.jpg,z"])
    source = open_source(table(tmp_path, mark + text.encode()))
    found = [(r.id, r.meta["note"]) for r in good(source)]
    assert found == [("a.jpg", "ü"), ("b.jpg", 'x,"y"'), ("c.jpg", "z")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.tsv", "path\tn\na.jpg\t1\n"),
        ("T.TSV", "path\tn\na.jpg\t1\n"),
        ("t.csv", "path;n\na.jpg;1\n"),
        ("t.csv", ' path , n\n"a.jpg",1\n'),
        ("t.jsonl", '{"path": "a.jpg", "n": 1}\n'),
        ("t.ndjson", '\n{"n": 1, "path": "a.jpg"}'),
    ],
)
def test_every_text_format_plain_and_gzipped(tmp_path: Path, name: str, text: str) -> None:
    expected = [Reference("a.jpg", File(f"{tmp_path}/a.jpg"), None, {"n": 1})]
    assert good(open_source(table(tmp_path, text, name))) == expected
    assert (
        good(open_source(table(tmp_path, gzip.compress(text.encode()), name + ".gz"))) == expected
    )


def test_json_lines_keep_their_types(tmp_path: Path) -> None:
    target = table(
        tmp_path,
        '{"image": 7, "f": 1, "s": "5", "b": true, "l": [1, "ü"], "m": 1}\n'
        '{"image": 8.0, "f": 2.5, "extra": "x", "b": null, "s": "", "m": true}\n'
        '{"image": "ü", "f": NaN, "b": false, "m": 36893488147419103232}\n',
        "t.jsonl",
    )
    found = good(open_source(target, path_template="{image}.jpg", id_column="image"))
    assert [(r.id, dict(r.meta)) for r in found] == [
        ("7", {"f": 1.0, "s": "5", "b": True, "l": '[1, "ü"]', "m": "1", "extra": None}),
        ("8", {"f": 2.5, "s": None, "b": None, "l": None, "m": "true", "extra": "x"}),
        ("ü", {"f": None, "s": None, "b": False, "l": None, "m": "36893488147419103232",
               "extra": None}),
    ]  # fmt: skip


def test_bad_json_lines_are_rejected(tmp_path: Path) -> None:
    lines = [
        '{"path": "a.jpg"}', "{", "[1]", '"x"', "[" * 100_000, "9" * 5000, '{"path": null}',
        '{"other": 1}', '{"path": "\\ud800.jpg"}', '{"path": "\\udcff.jpg"}',
    ]  # fmt: skip
    source = open_source(table(tmp_path, "\n".join(lines), "t.jsonl"))
    assert [(r.id, r.location) for r in good(source)] == [
        ("a.jpg", File(f"{tmp_path}/a.jpg")),
        ("\\xff.jpg", File(f"{tmp_path}/\udcff.jpg")),
    ]
    rejected = bad(source)
    assert [id_ for id_, _ in rejected] == [f"t.jsonl:{line}" for line in range(2, 10)]
    assert [detail.partition(": ")[2] for _, detail in rejected][1:3] == ["not a JSON object"] * 2
    assert rejected[-1][1] == "line 9: the path is not valid Unicode"


def test_values_that_are_not_unicode_become_readable(tmp_path: Path) -> None:
    text = '{"path": "a.jpg", "id": "\\ud800", "la": "\\udfff", "\\ud801": "\\udcff"}'
    source = open_source(table(tmp_path, text, "t.jsonl"), id_column="id", label_column="la")
    [one] = good(source)
    assert (one.id, one.label, dict(one.meta)) == ("\\ud800", "\\udfff", {"\\ud801": "\\xff"})


def test_a_missing_column_is_said_with_those_there_are(tmp_path: Path) -> None:
    target = table(tmp_path, "Image,label,kids\na.jpg,x,1\n")
    with pytest.raises(SourceError, match=r"'t\.csv' has no column 'imgae'\. Did you mean 'Image'"):
        list(open_source(target, path_column="imgae").references())
    with pytest.raises(
        SourceError, match=r"no column 'zz'\. Its columns: 'Image', 'label', 'kids'"
    ):
        list(open_source(target, label_column="zz").references())
    with pytest.raises(SourceError, match="no column 'file'"):
        list(open_source(target, path_template="{file}.jpg").references())
    with pytest.raises(SourceError, match="no column 'nr'"):
        list(open_source(target, id_column="nr").references())


@pytest.mark.parametrize("columns", ["a,b", "image,path", "image,Image"])
def test_the_path_column_is_asked_for_when_it_cannot_be_told(tmp_path: Path, columns: str) -> None:
    target = table(tmp_path, f"{columns}\n1,2\n")
    with pytest.raises(SourceError, match="--path-column"):
        list(open_source(target).references())


def test_the_usual_path_column_is_found(tmp_path: Path) -> None:
    for name in ("image", "path", "file", "FileName", "filepath", "image_path"):
        target = table(tmp_path, f"x,{name}\n1,a.jpg\n")
        assert [r.id for r in good(open_source(target))] == ["a.jpg"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no line with the names of its columns"),
        (b"path,n,path\na,1,b\n", "two columns named 'path'"),
        ("path\ncaf\u00e9.jpg\n".encode("latin-1"), "not UTF-8: byte 0xe9"),
        ("path\na.jpg\n".encode("utf-16"), "not UTF-8: byte 0xff after line 0"),
        (b"path\n" + b"x" * 17_000_000, "line 2 has more than"),
        (b'path\n"' + b"x" * 9_000_000 + b"\n" + b"y" * 9_000_000 + b'"\n', "field larger"),
    ],
    ids=["empty", "two-of-a-name", "latin-1", "utf-16", "endless-line", "endless-cell"],
)
def test_what_is_no_table_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        list(open_source(table(tmp_path, content)).references())


def test_a_broken_gzip_is_said(tmp_path: Path) -> None:
    whole = gzip.compress(b"path\n" + b"".join(b"%d.jpg\n" % i for i in range(5000)))
    for data in (whole[:-2000], b"path\na.jpg\n", whole[:300] + bytes(50) + whole[350:]):
        with pytest.raises(SourceError, match=r"t\.csv\.gz' cannot be read"):
            list(open_source(table(tmp_path, data, "t.csv.gz")).references())


def test_a_long_cell_is_read(tmp_path: Path) -> None:
    target = table(tmp_path, "path,note\na.jpg," + "n" * 1_000_000 + "\n")
    [one] = good(open_source(target))
    assert one.meta["note"] == "n" * 1_000_000


def test_a_table_without_rows_says_so(tmp_path: Path) -> None:
    source = open_source(table(tmp_path, "path,n\n"))
    assert list(source.references()) == []
    assert source.notes == ["no row of the table could be used"]
    source = open_source(table(tmp_path, "path,n\n1\n"))
    assert len(bad(source)) == 1


def test_a_table_with_too_many_columns_is_refused(tmp_path: Path) -> None:
    lines = "\n".join(f'{{"path": "a", "c{i}": 1}}' for i in range(2500))
    with pytest.raises(SourceError, match="more than 2,000 columns"):
        list(open_source(table(tmp_path, lines, "t.jsonl")).references())


def test_contradicting_options_are_refused(tmp_path: Path) -> None:
    target = table(tmp_path, "path\na\n")
    with pytest.raises(UsageError, match="not both"):
        open_source(target, path_column="path", path_template="{path}")
    with pytest.raises(UsageError, match="not both"):
        open_source(target, label_column="path", label_from="folder")


def test_random_tables_come_back_as_the_csv_module_wrote_them(tmp_path: Path) -> None:
    rng = random.Random(7)
    letters = 'ab"\n\r,;\t é\u2028{}<>\\'
    rows = [
        [f"{i}.jpg", "".join(rng.choices(letters, k=rng.randrange(1, 8))) + "."]
        for i in range(2000)
    ]
    path = tmp_path / "t.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["path", "note"], *rows])
    found = good(open_source(str(path)))
    assert [[r.id, r.meta["note"]] for r in found] == rows
