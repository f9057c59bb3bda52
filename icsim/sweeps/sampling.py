"""Where the points of a design lie: positions from 0 to 1 for each factor."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from icsim.recording.store import ResultError
from icsim.sweeps.factors import Factor
from icsim.sweeps.spec import SweepFile

MORRIS_LEVELS = 4
"""Levels of a trajectory: Morris 1991 takes an even number and steps of half of them."""


def settings_of(spec: SweepFile, factors: Sequence[Factor]) -> tuple[list[dict[str, Any]], np.ndarray | None]:
    """The values of every factor at every point, and the positions, shape (points, factors).

    A grid and a list have no positions: None.
    """
    if isinstance(spec.points, list):
        return [dict(point) for point in spec.points], None
    if spec.design == "grid":
        every = itertools.product(*(factor.in_grid() for factor in factors))
        return [dict(zip((one.key for one in factors), values, strict=True)) for values in every], None
    positions = _positions(spec, len(factors))
    keys = [factor.key for factor in factors]
    points = [
        dict(zip(keys, (one.at(float(u)) for one, u in zip(factors, row, strict=True)), strict=True))
        for row in positions
    ]
    return points, positions


def problem(count: int, names: Sequence[str] | None = None) -> dict[str, Any]:
    """The unit cube as SALib has it."""
    return {
        "num_vars": count,
        "names": list(names or (f"x{k}" for k in range(count))),
        "bounds": [[0.0, 1.0]] * count,
    }


def _positions(spec: SweepFile, count: int) -> np.ndarray:
    try:
        from SALib.sample import latin, morris, sobol
    except ImportError:
        raise ResultError(f'design: {spec.design} needs SALib: pip install "icsim[cluster]"') from None

    points = int(spec.points) if isinstance(spec.points, int) else 1
    if spec.design == "lhs":
        found = latin.sample(problem(count), points, seed=spec.seed)
    elif spec.design == "sobol":
        found = sobol.sample(problem(count), points, calc_second_order=False, seed=spec.seed)
    else:
        found = morris.sample(problem(count), points, num_levels=MORRIS_LEVELS, seed=spec.seed)
    return np.asarray(found, dtype=np.float64)
