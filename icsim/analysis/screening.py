"""Which assumed values matter over many comparisons: what no single one has draws enough to tell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from icsim.analysis.comparison import Comparison
from icsim.analysis.doubt import ASSUMPTIONS, LEVEL, SEED, SHUFFLES, draws_of, ranks


@dataclass(frozen=True)
class Screened:
    """How far an outcome goes with one value over the draws of several comparisons.

    Attributes:
        key: the row of the catalogue.
        correlation: Spearman's, within comparisons and pooled over them; with its 95% interval.
        comparisons, draws: in which the value was drawn.
        beyond: how many standard errors from nought.
    """

    key: str
    correlation: float
    low: float
    high: float
    comparisons: int
    draws: int
    beyond: float


@dataclass(frozen=True)
class Screening:
    """What stands out.

    Attributes:
        found: the values that stand out from chance, the surest first.
        values: how many were looked at.
        draws: in all.
        chance: the number of standard errors that the furthest of so many unrelated values reaches in one
            study of twenty (Westfall and Young 1993, by shuffling within comparisons).
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

    Correlations of ranks within a comparison are pooled with their draws less one as weights (Hedges and
    Olkin 1985), so that places may differ in level and need not have the same values drawn.
    """
    luck = np.random.default_rng(SEED)
    keys: dict[str, int] = {}
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, int]] = []
    for one in comparisons:
        values, given = draws_of(one, ASSUMPTIONS, one.policies[0], outcome, change=change)
        if len(values) < 4 or np.ptp(values.mean(axis=1)) == 0:
            continue
        x, y = ranks(given.to_numpy(float)), ranks(values.mean(axis=1)[:, None])[:, 0]
        shuffled = np.stack([luck.permutation(y) for _ in range(SHUFFLES)], axis=1)
        at = np.array([keys.setdefault(str(key), len(keys)) for key in given.columns])
        parts.append((at, x.T @ y, x.T @ shuffled, len(y)))
    weight, found, by_chance = np.zeros(len(keys)), np.zeros(len(keys)), np.zeros((len(keys), SHUFFLES))
    count = np.zeros(len(keys), int)
    for at, r, shuffled, n in parts:
        weight[at] += n - 1
        count[at] += 1
        found[at] += (n - 1) * r
        by_chance[at] += (n - 1) * shuffled
    if not parts:
        return Screening((), 0, 0, float("nan"))
    root = np.sqrt(weight)
    beyond = found / root
    chance = float(np.quantile(np.abs(by_chance / root[:, None]).max(axis=0), LEVEL))
    names = list(keys)
    order = [int(k) for k in np.argsort(-np.abs(beyond), kind="stable") if abs(beyond[k]) > chance]
    those = (_screened(names[k], found[k] / weight[k], int(count[k]), weight[k], beyond[k]) for k in order)
    return Screening(tuple(those), len(keys), sum(n for *_, n in parts), chance)


def _screened(key: str, r: float, comparisons: int, weight: float, beyond: float) -> Screened:
    half = stats.norm.ppf((1 + LEVEL) / 2) / max(weight - 2 * comparisons, 1) ** 0.5
    middle = np.arctanh(np.clip(r, -0.999999, 0.999999))
    low, high = float(np.tanh(middle - half)), float(np.tanh(middle + half))
    return Screened(key, float(r), low, high, comparisons, int(weight) + comparisons, float(beyond))


def rows(found: Screening, of: str, outcome: str) -> Sequence[tuple[Any, ...]]:
    """Its table: what of which outcome, key, correlation, low, high, comparisons, draws."""
    return [
        (of, outcome, one.key, one.correlation, one.low, one.high, one.comparisons, one.draws)
        for one in found.found
    ]
