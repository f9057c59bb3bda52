"""Statistical process control as the NHS reads it: XmR charts in the manner of *Making Data Count*.

Mean, natural process limits at the mean plus and minus 2.66 times the mean moving range (3 / d2, d2 = 1.128
for ranges of two; Wheeler, *Understanding Variation*), and four rules for variation that has a special cause.
Written here because the kept packages draw with Matplotlib, which a run does not need otherwise, or run in R;
the four rules are shorter than an adapter to either would be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

LIMIT = 2.66
NEAR = 2 / 3
"""Share of the way from the mean to a limit from which a point is near it."""
SHIFT, TREND = 7, 6
"""Points in a row on one side of the mean, and points in a row each above (below) the one before."""
ENOUGH = 12
"""Points from which limits are drawn: a few moving ranges say little of what is usual."""

Better = Literal["high", "low", "neither"]
Sign = Literal["improvement", "concern", "special", "common"]


@dataclass(frozen=True)
class Xmr:
    """One measure over time and what is unusual in it.

    Attributes:
        values: the points, in order of time, shape (points,); NaN where there is none.
        mean: of the points.
        lower, upper: natural process limits; NaN, and no signals, with fewer points than ``ENOUGH``.
        outside, shift, trend, near: the rules: +1 where a point is part of a signal upwards, -1 downwards,
            else 0; shape (points,).
        better: whether high or low figures are wanted.
    """

    values: np.ndarray
    mean: float
    lower: float
    upper: float
    outside: np.ndarray
    shift: np.ndarray
    trend: np.ndarray
    near: np.ndarray
    better: Better

    @property
    def directions(self) -> np.ndarray:
        """+1 where a point is part of an upward signal, -1 downward, 0 for common cause.

        Where rules disagree the first of outside, shift, near and trend decides.
        """
        found = np.zeros(len(self.values), int)
        for rule in (self.outside, self.shift, self.near, self.trend):
            found = np.where(found == 0, rule, found)
        return found

    @property
    def signs(self) -> tuple[Sign, ...]:
        """What each point is: ``improvement``, ``concern``, ``special`` (neither is better) or ``common``."""
        return tuple(sign(int(direction), self.better) for direction in self.directions)

    @property
    def last(self) -> tuple[Sign, int]:
        """Sign and direction of the last point: what the icon beside a chart shows."""
        known = np.flatnonzero(~np.isnan(self.values))
        if not len(known):
            return "common", 0
        return self.signs[known[-1]], int(self.directions[known[-1]])

    def reasons(self, point: int) -> tuple[str, ...]:
        """In words, which rules a point meets."""
        rules = (
            (self.outside, "above the upper limit", "below the lower limit"),
            (
                self.shift,
                f"{SHIFT} or more in a row above the mean",
                f"{SHIFT} or more in a row below the mean",
            ),
            (self.trend, f"{TREND} or more rising in a row", f"{TREND} or more falling in a row"),
            (self.near, "2 of 3 near the upper limit", "2 of 3 near the lower limit"),
        )
        return tuple(up if rule[point] > 0 else down for rule, up, down in rules if rule[point])


def sign(direction: int, better: Better) -> Sign:
    """What a signal in a direction means when high or low figures are wanted."""
    if direction == 0:
        return "common"
    if better == "neither":
        return "special"
    return "improvement" if (direction > 0) == (better == "high") else "concern"


def xmr(values: Sequence[float] | np.ndarray, better: Better = "neither") -> Xmr:
    """Limits and signals of a series.

    Args:
        values: shape (points,), in order of time. NaN is no point: it ends runs and has no moving range.
        better: whether high or low figures are wanted.
    """
    x = np.asarray(values, float)
    known = x[~np.isnan(x)]
    ranges = np.abs(np.diff(x))
    ranges = ranges[~np.isnan(ranges)]
    mean = float(known.mean()) if len(known) else np.nan
    if len(known) < ENOUGH:
        none = np.zeros(len(x), int)
        return Xmr(x, mean, np.nan, np.nan, none, none, none, none, better)
    reach = LIMIT * float(ranges.mean())
    side = np.nan_to_num(np.sign(x - mean)).astype(int)
    step = np.r_[0, np.nan_to_num(np.sign(np.diff(x))).astype(int)]
    far = np.abs(x - mean)
    outside = np.where(far > reach, side, 0)
    near = np.where((far > NEAR * reach) & (far <= reach), side, 0)
    return Xmr(
        values=x,
        mean=mean,
        lower=mean - reach,
        upper=mean + reach,
        outside=outside,
        shift=_runs(side, SHIFT),
        trend=_trends(step),
        near=_two_of_three(side, near),
        better=better,
    )


def _runs(side: np.ndarray, length: int) -> np.ndarray:
    """Keep the runs of one sign that are at least this long, blank the rest."""
    found = np.zeros(len(side), int)
    start = 0
    for end in range(1, len(side) + 1):
        if end == len(side) or side[end] != side[start]:
            if side[start] != 0 and end - start >= length:
                found[start:end] = side[start]
            start = end
    return found


def _trends(step: np.ndarray) -> np.ndarray:
    """Points of rises or falls in a row: the point a trend starts from is one of its points."""
    steps = _runs(step, TREND - 1)
    found = steps.copy()
    for point in range(len(step) - 1):
        if found[point] == 0 and steps[point + 1] != 0:
            found[point] = steps[point + 1]
    return found


def _two_of_three(side: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Points near a limit that are at least two of three neighbours, all three on that side of the mean."""
    found = np.zeros(len(side), int)
    for start in range(len(side) - 2):
        three = slice(start, start + 3)
        if abs(side[three].sum()) == 3 and np.abs(near[three]).sum() >= 2:
            found[three] = np.where(near[three] != 0, near[three], found[three])
    return found
