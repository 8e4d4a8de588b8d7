"""Data sets with a short name: a table and the URLs of its images, both on the web."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.datasets.about import About
from lookalike.errors import UsageError
from lookalike.sources.columns import ColumnKinds
from lookalike.sources.table_formats import CSV
from lookalike.sources.template import parse_template
from lookalike.tables.writing import writing_table
from lookalike.types import Scalar

if TYPE_CHECKING:
    from lookalike.fetch.policy import FetchPolicy

TABLE = "dataset.csv"


@dataclass(frozen=True, slots=True)
class TableDataset:
    """A csv on the web, and a template that makes the URL of each row's image."""

    about: About
    table: str
    images: str
    id: str
    label: str

    def write_table(self, out: Path, policy: FetchPolicy) -> Path:
        """Fetch the table and write it as `dataset.csv` with `id`, `url` and `label` in front.

        Raises `SourceError`, `UsageError` for a split, which it has none of.
        """
        from lookalike.fetch.files import fetch_file

        raw, path = out / f"{TABLE}.raw", out / TABLE
        if not path.is_file():
            fetch_file(self.table, raw, policy)
            template = parse_template(self.images)
            kinds = ColumnKinds(typed=False)
            for row in CSV.rows(str(raw)):
                kinds.observe(row.cells)
            columns = {"id": None, "url": None, "label": None, **kinds.kinds}
            with writing_table(path, columns) as write:
                for row in CSV.rows(str(raw)):
                    if not row.problem:
                        own: Mapping[str, Scalar] = {
                            "id": row.cells[self.id],
                            "url": template.fill(row.cells),
                            "label": row.cells[self.label],
                        }
                        write({**row.cells, **own})
            raw.unlink()
        return path

    def check_split(self, split: str | None) -> None:
        """Refuse a split: there are none. Raises `UsageError`."""
        if split is not None:
            raise UsageError(
                f"{self.about.name} is not split: leave --split out, and see lookalike split."
            )


@cache
def known_datasets() -> dict[str, TableDataset]:
    """All of them, by name."""
    rows = tomllib.loads(files("lookalike.datasets").joinpath("known.toml").read_text("utf-8"))
    return {
        name: TableDataset(
            About(f"dataset:{name}", row["title"], row["licence"], row["homepage"]),
            row["table"],
            row["images"],
            row["id"],
            row["label"],
        )
        for name, row in rows.items()
    }
