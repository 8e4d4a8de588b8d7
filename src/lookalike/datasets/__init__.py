"""Public data sets by name: found on disk or fetched, told with their licence, kept as images."""
