"""`sift`: local gradients, gathered by VLAD; finds the same thing or print, not the same kind."""

from __future__ import annotations

import hashlib
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

import numpy as np

from lookalike.errors import MissingExtraError, ModelError
from lookalike.models.catalog import CatalogRow
from lookalike.models.network import Network, NetworkOptions
from lookalike.types import Floats, Pixels

CODEBOOK = "sift_codebook.bin"
WORDS, VALUES = 32, 128
MOST_KEYPOINTS = 800
CONTRAST = 0.02


def open_network(row: CatalogRow, options: NetworkOptions) -> Network:  # noqa: ARG001
    """The descriptor with its codebook. Raises `MissingExtraError`, `ModelError`."""
    if find_spec("cv2") is None:
        raise MissingExtraError("The model sift", "classic")
    data = files(__package__).joinpath(CODEBOOK).read_bytes()
    if hashlib.sha256(data).hexdigest() != row.weights_sha256:
        raise ModelError(f"{CODEBOOK} is not the codebook of the catalogue: install again.")
    return Sift(as_codebook(data))


def as_codebook(data: bytes) -> Floats:
    """Bytes (32 * 128) as visual words: RootSIFT descriptors (32, 128), each of length 1."""
    words = np.frombuffer(data, np.uint8).reshape(WORDS, VALUES).astype(np.float32)
    unit: Floats = words / np.linalg.norm(words, axis=1, keepdims=True)
    return unit


class Sift:
    """The vector of locally aggregated descriptors, of Jegou et al., "Aggregating local
    descriptors into a compact image representation" (2010).

    The descriptors are RootSIFT, the residuals of each visual word are scaled to length 1
    (Arandjelovic and Zisserman, "Three things everyone should know to improve object
    retrieval", 2012, and "All about VLAD", 2013). A picture without any keypoint, such as a
    blank one, has the zero vector, which the pipeline rejects.
    """

    runtime = "opencv"
    precision = "fp32"

    def __init__(self, codebook: Floats) -> None:
        self._codebook = codebook

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, 4096)."""
        return np.stack([vlad(root_sift(picture), self._codebook) for picture in pixels])


def root_sift(picture: Pixels) -> Floats:
    """RootSIFT descriptors (n, 128) of length 1 of an RGB picture; n may be 0."""
    cv2: Any = import_module("cv2")
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    detector = cv2.SIFT_create(nfeatures=MOST_KEYPOINTS, contrastThreshold=CONTRAST)
    _, found = detector.detectAndCompute(grey, None)
    if found is None:
        return np.empty((0, VALUES), np.float32)
    totals = np.maximum(found.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    roots: Floats = np.sqrt(found / totals)
    return roots


def vlad(descriptors: Floats, codebook: Floats) -> Floats:
    """Residuals to the nearest words, summed and scaled to length 1 word by word, all in one.

    (n, 128) and (words, 128) -> (words * 128,) of length 1, or zero when n is 0.
    """
    nearest = np.argmax(descriptors @ codebook.T, axis=1)
    sums = np.zeros_like(codebook)
    np.add.at(sums, nearest, descriptors - codebook[nearest])
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    sums /= np.where(lengths > 0, lengths, 1)
    whole: Floats = sums.ravel() / max(1.0, float(np.sqrt(np.count_nonzero(lengths))))
    return whole
