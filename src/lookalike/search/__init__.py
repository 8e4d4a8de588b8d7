"""What to look for, and the answer: queries, nearest neighbours, results, contact sheets."""
