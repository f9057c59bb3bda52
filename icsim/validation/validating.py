"""Running patterns with their ablations over seeds, and the verdict on each."""

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from icsim import running
from icsim.analysis.intervals import least_told, paired
from icsim.experiment import load
from icsim.recording.run import Run
from icsim.validation import pattern_figures
from icsim.validation.pattern import Check, Pattern
from icsim.workers import Pool, Workers, as_completed

SHOWN, NOT_SHOWN, UNSURE = "shown", "not shown", "cannot tell"
SHARE = "share of seeds"
"""Unit of a figure that is 1 in a seed where something happened and 0 in one where it did not."""


@dataclass(frozen=True)
class Setting:
    """Where patterns are run: a place, a sample of its people, and how many seeds."""

    place: str
    sample: float
    seeds: int
    first_seed: int = 1


@dataclass(frozen=True)
class Finding:
    """A check as the seeds have it.

    Attributes:
        mean, low, high: the figure and its 95% interval over seeds; NaN where there is none.
        values: by seed.
    """

    mean: float
    low: float
    high: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float], check: Check | None = None) -> "Finding":
        """Mean and interval; a share of seeds has an exact one (Clopper and Pearson 1934), never below 0."""
        if check is not None and check.unit == SHARE and not any(map(math.isnan, values)):
            seeds = stats.binomtest(round(sum(values)), len(values)).proportion_ci(method="exact")
            return cls(float(np.mean(values)), float(seeds.low), float(seeds.high), tuple(values))
        found = paired(np.array([values]))
        return cls(float(found.mean[0]), float(found.low[0]), float(found.high[0]), tuple(values))

    @property
    def tells(self) -> float:
        """How far from a bound a figure must lie to be told from it in four of five such sets of seeds."""
        return least_told(self.values)

    def within(self, check: Check) -> bool | None:
        """Whether the interval lies in the bounds (True), outside (False) or across an edge (None)."""
        if math.isnan(self.low):
            return None
        inside, outside = check.holds(self.low, self.high), check.fails(self.low, self.high)
        return True if inside else False if outside else None


@dataclass(frozen=True)
class Verdict:
    """What came of one check of a pattern.

    Attributes:
        found, ablated: with the mechanism and without; the second is None where nothing is asked of it.
    """

    pattern: Pattern
    name: str
    check: Check
    found: Finding
    ablated: Finding | None

    @property
    def says(self) -> str:
        """``shown``: as expected, and gone without the mechanism; ``not shown``; ``cannot tell``."""
        within = self.found.within(self.check)
        if within is None:
            return UNSURE
        if not within:
            return NOT_SHOWN
        if self.ablated is None:
            return SHOWN
        survives = self.ablated.within(self.check)
        if survives is None:
            # across an edge: gone if the mechanism surely made a difference
            apart = Finding.of([a - b for a, b in zip(self.found.values, self.ablated.values, strict=True)])
            return SHOWN if apart.low > 0 or apart.high < 0 else UNSURE
        return NOT_SHOWN if survives else SHOWN

    @property
    def why(self) -> str:
        """Why it is not shown, in a few words."""
        if self.says == SHOWN:
            return ""
        within = self.found.within(self.check)
        if within is False:
            return "not as expected"
        if within is None:
            return "the interval crosses what is asked: more seeds or people"
        return "survives its ablation" if self.says == NOT_SHOWN else "the ablation's interval is too wide"


def figures_of(
    pattern: Pattern, setting: Setting, seed: int, ablated: bool, folder: str | None
) -> dict[str, float]:
    """Every figure of a pattern for one seed; runs its worlds, with results in ``folder`` for a while."""
    figures = pattern.figures(ablated)
    # an ablation of the figure alone needs no other worlds, but the same ones
    with tempfile.TemporaryDirectory(dir=folder) as own:
        worlds: dict[str, Run] = {}
        for world in pattern.worlds:
            overrides: dict[str, Any] = {
                **pattern.overrides(world, ablated),
                "population.sample": setting.sample, "seed": seed, "replicates": 1, "record.daily": False,
            }  # fmt: skip
            worlds[world] = running.run(
                load(pattern.place or setting.place, overrides), out=Path(own) / world
            )
        return {name: float(getattr(pattern_figures, figure)(worlds)) for name, figure in figures.items()}


def validate(
    wanted: Sequence[Pattern],
    setting: Setting,
    workers: Pool | None = None,
    told: Callable[[], object] = lambda: None,
    most: int = 0,
) -> Iterator[Verdict]:
    """Run patterns and their ablations; yields a verdict for every check, pattern by pattern.

    Args:
        wanted: the patterns.
        setting: the place, sample and seeds.
        workers: what makes the runs; left out, one process.
        told: called after each seed of a pattern or ablation.
        most: seeds of a pattern of which a check cannot be told: twice as many, and again, up to this.
    """
    found: dict[tuple[str, bool, int], dict[str, float]] = {}
    upto = dict.fromkeys((pattern.id for pattern in wanted), setting.first_seed)

    def verdicts(pattern: Pattern) -> Iterator[Verdict]:
        seeds = range(setting.first_seed, upto[pattern.id])
        for name, check in pattern.checks.items():
            usual = Finding.of([found[pattern.id, False, seed][name] for seed in seeds], check)
            without = None
            if name in pattern.figures(ablated=True):
                without = Finding.of([found[pattern.id, True, seed][name] for seed in seeds], check)
            yield Verdict(pattern, name, check, usual, without)

    with workers or Workers(1) as pool, tempfile.TemporaryDirectory(prefix="icsim-validate-") as scratch:
        folder = scratch if pool.shares_files else None
        left, seeds = list(wanted), setting.seeds
        while left:
            asked: dict[Future[dict[str, float]], tuple[str, bool, int]] = {
                pool.submit(figures_of, pattern, setting, seed, ablated, folder): (pattern.id, ablated, seed)
                for pattern in left
                for ablated in (False, True)
                for seed in range(upto[pattern.id], setting.first_seed + seeds)
            }
            for future in as_completed(asked):
                found[asked[future]] = future.result()
                told()
            upto |= dict.fromkeys((pattern.id for pattern in left), setting.first_seed + seeds)
            unsure = [one for one in left if any(verdict.says == UNSURE for verdict in verdicts(one))]
            left, seeds = (unsure, min(most, 2 * seeds)) if seeds < most else ([], seeds)
    for pattern in wanted:
        yield from verdicts(pattern)
