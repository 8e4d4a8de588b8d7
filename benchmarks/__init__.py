"""Measurements of speed and memory against the usual ways; `make bench` runs them."""
