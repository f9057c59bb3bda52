"""People of 65 and over who are admitted often, and what becomes of them a year later (Roland 2005)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from icsim.recording.run import Run

OFTEN = 2  # emergency admissions in a year
OLDER = 65


def admissions(run: Run, years: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Emergency admissions in the first year and the next of people then 65 and over, (people,) each.

    Args:
        run: with a table of people at its end.
        years: financial years that it holds, two or more.
    """
    people: Any = run.people
    older = people[people["age"] >= OLDER - 1 + len(years)]
    then, later = (
        older[f"emergency_admissions_{year.replace('/', '_')}"].to_numpy(dtype=float) for year in years[:2]
    )
    return then, later


def share(values: np.ndarray, of: np.ndarray) -> float:
    """Percent of all that falls to some people, a mask or rows."""
    return float(values[of].sum() / max(values.sum(), 1.0) * 100)
