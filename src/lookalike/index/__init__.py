"""Nearest rows of a matrix: vectors in, scores and row numbers out; knows nothing of images."""
