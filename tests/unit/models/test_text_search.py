"""Words are searched in the space of a two-tower model, as transformers would compare them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hub_cache import declare_torchvision_operators, offline_hub
from test_hf import TEXTS, clip, pictures, plain

import lookalike
from lookalike import Item

pytestmark = pytest.mark.extra


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    declare_torchvision_operators()
    return offline_hub(monkeypatch, tmp_path)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_words_alone_and_words_with_pictures(tmp_path: Path) -> None:
    import torch
    import transformers

    network, _ = clip(tmp_path / "made")
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(tmp_path / "made")
    tokens = tokenizer(TEXTS, padding=True, truncation=True, max_length=8, return_tensors="pt")
    with torch.inference_mode():
        features = network.get_text_features(
            input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]
        )
    texts = unit(plain(features).astype(np.float64))
    (tmp_path / "in").mkdir()
    for number, picture in enumerate(pictures()):
        picture.save(tmp_path / "in" / f"{number}.png")

    with lookalike.open(tmp_path, model=f"hf:{tmp_path / 'made'}") as library:
        library.add(tmp_path / "in")
        rows = unit(library.matrix().astype(np.float64))
        for text, vector in zip(TEXTS, texts, strict=True):
            hits = library.search(Item(text=text), 9)
            expected = rows @ vector
            assert hits.ids == [library.ids[i] for i in np.argsort(-expected)]
            assert hits.scores == pytest.approx(np.sort(expected)[::-1], abs=1e-3)
        mixed = library.search(
            positive=["id:1.png", f"text:{TEXTS[0]}"], negative=[f"text:{TEXTS[1]}"]
        )
        query = 0.75 * (rows[library.ids.index("1.png")] + texts[0]) / 2 - 0.15 * texts[1]
        near = dict(zip(library.ids, rows @ unit(query), strict=True))
        assert mixed.scores.tolist() == pytest.approx([near[i] for i in mixed.ids], abs=1e-3)
        assert mixed.query == f"id:1.png + text:{TEXTS[0]} - text:{TEXTS[1]}"
