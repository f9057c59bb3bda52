"""Draws of assumed values that come with icsim, in which a place is still as the calibrated model has it.

One file, made by ``docs/make_plausible.py``: comments (``# key: value``) that say how, and the numbers of the
draws kept of those tried. A number says all of a draw (``icsim.analysis.doubt.numbered``).
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SHIPPED = Path(__file__).parent / "data" / "plausible_draws.csv"


@dataclass(frozen=True)
class Plausible:
    """Numbers of draws; ``about`` says how they were found."""

    about: dict[str, str]
    numbers: tuple[int, ...]


@cache
def shipped() -> Plausible:
    """Those that come with icsim."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    about = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    _, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    return Plausible(about, tuple(int(number) for number, _ in rows))
