"""How much each factor of a sweep matters to an outcome, and how much is luck.

Sobol indices from a sweep of ``design: sobol``, elementary effects from ``design: morris``, both by SALib;
from any other sweep over ranges, Sobol indices of an emulator, whose own error is told with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np

from icsim.analysis.outcomes import ALL
from icsim.recording.store import ResultError
from icsim.sweeps.dataset import Dataset
from icsim.sweeps.emulator import Emulator, emulate
from icsim.sweeps.factors import Factor
from icsim.sweeps.sampling import MORRIS_LEVELS, problem

DEFAULT_OUTCOMES = ("emergency_admissions", "ae_attendances", "occupancy", "care_cost_gbp", "deaths")
LEVEL = 0.95
RESAMPLES = 500
EMULATED_POINTS = 1024
SEED = 1


@dataclass(frozen=True)
class Influence:
    """What one factor does to an outcome.

    Attributes:
        factor: which.
        first, first_half: share of the variance that it makes alone, and the half-width of its 95% interval;
            NaN for Morris.
        total, total_half: the same with all its interactions; for Morris the mean absolute elementary effect,
            in units of the outcome over the factor's whole range.
        spread: standard deviation of the elementary effects (Morris), NaN for Sobol.
    """

    factor: Factor
    first: float
    first_half: float
    total: float
    total_half: float
    spread: float = nan


@dataclass(frozen=True)
class Split:
    """Variance of an outcome over all runs, as shares of their sum; NaN where one replicate cannot tell.

    ``parameters``: between points; ``seeds``: between seeds that points share (twins only); ``luck``: what
    neither explains. ``low`` and ``high`` bound ``parameters`` (95%, points drawn again).
    """

    parameters: float
    seeds: float
    luck: float
    low: float
    high: float


@dataclass(frozen=True)
class Sensitivity:
    """What was found of one outcome under one policy; ``influences`` the strongest first."""

    outcome: str
    policy: str
    method: str
    points: int
    left_out: int
    mean: float
    deviation: float
    influences: tuple[Influence, ...]
    split: Split
    emulator: Emulator | None = None


def sensitivity(
    dataset: Dataset, outcome: str, *, policy: str = "", financial_year: str = ALL
) -> Sensitivity:
    """How much each factor matters to an outcome of the place.

    Args:
        dataset: with ranges as factors.
        outcome: its name.
        policy: which, where the sweep has several.
        financial_year: of the outcome; all of the run if left out.

    Raises:
        ResultError: no such outcome, no factors, or too few points that succeeded.
    """
    design = dataset.design
    if not design.factors:
        raise ResultError(f"{dataset.url} has no factors: there is nothing to be sensitive to")
    table: Any = dataset.outcome(outcome, financial_year)
    table = table[table["policy"] == policy]
    means = table.groupby("scenario")["value"].mean()
    kind = design.spec["design"]
    emulator = None
    if kind in ("sobol", "morris"):
        values, positions, left_out = _blocks(dataset, means, len(design.factors))
        found = (_sobol if kind == "sobol" else _morris)(design.factors, positions, values)
        method = "Sobol" if kind == "sobol" else "Morris"
    else:
        emulator = emulate(dataset, outcome, policy=policy, financial_year=financial_year)
        found, method, left_out = _of_emulator(design.factors, emulator), "Sobol of an emulator", 0
    order = sorted(found, key=lambda one: -one.total)
    return Sensitivity(
        outcome, policy, method, len(means), left_out, float(means.mean()), float(means.std()),
        tuple(order), split(table), emulator,
    )  # fmt: skip


def _blocks(dataset: Dataset, means: Any, count: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Means and positions of the blocks of points that all succeeded, and how many blocks did not."""
    table = dataset.design.table.drop_duplicates("scenario").sort_values("scenario")
    positions = np.array(table["position"].tolist(), dtype=float)
    values = means.reindex(table["scenario"]).to_numpy(float)
    size = count + 2 if dataset.design.spec["design"] == "sobol" else count + 1
    whole = ~np.isnan(values.reshape(-1, size)).any(axis=1)
    if whole.sum() < 2:
        raise ResultError(
            f"{dataset.url}: {int(whole.sum())} of {len(whole)} blocks of {size} points are complete; "
            "expected 2 or more: let the sweep go on"
        )
    kept = np.repeat(whole, size)
    return values[kept], positions[kept], int((~whole).sum())


