"""The methods of `Store`, a file for each noun."""
