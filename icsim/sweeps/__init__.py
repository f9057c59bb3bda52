"""Designed sets of runs: which they are, how Ray makes them, and what came of them in one Parquet dataset."""