def _sobol(factors: Sequence[Factor], positions: np.ndarray, values: np.ndarray) -> list[Influence]:
    from SALib.analyze import sobol

    if np.ptp(values) == 0:
        return [Influence(factor, 0.0, 0.0, 0.0, 0.0) for factor in factors]
    found = sobol.analyze(
        problem(len(factors)), values, calc_second_order=False, num_resamples=RESAMPLES, conf_level=LEVEL,
        seed=SEED,
    )  # fmt: skip
    rows = zip(factors, found["S1"], found["S1_conf"], found["ST"], found["ST_conf"], strict=True)
    return [Influence(factor, *(float(one) for one in numbers)) for factor, *numbers in rows]


def _morris(factors: Sequence[Factor], positions: np.ndarray, values: np.ndarray) -> list[Influence]:
    from SALib.analyze import morris

    found = morris.analyze(
        problem(len(factors)), positions, values, num_resamples=RESAMPLES, conf_level=LEVEL,
        num_levels=MORRIS_LEVELS, seed=SEED,
    )  # fmt: skip
    rows = zip(factors, found["mu_star"], found["mu_star_conf"], found["sigma"], strict=True)
    return [Influence(factor, nan, nan, float(mu), float(half), float(s)) for factor, mu, half, s in rows]


def _of_emulator(factors: Sequence[Factor], emulator: Emulator) -> list[Influence]:
    from SALib.sample import sobol

    positions = sobol.sample(problem(len(factors)), EMULATED_POINTS, calc_second_order=False, seed=SEED)
    return _sobol(factors, positions, emulator.at_positions(positions))


def split(table: Any) -> Split:
    """The variance of ``value`` between and within points; the table has ``scenario`` and ``seed`` too."""
    wide = table.pivot_table(index="scenario", columns="replicate", values="value").dropna()
    values = wide.to_numpy(float)
    if min(values.shape, default=0) < 2:
        return Split(nan, nan, nan, nan, nan)
    twins = bool((table.groupby("replicate")["seed"].nunique() == 1).all())
    found = _shares(values, twins)
    luck = np.random.default_rng(SEED)
    again = [_shares(values[luck.integers(0, len(values), len(values))], twins)[0] for _ in range(RESAMPLES)]
    low, high = np.nanquantile(again, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Split(*found, float(low), float(high))


def _shares(values: np.ndarray, twins: bool) -> tuple[float, float, float]:
    """Components of variance of points (rows) and replicates (columns), as shares, none below 0."""
    points, replicates = values.shape
    between = replicates * values.mean(axis=1).var(ddof=1)
    if twins:  # rows and columns crossed, one run in each cell
        rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
        luck = (rest**2).sum() / ((points - 1) * (replicates - 1))
        seeds = max((points * values.mean(axis=0).var(ddof=1) - luck) / points, 0.0)
    else:
        luck, seeds = values.var(axis=1, ddof=1).mean(), 0.0
    parameters = max((between - luck) / replicates, 0.0)
    total = parameters + seeds + luck
    return (parameters / total, seeds / total, luck / total) if total > 0 else (nan, nan, nan)


def percent(share: float) -> str:
    """A share in per cent, never 0% or 100% of what is only near to it."""
    if 0 < share < 0.01:
        return "under 0.1%" if share < 0.001 else f"{100 * share:.1f}%"
    return "over 99%" if 0.99 < share < 1 else f"{100 * share:.0f}%"
