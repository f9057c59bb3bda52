"""A Gaussian process that stands for the model between the points of a sweep, with its error told.

It is fitted to the means of points. Its error is what it gets wrong of points that were kept from it, each in
turn (cross-validation), so that nobody takes it for the model.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from icsim.analysis.outcomes import ALL
from icsim.recording.store import ResultError
from icsim.sweeps.dataset import Dataset
from icsim.sweeps.factors import Factor

FOLDS = 5
LEAST_POINTS = 10
NORMAL_95 = 1.96
SEED = 1


@dataclass(frozen=True)
class Emulator:
    """Stands for an outcome's mean over luck.

    Attributes:
        factors: in order; listed values become a column each, 0 or 1.
        outcome: its name.
        error: root mean square of what it got wrong of points kept from it, in units of the outcome.
        explained: share of the variance between those points that it explained; below 0 worse than the mean.
        covered: share of those points within its 95% interval.
        points: fitted to.
    """

    factors: tuple[Factor, ...]
    outcome: str
    error: float
    explained: float
    covered: float
    points: int
    process: Any

    def predict(self, settings: Mapping[str, Any]) -> tuple[float, float]:
        """Mean and standard deviation of the outcome at a value for every factor.

        Raises:
            ResultError: a factor has no value, or one outside of what the sweep covered.
        """
        for factor in self.factors:
            value = settings.get(factor.key)
            inside = value in factor.values if factor.values else value is not None
            if inside and not factor.values:
                inside = factor.low <= float(value) <= factor.high  # type: ignore[arg-type]
            if not inside:
                known = ", ".join(map(str, factor.values)) or f"{factor.low:g} to {factor.high:g}"
                raise ResultError(f"{factor.key}: {value!r}: the sweep covered {known}")
        mean, deviation = self.process.predict(_columns(self.factors, [settings]), return_std=True)
        return float(mean[0]), float(deviation[0])

    def at_positions(self, positions: np.ndarray) -> np.ndarray:
        """Means at positions from 0 to 1, shape (points, factors)."""
        rows = [
            {one.key: one.at(float(u)) for one, u in zip(self.factors, row, strict=True)} for row in positions
        ]
        return self.process.predict(_columns(self.factors, rows))


def emulate(dataset: Dataset, outcome: str, *, policy: str = "", financial_year: str = ALL) -> Emulator:
    """Fit an emulator to an outcome of a sweep and try it on points kept from it.

    Raises:
        ResultError: no such outcome, too few points, or scikit-learn is not installed.
    """
    factors = dataset.design.factors
    table: Any = dataset.outcome(outcome, financial_year)
    table = table[table["policy"] == policy]
    means = table.groupby("scenario")["value"].mean()
    if len(means) < LEAST_POINTS:
        raise ResultError(f"an emulator needs {LEAST_POINTS} points or more; {len(means)} have succeeded")
    first = table.drop_duplicates("scenario").set_index("scenario").loc[means.index]
    keys = [factor.key for factor in factors]
    x = _columns(factors, first[keys].to_dict("records"))
    y = means.to_numpy(float)
    wrong, deviations = np.empty(len(y)), np.empty(len(y))
    order = np.random.default_rng(SEED).permutation(len(y))
    for part in np.array_split(order, FOLDS):
        rest = np.setdiff1d(order, part)
        mean, deviations[part] = _fitted(x[rest], y[rest]).predict(x[part], return_std=True)
        wrong[part] = y[part] - mean
    spread = float(((y - y.mean()) ** 2).mean())
    error = float((wrong**2).mean())
    return Emulator(
        tuple(factors), outcome, error**0.5, 1 - error / spread if spread else 1.0,
        float((np.abs(wrong) <= NORMAL_95 * deviations).mean()), len(y), _fitted(x, y),
    )  # fmt: skip


def _columns(factors: tuple[Factor, ...], rows: list[Any]) -> np.ndarray:
    """Values as numbers from 0 to 1, shape (points, columns)."""
    columns: list[list[float]] = []
    for factor in factors:
        if not factor.values:
            width = factor.high - factor.low
            columns.append([(float(row[factor.key]) - factor.low) / width for row in rows])
            continue
        known = [str(value) for value in factor.values]
        for value in known:
            columns.append([float(_same(row[factor.key], value)) for row in rows])
    return np.array(columns, dtype=float).T


def _same(given: Any, known: str) -> bool:
    """Whether a value is this one, however a table wrote it."""
    if str(given) == known:
        return True
    try:
        return float(given) == float(known)
    except (TypeError, ValueError):
        return False


def _fitted(x: np.ndarray, y: np.ndarray) -> Any:
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
    except ImportError:
        raise ResultError('an emulator needs scikit-learn: pip install "icsim[discovery]"') from None
    lengths: Any = np.ones(x.shape[1])
    smooth = Matern(length_scale=lengths, length_scale_bounds=(0.05, 100.0), nu=2.5)
    kernel: Any = ConstantKernel(1.0, (1e-3, 1e3)) * smooth + WhiteKernel(0.1, (1e-6, 10.0))
    process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=0, random_state=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound: a factor without effect
        return process.fit(x, y)
