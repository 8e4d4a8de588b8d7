"""Descriptors that need no weights: pixels, colours and local gradients."""
