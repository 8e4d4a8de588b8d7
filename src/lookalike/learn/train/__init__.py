"""Training of networks on the images of a library: several tasks, triplets, or both together."""
