"""What turns pixels into a vector: catalogue, weights, networks and the runtimes that run them."""
