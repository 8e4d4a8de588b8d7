"""Writes the pages that are printed from the code; `--check` shows what is stale and exits 1."""

from __future__ import annotations

import argparse
import ast
import difflib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lookalike import errors
from lookalike.types import REASONS

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PACKAGE = ROOT / "src" / "lookalike"
NOTICE = "<!-- Written by docs/generate.py: change the code, then run `make docs`. -->\n\n"
ROUTES = """\
index    source -> plan -> decoder processes -> network -> transactions in library.db
search   query -> vector -> matrix cache, and what is newer -> keys -> images -> hits
"""
EXIT_CODES = {
    0: "done",
    1: "failed; one sentence on standard error says why and what to do",
    2: "wrong usage",
    3: "done, but some images were rejected: `lookalike rejects` lists them",
    130: "stopped by Ctrl-C; the same command goes on from there",
}


def layers() -> list[str]:
    """Folders and modules of the package in the order in which an image meets them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    names = [name.strip(" ()") for row in contract["layers"] for name in row.split("|")]
    return names[::-1]


def first_line(module: Path) -> str:
    """What a module is for: the first line of its docstring."""
    doc = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    if not doc:
        raise SystemExit(f"{module.relative_to(ROOT)} does not say what it is for (no docstring).")
    return doc.splitlines()[0]


def source_link(module: Path) -> str:
    """A link from the architecture page to a module or folder of the package."""
    name = module.relative_to(PACKAGE).as_posix() + ("/" if module.is_dir() else "")
    return f"[`{name}`](../../src/lookalike/{name})"


def architecture() -> str:
    """The map of the source: every folder in layer order, every module with its purpose."""
    page = (
        "# Architecture\n\n"
        "The source follows the route of one image, top to bottom. A folder may import only those "
        "above it on this page;\n`make check` holds it to that. What is said of each module is the "
        "first line of its docstring.\n\n"
        f"```text\n{ROUTES}```\n"
    )
    for name in layers():
        folder, module = PACKAGE / name, PACKAGE / f"{name}.py"
        if (folder / "__init__.py").exists():
            page += f"\n## {source_link(folder)}\n\n{first_line(folder / '__init__.py')}\n\n"
            for path in sorted(folder.rglob("*.py")):
                if path.parent != folder or path.name != "__init__.py":
                    page += f"- {source_link(path)}: {first_line(path)}\n"
        else:
            page += f"\n## {source_link(module)}\n\n{first_line(module)}\n"
    return page


def error_tree(kind: type[Exception], depth: int = 0) -> Iterator[str]:
    """A nested list of an error and those below it."""
    doc = (kind.__doc__ or "").splitlines()[0]
    yield f"{'  ' * depth}- `{kind.__name__}`: {doc}\n"
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from error_tree(child, depth + 1)


def error_page() -> str:
    """Every error of the package, and every reason for which an image is rejected."""
    reasons = "".join(f"| `{reason}` | {what} |\n" for reason, what in REASONS.items())
    return (
        "# Errors and reasons\n\n"
        "Every error raised on purpose, as one tree. Each can be imported from `lookalike.errors`; "
        "a message says what happened,\nwith which value, and what to do next. In the shell a "
        "`UsageError` ends with exit code 2, any other with 1.\n\n"
        + "".join(error_tree(errors.LookalikeError))
        + "\n## Why an image is rejected\n\n"
        "A bad image is an outcome, not an error: the run goes on, and `lookalike rejects` lists "
        "each with one of these reasons.\nA run that rejected something ends with exit code 3.\n\n"
        f"| reason | what happened |\n|---|---|\n{reasons}"
    )


def purposes(group: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command by its path, with the first line of its help."""
    for name, command in group.commands.items():
        yield (*above, name), command.help.splitlines()[0]
        if hasattr(command, "commands"):
            yield from purposes(command, (*above, name))


def command_page() -> str:
    """The help texts of the shell commands."""
    import typer
    from typer.cli import get_docs_for_click

    from lookalike.cli.main import app

    command: Any = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="lookalike")
    for path, purpose in purposes(command):
        name, anchor = path[-1], "-".join(["lookalike", *path])
        short = re.escape(purpose[:8])  # the list of commands has it cut short
        line = f"* [`{name}`](#{anchor}): {purpose}"
        pattern = re.compile(rf"^\* `{name}`: {short}.*$", re.MULTILINE)
        text = pattern.sub(line.replace("\\", r"\\"), text, count=1)  # both in one order
    codes = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    return (
        f"{text.rstrip()}\n\n## Output and exit codes\n\n"
        "Data go to standard output, talk and progress to standard error. Tables are tab-separated "
        "where the output is no\nterminal; `--json` is for programs.\n\n"
        f"| code | meaning |\n|---|---|\n{codes}"
    )


def model_page() -> str:
    """The catalogue of models, and the loaders for all others."""
    from lookalike.models.catalog import catalog

    page = (
        "# Models\n\n"
        "A model is named by a string: a row of this catalogue, or `LOADER:NAME` for any other. "
        "What it takes and gives is kept\nwith every space, and vectors of two models never mix. "
        "`lookalike models show NAME` lists its layers;\n"
        "[Bring your own model](../how-to/bring-your-own-model.md) shows all else.\n"
        "\n| name | values | head | takes | weights | licence |\n|---|---:|---|---|---|---|\n"
    )
    rows = sorted(catalog().values(), key=lambda row: row.name)
    for row in rows:
        spec = row.preprocessing
        how = f"{spec.shorter_side}, cut to {spec.crop}" if spec.fit == "crop" else spec.crop
        page += (
            f"| [`{row.name}`](#{row.name}) | {row.dimension} | {row.head} | {spec.fit} {how} "
            f"| {row.weights} | {row.licence} |\n"
        )
    for row in rows:
        spec = row.preprocessing
        digest = f", sha256 `{row.weights_sha256}`" if row.weights_sha256 else ""
        mean, scale = (
            ", ".join(f"{value:g}" for value in values) for values in (spec.mean, spec.scale)
        )
        page += (
            f"\n## {row.name}\n\n{row.advice}\n\nPixels: {spec.interpolation}, {spec.channels}, "
            f"mean {mean}, scale {scale}. Revision {row.revision}{digest}.\n"
        )
    return page


def openapi_document() -> str:
    """What `lookalike serve` offers."""
    from lookalike.api.app import openapi

    return json.dumps(openapi(), indent=2) + "\n"


def written(path: Path, write: Callable[[], str]) -> str:
    """A page as it should be; all but data say who writes it."""
    return ("" if path.suffix == ".json" else NOTICE) + write()


def pages() -> dict[Path, Callable[[], str]]:
    """Every generated page and what writes it."""
    return {
        DOCS / "explain" / "architecture.md": architecture,
        DOCS / "reference" / "errors.md": error_page,
        DOCS / "reference" / "models.md": model_page,
        DOCS / "reference" / "openapi.json": openapi_document,
        DOCS / "reference" / "cli.md": command_page,
    }


def stale() -> Iterator[str]:
    """The difference between each page as it is and as it should be; nothing when current."""
    for path, write in pages().items():
        name = path.relative_to(ROOT).as_posix()
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = written(path, write)
        yield from difflib.unified_diff(
            old.splitlines(True), new.splitlines(True), name, f"{name} (now)"
        )


def main() -> None:
    """Write the pages, or with `--check` compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when stale")
    if parser.parse_args().check:
        difference = "".join(stale())
        sys.exit(f"{difference}\nStale pages: run `make docs`." if difference else 0)
    for path, write in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(path, write), encoding="utf-8")


if __name__ == "__main__":
    main()
