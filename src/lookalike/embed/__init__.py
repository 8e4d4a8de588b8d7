"""The pipeline: references to decoded batches to vectors, a bounded, ordered stream of outcomes."""
