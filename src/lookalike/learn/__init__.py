"""What is learned from a library: taught spaces, classifiers, labels, trained networks."""
