"""Filters: a small typed language of conditions on columns, and what answers it."""
