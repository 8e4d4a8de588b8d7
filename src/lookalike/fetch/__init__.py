"""The web: one safe way to ask it for an image, and the way to ask for millions."""
