"""Where what is made of a table lies by default: beside it, under a name that tells."""

from __future__ import annotations

from pathlib import Path


def beside(table: str, word: str, suffix: str | None = None) -> Path:
    """`goods.csv.gz` and `clean` give `goods.clean.csv.gz`, or end in `suffix`."""
    stem, own = _parts(Path(table).name)
    return Path(table).with_name(f"{stem}.{word}{suffix or own}")


def clean_outputs(table: str) -> tuple[Path, Path]:
    """The cleaned table, and that of the rows that went."""
    return beside(table, "clean"), beside(table, "removed", ".csv")


def split_output(folder: Path, table: str, split: str) -> Path:
    """`goods.train.csv` in a folder."""
    return folder / beside(table, split).name


def _parts(name: str) -> tuple[str, str]:
    packed = ".gz" if name.lower().endswith(".gz") else ""
    plain = name[: len(name) - len(packed)]
    stem, dot, suffix = plain.rpartition(".")
    return (stem, dot + suffix + name[len(plain) :]) if dot else (name, "")
