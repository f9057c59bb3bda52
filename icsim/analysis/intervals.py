"""Intervals for differences between twins, and how many pairs of runs a wanted interval takes.

Every function takes figures of replicates along the last axis; NaN is a replicate without a figure.
"""

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.special import stdtrit

CONFIDENCE = 0.95
POWER = 0.8
LEAST_TO_TEST = 8
"""Pairs below which a departure from the normal cannot be seen: Student's t is taken."""
NORMAL_BELOW = 0.05
"""Shapiro and Wilk's p below which the bootstrap is taken."""
RESAMPLES = 2000
MOST_REPLICATES = 100_000
LEAST_SEQUENTIAL = 3
LOOK_AHEAD = 5
T, BOOTSTRAP, SAME, ONE, NONE = "paired t", "bootstrap", "all equal", "one pair", "unknown"


def least_told(values: Sequence[float]) -> float:
    """The least difference that such a sample tells from none, with 80% power in a two-sided test at 5%.

    By the standard deviation found: (t_0.975 + t_0.8) s / sqrt(n), Student's t with n - 1 degrees of freedom.
    NaN where there are fewer than two values, or one is NaN.
    """
    n = len(values)
    if n < 2 or not np.isfinite(values).all():
        return math.nan
    t = stdtrit(n - 1, (1 + CONFIDENCE) / 2) + stdtrit(n - 1, POWER)
    return float(t * np.std(values, ddof=1) / math.sqrt(n))


@dataclass(frozen=True)
class Intervals:
    """Means of differences with their 95% intervals; arrays of one shape, (rows,).

    Attributes:
        mean, low, high: the interval is NaN with one pair.
        sd: standard deviation of the differences; NaN with one pair.
        pairs: how many pairs have a figure.
        method: ``paired t``, ``bootstrap``, ``all equal``, ``one pair`` or ``unknown``.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    sd: np.ndarray
    pairs: np.ndarray
    method: np.ndarray


def paired(differences: np.ndarray) -> Intervals:
    """Mean and 95% interval of each row of differences between twins, (rows, replicates).

    Student's t on the differences; where eight pairs or more depart from the normal (Shapiro and Wilk), the
    expanded percentile bootstrap of Hesterberg (2015, The American Statistician 69:371). Differences that
    are all the same have an interval of no width where they are 0 or eight or more, else none.
    """
    d = np.atleast_2d(np.asarray(differences, float))
    known = ~np.isnan(d)
    pairs = known.sum(axis=-1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # rows without figures
        mean = np.nanmean(d, axis=-1)
        sd = np.where(pairs > 1, np.nanstd(d, axis=-1, ddof=1), np.nan)
    # all the same but for the last digits of sums of other figures
    same = (pairs > 1) & (sd <= 1e-12 * np.maximum(1.0, np.abs(mean)))
    half = half_width(sd, pairs)
    low, high = mean - half, mean + half
    sure = same & (
        (mean == 0) | (pairs >= LEAST_TO_TEST)
    )  # two or three small counts are soon alike by chance
    low[same], high[same] = (np.where(sure, mean, np.nan)[same] for _ in range(2))
    method = np.select([pairs == 0, pairs == 1, same], [NONE, ONE, SAME], T).astype(object)
    for row in np.flatnonzero((pairs >= LEAST_TO_TEST) & ~same):
        values = d[row, known[row]]
        if stats.shapiro(values).pvalue < NORMAL_BELOW:
            low[row], high[row] = bootstrap(values)
            method[row] = BOOTSTRAP
    return Intervals(mean, low, high, sd, pairs, method)


def half_width(sd: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Half the width of the 95% interval of a mean by Student's t; NaN below two pairs."""
    n = np.asarray(pairs, float)
    t = stdtrit(np.maximum(n - 1, 1), (1 + CONFIDENCE) / 2)
    return np.where(n > 1, t * np.asarray(sd, float) / np.sqrt(np.maximum(n, 1)), np.nan)


def bootstrap(values: np.ndarray, resamples: int = RESAMPLES) -> tuple[float, float]:
    """95% interval of the mean of ``values``, (n,), by resampling, the same each time.

    Percentiles are taken further out for small n, so that the interval of a normal sample is about Student's.
    """
    n = len(values)
    tail = stats.norm.cdf(math.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 - CONFIDENCE) / 2))
    drawn = np.random.default_rng(n).integers(n, size=(resamples, n))
    low, high = np.quantile(values[drawn].mean(axis=1), [tail, 1 - tail])
    return float(low), float(high)


def needed(sd: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least number of pairs whose expected half-width is at most ``target``: t(n-1) sd / sqrt(n).

    NaN where nothing is known of the spread; infinite where more than 100,000 would be needed.
    """
    sd, target = np.broadcast_arrays(np.asarray(sd, float), np.abs(np.asarray(target, float)))
    found = np.full(sd.shape, np.nan)
    for at in np.ndindex(sd.shape):
        if np.isnan(sd[at]) or np.isnan(target[at]):
            continue
        found[at] = _least(lambda n, s=sd[at]: float(half_width(s, np.array(n))), float(target[at]))
    return found


def _least(width: Callable[[int], float], target: float) -> float:
    """The least n from 2 on with ``width(n) <= target``, widths falling with n."""
    if width(2) <= target:
        return 2
    if target <= 0 or width(MOST_REPLICATES) > target:
        return math.inf
    low, high = 2, MOST_REPLICATES
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if width(middle) <= target else (middle, high)
    return high


def precise_after(
    differences: Sequence[float], share: float | None = None, half: float | None = None
) -> int | None:
    """How many pairs the sequential rule takes of ``differences``, in the order they came; None: not yet.

    The rule of Hoad, Robinson and Davies (2010, J. Operational Research Society 61:1632): the first n of
    three or more at which the half-width of the interval is at most ``share`` of the mean, or at most
    ``half``, and stays so for five more pairs (n/20 more above a hundred).
    """
    values = np.asarray(differences, float)
    good = [False] * LEAST_SEQUENTIAL
    for n in range(LEAST_SEQUENTIAL, len(values) + 1):
        seen = values[:n]
        target = abs(seen.mean()) * share if share is not None else float(half or 0.0)
        good.append(bool(half_width(seen.std(ddof=1), np.array(n)) <= target))
    for n in range(LEAST_SEQUENTIAL, len(values) + 1):
        last = n + (LOOK_AHEAD if n <= 100 else LOOK_AHEAD * n // 100)
        if last <= len(values) and all(good[n : last + 1]):
            return n
    return None


def of_ratio(upper: np.ndarray, lower: np.ndarray) -> tuple[float, float, float]:
    """Ratio of two means over the same pairs, (n,) each, and its 95% interval by Fieller's theorem.

    The interval is NaN with one pair, and where the lower mean cannot be told from 0: it has none then.
    """
    a, b = (np.asarray(values, float) for values in (upper, lower))
    n = len(a)
    ratio = float(a.mean() / b.mean()) if b.mean() else math.nan
    if n < 2:
        return ratio, math.nan, math.nan
    t = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))
    (aa, ab), (_, bb) = np.cov(a, b, ddof=1) / n
    square = b.mean() ** 2 - t**2 * bb
    if square <= 0:
        return ratio, math.nan, math.nan
    middle = a.mean() * b.mean() - t**2 * ab
    spread = math.sqrt(max(0.0, middle**2 - square * (a.mean() ** 2 - t**2 * aa)))
    return ratio, float((middle - spread) / square), float((middle + spread) / square)
