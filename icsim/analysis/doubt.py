"""How much of a change rests on assumptions: draws of assumed values, the same for both worlds of a pair.

Luck is doubt that more pairs of runs take away. What this tells is the other kind: how far the change moves
when values that nobody has measured take others of their range. Every draw sets many values at once, has
pairs of its own seeds, and both worlds of a pair have the same draw, so that twins stay twins.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from icsim.analysis.outcomes import KNOWN
from icsim.evidence.catalogue import Catalogue, Parameter

if TYPE_CHECKING:
    import pandas as pd

    from icsim.analysis.comparison import Comparison

ASSUMPTIONS, ENSEMBLE = "assumptions", "ensemble"
STUDIES = {ASSUMPTIONS: "assumed values", ENSEMBLE: "plausible behaviours"}
"""The kinds of draw, and what varies in each, in words."""
PAIRS_EACH = 2
"""Of a draw; two are the least that tell luck from the draw, and more draws tell more."""
LEAST_DRAWS = 3
LEVEL = 0.95
SHUFFLES = 400
TOLD = 3
SEED = 1


def rows_to_draw(
    catalogue: Catalogue, read: Iterable[str], patterns: Sequence[str] = (), fixed: Iterable[str] = ()
) -> list[Parameter]:
    """The assumed rows of the catalogue that are drawn, in its order.

    Args:
        catalogue: the evidence.
        read: keys that the runs read.
        patterns: with wildcards, of keys; none for all.
        fixed: keys that an experiment sets, which stay.
    """
    those, fixed = set(read), set(fixed)
    return [
        row
        for row in catalogue
        if row.key in those and row.key not in fixed and _open(row) and _named(row.key, patterns)
    ]


def _open(row: Parameter) -> bool:
    if row.kind != "assumed" or not row.is_number or row.low is None or row.high is None:
        return False
    return row.low < row.high


def _named(key: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(key, pattern) for pattern in patterns)


def drawn(rows: Sequence[Parameter], count: int, seed: int = SEED) -> list[dict[str, float]]:
    """Values of the rows, ``count`` times: a Latin hypercube (SciPy) over triangles.

    The triangle of a row goes from its low to its high with its peak at the value itself: values near that
    are likelier, and none outside of the range is drawn.
    """
    positions = stats.qmc.LatinHypercube(max(len(rows), 1), rng=np.random.default_rng(seed)).random(count)
    return _within(rows, positions)


def numbered(rows: Sequence[Parameter], numbers: Iterable[int]) -> list[dict[str, float]]:
    """Values of the rows in the draws of these numbers, from the same triangles.

    Where in its triangle a value lies is a hash of its key and of the draw's number, so that a draw is the
    same whatever else is drawn, and a number says all of it.
    """
    return _within(rows, np.array([[_position(row.key, number) for row in rows] for number in numbers]))


def _within(rows: Sequence[Parameter], positions: np.ndarray) -> list[dict[str, float]]:
    """Values at these positions, 0 to 1, of the triangles of rows; shape (draws, rows)."""
    if not rows:
        return [{} for _ in positions]
    ends = np.array([(row.low, row.value, row.high) for row in rows], float)
    low, peak, high = ends[:, 0], np.clip(ends[:, 1], ends[:, 0], ends[:, 2]), ends[:, 2]
    shape = (peak - low) / (high - low)
    values = stats.triang.ppf(positions, shape, loc=low, scale=high - low)
    return [
        {row.key: float(value) for row, value in zip(rows, each, strict=True)}
        for each in np.clip(values, low, high)
    ]


def _position(key: str, number: int) -> float:
    """From 0 to 1, evenly spread over keys and numbers."""
    hashed = hashlib.blake2b(f"{key}:{number}".encode(), digest_size=8).digest()
    return int.from_bytes(hashed, "big") / 2**64


@dataclass(frozen=True)
class Spread:
    """What a change varies by over draws: a one-way analysis of variance with random effects (Searle 1971).

    Attributes:
        draws: how many draws have a figure.
        mean: over draws.
        low, high: the middle 95% of the draws, each drawn in to the mean until they vary as much as luck
            leaves to what was drawn (Louis 1984): what else the change might be.
        same_way: share of these that have the sign of the mean.
        luck: variance of a single pair within a draw.
        variance: that comes with what was drawn; with its 95% interval, by F.
    """

    draws: int
    mean: float
    low: float
    high: float
    same_way: float
    luck: float
    variance: float
    variance_low: float
    variance_high: float

    def times(self, factor: float, luck: float) -> "Spread":
        """The same where the change is so many times as large, and the variance by luck so many times."""
        s = self
        return Spread(
            s.draws, s.mean * factor, s.low * factor, s.high * factor, s.same_way, s.luck * luck,
            s.variance * factor**2, s.variance_low * factor**2, s.variance_high * factor**2,
        )  # fmt: skip


def spread_of(values: np.ndarray) -> Spread:
    """The analysis of differences, shape (draws, pairs of each); NaN where there is too little."""
    values = np.asarray(values, float)
    n, m = values.shape if values.ndim == 2 else (0, 0)
    if n < LEAST_DRAWS or m < 2:
        return Spread(n, *([nan] * 8))
    means = values.mean(axis=1)
    mean = float(means.mean())
    between = m * float(means.var(ddof=1))
    within = float(values.var(axis=1, ddof=1).mean())
    variance = max((between - within) / m, 0.0)
    drawn_in = mean + (means - mean) * (variance / (between / m)) ** 0.5 if between else means
    low, high = np.quantile(drawn_in, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    same = float((np.sign(drawn_in) == np.sign(mean)).mean())
    # Of a ratio of mean squares, F: those of the truth that would leave it within the middle 95%
    cuts = stats.f.ppf([(1 + LEVEL) / 2, (1 - LEVEL) / 2], n - 1, n * (m - 1))
    ends = (max((between / cut - within) / m, 0.0) for cut in cuts)
    return Spread(n, mean, float(low), float(high), same, within, variance, *map(float, ends))


@dataclass(frozen=True)
class Matters:
    """How far a change goes with one drawn value: a rank correlation (Spearman) over draws.

    Attributes:
        key: the row.
        correlation: from -1 to 1, with its 95% interval (Fisher).
    """

    key: str
    correlation: float
    low: float
    high: float


@dataclass(frozen=True)
class Ranking:
    """The values that a change goes with most closely, the closest first.

    Attributes:
        first: of all those drawn.
        drawn: how many were drawn.
        chance: the correlation that the closest of so many unrelated values reaches in one study of twenty.
    """

    first: tuple[Matters, ...]
    drawn: int
    chance: float

    @property
    def sure(self) -> tuple[Matters, ...]:
        """Those that stand out from chance, however many were looked at."""
        return tuple(one for one in self.first if abs(one.correlation) > self.chance)


def ranking(keys: Sequence[str], values: np.ndarray, means: np.ndarray, told: int = TOLD) -> Ranking:
    """Which drawn values go with the change.

    Args:
        keys: of the columns of ``values``.
        values: (draws, keys).
        means: of the change in each draw, (draws,).
        told: how many to tell.

    The change is shuffled against the draws again and again, and the closest of all values noted each time:
    what chance makes of so many values and so few draws (Westfall and Young 1993).
    """
    n = len(means)
    if n < LEAST_DRAWS + 1 or not len(keys) or np.ptp(means) == 0:
        return Ranking((), len(keys), nan)
    x, y = ranks(values), ranks(means[:, None])[:, 0]
    found = x.T @ y
    luck = np.random.default_rng(SEED)
    shuffled = np.stack([luck.permutation(y) for _ in range(SHUFFLES)], axis=1)
    chance = float(np.quantile(np.abs(x.T @ shuffled).max(axis=0), LEVEL))
    order = np.argsort(-np.abs(found), kind="stable")[:told]
    return Ranking(tuple(_matters(keys[int(k)], float(found[k]), n) for k in order), len(keys), chance)


def ranks(columns: np.ndarray) -> np.ndarray:
    """Ranks of each column, centred and of length 1; nought where all are alike."""
    ranks = stats.rankdata(columns, axis=0)
    ranks = ranks - ranks.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0))
    return np.divide(ranks, length, out=np.zeros_like(ranks), where=length > 0)


def _matters(key: str, correlation: float, draws: int) -> Matters:
    half = stats.norm.ppf((1 + LEVEL) / 2) / max(draws - 3, 1) ** 0.5
    middle = np.arctanh(np.clip(correlation, -0.999999, 0.999999))
    return Matters(key, correlation, float(np.tanh(middle - half)), float(np.tanh(middle + half)))


@dataclass(frozen=True)
class Doubt:
    """What a study of draws says of one outcome under one policy, at the size of the comparison itself.

    Attributes:
        study, outcome: which.
        spread: over the draws.
        share: of all the variance of the mean change - by luck over as many pairs as there are, and by each
            study - what comes with what this study drew; with its 95% interval. NaN where it cannot be told.
        ranking: values that the change goes with.
    """

    study: str
    outcome: str
    spread: Spread
    share: tuple[float, float, float]
    ranking: Ranking


@dataclass(frozen=True)
class Doubts:
    """What is not known of the change of an outcome under a policy, kind by kind.

    Attributes:
        outcome: whose change.
        luck: share of the variance of the mean change that is luck; NaN where it cannot be told.
        deviation: the standard deviation of all kinds together, in the outcome's unit.
        studies: of draws, in the order of ``STUDIES``.
    """

    outcome: str
    luck: float
    deviation: float
    studies: tuple[Doubt, ...]


def studies_of(comparison: "Comparison") -> list[str]:
    """The kinds of draw that a comparison has, in the order of ``STUDIES``."""
    made = comparison.manifest.get("doubt", {})
    return [study for study in STUDIES if study in made]


def doubts(comparison: "Comparison", policy: str, outcome: str, *, change: bool = True) -> Doubts:
    """What luck and each study of a comparison say of an outcome of the place over the whole run.

    Without ``change`` it is of what the outcome is under the reference, and not of what the policy changes.
    """
    found = {study: _drawn(comparison, study, policy, outcome, change) for study in studies_of(comparison)}
    spreads = {study: spread for study, (spread, _) in found.items()}
    luck = _luck(comparison, policy, outcome, spreads, change)
    known = {study: each for study, each in spreads.items() if not isnan(each.variance)}
    whole = luck + sum(each.variance for each in known.values())
    studies = []
    for study, (spread, ranks) in found.items():
        rest = whole - spread.variance
        ends = (spread.variance, spread.variance_low, spread.variance_high)
        low_to_high = tuple(each / (each + rest) if each + rest > 0 else nan for each in ends)
        studies.append(Doubt(study, outcome, spread, low_to_high, ranks))  # type: ignore[arg-type]
    share = luck / whole if whole > 0 else nan
    return Doubts(outcome, share, whole**0.5 if whole >= 0 else nan, tuple(studies))


def _luck(
    comparison: "Comparison", policy: str, outcome: str, spreads: Mapping[str, Spread], change: bool
) -> float:
    """Variance by luck of the mean over its own pairs; of one pair, as draws show it."""
    own = comparison.pairs(policy, outcome)
    if len(own) > 1:
        figures = own["policy"] - own["reference"] if change else own["reference"]
        return float(figures.var(ddof=1)) / len(own)
    within = [each.luck for each in spreads.values() if not isnan(each.luck)]
    return float(np.mean(within)) if within else nan


def _drawn(
    comparison: "Comparison", study: str, policy: str, outcome: str, change: bool
) -> tuple[Spread, Ranking]:
    """The spread over the draws of a study at the comparison's own size, and what the outcome goes with."""
    values, given = draws_of(comparison, study, policy, outcome, change=change)
    larger = 1 / comparison.manifest["doubt"][study].get("of_the_people", 1.0)
    grows = outcome in KNOWN and KNOWN[outcome].extensive
    spread = spread_of(values).times(larger, larger) if grows else spread_of(values).times(1.0, 1 / larger)
    if not len(values):
        return spread, Ranking((), given.shape[1], nan)
    return spread, ranking(list(given.columns), given.to_numpy(float), values.mean(axis=1))


