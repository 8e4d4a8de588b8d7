"""YAML with the line of every value: what is wrong is said with its line, and nothing explodes."""

import time
from pathlib import Path

import pytest

from lookalike.errors import UnknownNameError, UsageError
from lookalike.flow.entries import known_keys, parse_entries, read_entries

FILE = Path("config.yml")
BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)


def test_each_value_knows_its_line():
    root = parse_entries("a: 1\n\nb:\n  c: yes\n  d: [x, 2.5]\n", FILE)

    entries = root.mapping("it")
    inside = entries["b"].mapping("b")
    assert [entries["a"].line, entries["b"].line, inside["c"].line, inside["d"].line] == [
        1,
        3,
        4,
        5,
    ]
    assert (entries["a"].value, inside["c"].value, inside["d"].plain("d")) == (1, True, ["x", 2.5])
    assert inside["d"].place == "config.yml, line 5"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a: [1", "config.yml, line 1: this is not YAML"),
        ("a: 1\nb: 2\na: 3\n", "line 3: 'a' is there twice"),
        ("a: &x\n  b: *x\n", "line 1: this contains itself"),
        ("a: &x [1, *x]\n", "contains itself"),
        ("? [1, 2]\n: 3\n", "line 1: a name must be plain text"),
        ("a: !!python/object/apply:os.system [ls]\nb: *nothing\n", "line 2: this is not YAML"),
        ("a: \x00\n", "not YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, said):
    with pytest.raises(UsageError, match=r".") as caught:
        parse_entries(text, FILE)

    assert said in str(caught.value)


def test_a_bomb_of_aliases_does_not_go_off():
    begun = time.process_time()
    entries = parse_entries(BOMB, FILE).mapping("it")

    with pytest.raises(UsageError, match="list of plain values"):
        entries["u"].plain("`u`")
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("value", "reader", "said"),
    [
        ("[1]", "mapping", "must hold `name: value` lines"),
        ("5", "text", "must be text, not 5"),
        ("yes", "text", "must be text, not True"),
        ("1", "switch", "must be true or false, not 1"),
        ("{b: 1}", "plain", "not a mapping"),
    ],
)
def test_a_value_of_another_type_is_refused(value, reader, said):
    entry = parse_entries(f"a:\n  {value}\n", FILE).mapping("it")["a"]

    with pytest.raises(UsageError, match=f"config.yml, line 1: it.*{said}"):
        getattr(entry, reader)("it")


def test_an_unknown_key_names_the_nearest_and_the_line():
    entries = parse_entries("steps: 1\nlibary: 2\n", FILE).mapping("it")

    with pytest.raises(UnknownNameError, match=r"line 2, 'libary'. Did you mean library\?"):
        known_keys(entries, {"steps", "library"}, "key")


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.yml").write_bytes(b"a: caf\xe9\n")

    with pytest.raises(UsageError, match="No such file"):
        read_entries(tmp_path / "none.yml")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_entries(tmp_path / "latin.yml")
