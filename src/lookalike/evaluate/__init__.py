"""How good the answers are: truth, metrics, intervals, comparisons, verdicts, reports."""
