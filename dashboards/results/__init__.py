"""The pages on which finished runs, comparisons and sweeps are read, and what they rest on."""
