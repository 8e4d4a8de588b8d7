"""The page that `lookalike serve` shows: built files, made from `/web`, and their routes."""