def draws_of(
    comparison: "Comparison", study: str, policy: str, outcome: str, *, change: bool = True
) -> tuple[np.ndarray, "pd.DataFrame"]:
    """Figures of a study's draws, of as many people as lived in them, and what was drawn.

    Returns:
        the change of the outcome of the place over the whole run (or, without ``change``, what it is under
        the reference), shape (draws, pairs of each), and a table of as many rows with a column for each key.
    """
    d: Any = comparison.draws
    here = d[(d["study"] == study) & (d["outcome"] == outcome)]
    wide = here.pivot(index=["draw", "replicate"], columns="experiment", values="value")
    given = _values(comparison, study)
    if not {comparison.reference, policy} <= set(wide.columns):
        return np.zeros((0, 0)), given.iloc[:0]
    figures = wide[policy] - wide[comparison.reference] if change else wide[comparison.reference]
    table = figures.unstack("replicate").dropna()
    return table.to_numpy(float), given.reindex(table.index)


def _values(comparison: "Comparison", study: str) -> "pd.DataFrame":
    v: Any = comparison.drawn_values
    here = v[v["study"] == study]
    return here.pivot(index="draw", columns="key", values="value")


def parameters_of(draw: Mapping[str, float], own: Mapping[str, float]) -> dict[str, float]:
    """The values that an experiment of a draw has: what it sets itself stays."""
    return {**draw, **own}
