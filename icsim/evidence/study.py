"""What the doubt about the nine places rests on: a study that comes with icsim (docs/assumptions.md).

Two tables made by ``docs/make_assumptions.py`` from comparisons of each place with and without its programme:
how far figures vary over draws of assumed values, and which values stand out from chance over all places.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, TypeVar, cast

T = TypeVar("T")
FOLDER = Path(__file__).parent / "data"
SPREADS, CLOSEST = FOLDER / "study_spreads.csv", FOLDER / "study_closest.csv"
LEVEL, CHANGE = "level", "change"
"""Of an outcome in a world without the programme, or of what the programme changes."""


@dataclass(frozen=True)
class Spread:
    """How far an outcome varies in one place.

    Attributes:
        place, of, outcome: of what; ``of`` is ``level`` or ``change``.
        draws: of assumed values.
        low, high: the middle 95% over draws, as a share of their mean (of a change, of the level's).
        luck, assumed, behaviour: parts of the variance of a mean over as many runs as the study made.
    """

    place: str
    of: str
    outcome: str
    draws: int
    low: float
    high: float
    luck: float
    assumed: float
    behaviour: float


@dataclass(frozen=True)
class Closest:
    """A value that an outcome goes with: rank correlation over draws, mean of places, with its 95% interval.

    ``beyond`` is 1 where it stands out from chance.
    """

    of: str
    outcome: str
    key: str
    correlation: float
    low: float
    high: float
    places: int
    draws: int
    beyond: int


@dataclass(frozen=True)
class Study:
    """The study: ``about`` says how it was made."""

    about: dict[str, str]
    spreads: tuple[Spread, ...]
    closest: tuple[Closest, ...]

    def spread(self, place: str, of: str, outcome: str) -> Spread | None:
        """Of a place; of one that was not studied, what is usual among those that were."""
        found = [one for one in self.spreads if (one.of, one.outcome) == (of, outcome)]
        own = next((one for one in found if one.place == place), None)
        if own is not None or not found:
            return own
        middle = {
            name: median(getattr(one, name) for one in found)
            for name in ("low", "high", "luck", "assumed", "behaviour")
        }
        return Spread("", of, outcome, found[0].draws, **middle)

    def nearest(self, of: str, outcome: str) -> tuple[Closest, ...]:
        """The values that an outcome goes with most, the closest first: all beyond chance, three at least."""
        return tuple(one for one in self.closest if (one.of, one.outcome) == (of, outcome))


@cache
def shipped() -> Study:
    """The study that comes with icsim."""
    about, spreads = _read(SPREADS, Spread)
    return Study(about, spreads, _read(CLOSEST, Closest)[1])


def _read(file: Path, kind: Callable[..., T]) -> tuple[dict[str, str], tuple[T, ...]]:
    """Comments of a table (``# key: value``), and its rows, each cell of its field's type."""
    lines = file.read_text(encoding="utf-8").splitlines()
    about = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    types: list[Any] = [field.type for field in fields(cast(Any, kind))]
    _, *rows = csv.reader(line for line in lines if not line.startswith("#"))
    return about, tuple(kind(*(of(cell) for of, cell in zip(types, row, strict=True))) for row in rows)
