"""Bytes to checked, upright RGB pixels: formats, limits, decoding, workers, fingerprints."""
