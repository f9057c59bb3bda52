"""Which assumed values matter over many comparisons: what no single one has draws enough to tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from icsim.analysis.comparison import Comparison
from icsim.analysis.doubt import ASSUMPTIONS, LEAST_DRAWS, LEVEL, SEED, TOLD, draws_of, ranks

CHANCE, SHUFFLES = 0.99, 2000


@dataclass(frozen=True)
class Screened:
    """How far an outcome goes with one value over the draws of several comparisons.

    Attributes:
        key: the row of the catalogue.
        correlation: Spearman's, within comparisons, the mean over them; with its 95% interval.
        comparisons: in which the value was drawn.
        draws: different ones in these; comparisons have the same draws, so that more places add no more.
        beyond: whether it stands out from chance.
    """

    key: str
    correlation: float
    low: float
    high: float
    comparisons: int
    draws: int
    beyond: bool


@dataclass(frozen=True)
class Screening:
    """What an outcome goes with.

    Attributes:
        found: the values that stand out from chance, and at least the three closest; the closest first.
        values: how many were looked at.
        draws: different ones.
        chance: how many standard errors the furthest of so many unrelated values reaches in one study of a
            hundred, for many outcomes are looked at (Westfall and Young 1993, by shuffling).
    """

    found: tuple[Screened, ...]
    values: int
    draws: int
    chance: float


def screening(comparisons: Iterable[Comparison], outcome: str, change: bool) -> Screening:
    """What the change of an outcome (or its level under the reference) goes with, over comparisons.

    Args:
        comparisons: of one policy each with its reference, with draws of assumed values.
        outcome: of the place over the whole run.
        change: the policy's less the reference's; otherwise the reference's own.

    Ranks are taken within a comparison, so that places may differ in level. A draw of the same number is the
    same draw in every comparison: draws are shuffled together, and what several places have by the chance of
    the draws that they share is not taken for a finding. Values that less than half of the comparisons draw,
    such as effects of a service that few have, are left out.
    """
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    keys: dict[str, int] = {}
    for one in comparisons:
        values, given = draws_of(one, ASSUMPTIONS, one.policies[0], outcome, change=change)
        if len(values) > LEAST_DRAWS and np.ptp(values.mean(axis=1)) > 0:
            at = np.array([keys.setdefault(str(key), len(keys)) for key in given.columns])
            y = ranks(values.mean(axis=1)[:, None])[:, 0]
            parts.append((at, given.index.to_numpy(int), ranks(given.to_numpy(float)), y))
    if not parts:
        return Screening((), 0, 0, float("nan"))
    numbers = np.unique(np.concatenate([own for _, own, _, _ in parts]))
    scores = np.random.default_rng(SEED).random((int(numbers.max()) + 1, SHUFFLES))
    count, n = np.zeros(len(keys)), np.zeros(len(keys))
    found, by_chance = np.zeros(len(keys)), np.zeros((len(keys), SHUFFLES))
    for at, own, x, y in parts:
        order = scores[own].argsort(axis=0).argsort(axis=0)
        count[at] += 1
        n[at] = np.maximum(n[at], len(own))
        found[at] += x.T @ y
        by_chance[at] += x.T @ y[order]
    error = np.sqrt(n - 1) / count  # of a mean of correlations over the same draws
    shared = count >= len(parts) / 2
    beyond = np.where(shared, np.abs(found * error), 0.0)
    chance = float(np.quantile(np.abs(by_chance * error[:, None])[shared].max(axis=0), CHANCE))
    names, many = list(keys), min(max(TOLD, int((beyond > chance).sum())), int(shared.sum()))
    told = tuple(
        _screened(names[k], float(found[k] / count[k]), int(count[k]), int(n[k]), bool(beyond[k] > chance))
        for k in np.argsort(-beyond, kind="stable")[:many].tolist()
    )
    return Screening(told, int(shared.sum()), len(numbers), chance)


def _screened(key: str, r: float, comparisons: int, draws: int, beyond: bool) -> Screened:
    half = stats.norm.ppf((1 + LEVEL) / 2) / max(draws - 3, 1) ** 0.5
    low, high = np.tanh(np.arctanh(np.clip(r, -0.999999, 0.999999)) + np.array([-half, half]))
    return Screened(key, float(r), float(low), float(high), comparisons, draws, beyond)


def rows(found: Screening, of: str, outcome: str) -> Sequence[tuple[Any, ...]]:
    """Its table: what of which outcome, key, correlation, low, high, comparisons, draws, beyond."""
    return [
        (
            of,
            outcome,
            one.key,
            one.correlation,
            one.low,
            one.high,
            one.comparisons,
            one.draws,
            int(one.beyond),
        )
        for one in found.found
    ]
