"""Experiment files shipped with icsim (YAML only)."""
