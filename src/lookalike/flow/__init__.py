"""One configuration of named steps: what has to run again, and running it."""
