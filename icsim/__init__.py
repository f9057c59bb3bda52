"""icsim: a local integrated care system, person by person and day by day."""

__version__ = "0.1.0"
