"""One SQLite file is the truth about a library; matrices are caches derived from it."""

from lookalike.store.matrix import MatrixView
from lookalike.store.records import Counts, Finding, ImageRecord, RejectRecord, Space
from lookalike.store.store import Store

__all__ = [
    "Counts",
    "Finding",
    "ImageRecord",
    "MatrixView",
    "RejectRecord",
    "Space",
    "Store",
]
