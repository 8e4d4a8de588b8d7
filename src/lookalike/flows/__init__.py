"""Configurations as flows of Metaflow: the same steps, one of them by many at once."""
