"""What a library learns from its user on stored vectors: taught spaces, classifiers."""
