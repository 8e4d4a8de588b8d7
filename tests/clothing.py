"""The photos that the project was begun with, where they lie beside it, or `LOOKALIKE_CLOTHING`."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLOTHING = Path(os.environ.get("LOOKALIKE_CLOTHING", ROOT.parent / "shared/data/clothing"))
TABLE = CLOTHING / "images.csv"
needs_clothing = pytest.mark.skipif(
    not CLOTHING.is_dir(), reason="the shared photos are not beside the project"
)
