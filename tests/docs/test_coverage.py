"""The coverage page names every requirement once, and only what exists."""

import re
from pathlib import Path
from typing import Any

import typer

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "coverage.md"
ROW = re.compile(r"^\| ((?:S\d\.|B)\d+) \| (.+) \| (.+) \| (.*) \| (.*) \|$", re.MULTILINE)

REQUIREMENTS = """
S0.1-4 S0.6 S0.8-11 S0.13-20 S0.24-25
S1.3-8 S1.10-26
S2.1-6 S2.8-18 S2.20-26 S2.30-32
S3.1 S3.3-10 S3.14-17 S3.19-20 S3.22-27 S3.29-32
S4.2-3 S4.5-12 S4.15-20 S4.24-37
B1-17
"""


def expanded(ranges: str) -> list[str]:
    """`S0.1-4` as S0.1, S0.2, S0.3, S0.4."""
    codes = []
    for prefix, first, last in re.findall(r"(S\d\.|B)(\d+)(?:-(\d+))?", ranges):
        codes += [f"{prefix}{number}" for number in range(int(first), int(last or first) + 1)]
    return codes


def rows() -> list[tuple[str, ...]]:
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_every_requirement_has_one_row() -> None:
    assert sorted(row[0] for row in rows()) == sorted(expanded(REQUIREMENTS))


def test_what_is_served_has_a_page_and_a_test_and_what_is_not_has_neither() -> None:
    for code, _, served, page, test in rows():
        if served == "not yet":
            assert (page.strip(), test.strip()) == ("", ""), code
        else:
            assert "](" in page, f"{code} names no page"
            assert "`tests/" in test, f"{code} names no test"


def test_named_tests_exist() -> None:
    for name in re.findall(r"`(tests/[^`]+)`", PAGE.read_text(encoding="utf-8")):
        path, _, function = name.partition("::")
        assert (ROOT / path).exists(), f"{path} is not there"
        if function:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert f"def {function}(" in text, f"{path} has no {function}"


def test_named_commands_and_options_exist() -> None:
    from lookalike.cli.main import app

    top: Any = typer.main.get_command(app)
    for code, _, served, *_ in rows():
        for words in re.findall(r"`lookalike ([a-z][^`]*)`", served):
            command, rest = top, words.split()
            while rest and hasattr(command, "commands"):
                assert rest[0] in command.commands, f"{code}: there is no lookalike {words}"
                command = command.commands[rest.pop(0)]
            known = {flag for parameter in command.params for flag in parameter.opts}
            for option in (word for word in rest if re.fullmatch(r"--?[a-z][\w-]*", word)):
                assert option in known, f"{code}: lookalike {words} has no {option}"


def test_the_readme_names_every_command() -> None:
    from lookalike.cli.main import app

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert f"| `lookalike {name}` |" in text, name
