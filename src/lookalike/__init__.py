"""Visual search for any pile of images."""
