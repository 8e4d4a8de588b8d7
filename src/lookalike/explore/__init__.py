"""The collection as a whole: its map, its clusters, its near-duplicates, what is odd in it."""
