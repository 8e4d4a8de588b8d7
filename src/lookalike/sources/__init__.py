"""References to images: from folders, archives, tables and lists of paths. Opens no image."""

from __future__ import annotations

from lookalike.sources.paths import split_paths
from lookalike.sources.resolve import is_quick_to_list, open_source, paths_source
from lookalike.sources.source import LabelFrom, Source

__all__ = ["LabelFrom", "Source", "is_quick_to_list", "open_source", "paths_source", "split_paths"]
