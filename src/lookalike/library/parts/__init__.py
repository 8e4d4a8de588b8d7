"""The methods of `Library`, a file for each thing that one does with it."""
