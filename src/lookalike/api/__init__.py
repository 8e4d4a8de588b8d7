"""The library over HTTP: search, look up, add, judge; safe to leave running."""
