"""Behaviour matched to what programmes reported: sets of constants that no target rules out, not one best.

History matching (Craig and others 1997; Vernon, Goldstein and Bower 2010): runs of spread-out sets, an
emulator of each target (a Gaussian process, scikit-learn), and only sets that its doubt does not rule out are
tried in the next wave. What is kept has been run: an emulator's word is enough to be tried, never to be kept.
"""

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from icsim import __version__, evidence
from icsim.analysis.doubt import drawn
from icsim.evidence.catalogue import Parameter
from icsim.evidence.ensemble import Ensemble
from icsim.experiment.errors import ExperimentError, Problem
from icsim.validation.pattern import Check, Pattern, patterns
from icsim.validation.validating import Setting, figures_of
from icsim.workers import Pool, as_completed

SHIPPED = Path(__file__).with_name("behaviour.yaml")
CUT = 3.0
"""Implausibility beyond which a set is not tried (Pukelsheim's three standard deviations)."""
LUCK = 2.0
"""Standard deviations of luck by which a run may miss a target and be kept."""
CANDIDATES = 4000
Values = Mapping[str, float]


@dataclass(frozen=True)
class Plan:
    """What is sought, and to what: ``behaviour.yaml``."""

    place: str
    rows: tuple[Parameter, ...]
    used: tuple[Pattern, ...]
    unused: tuple[Pattern, ...]

    @classmethod
    def shipped(cls) -> "Plan":
        """The plan of this icsim."""
        written = YAML(typ="safe").load(SHIPPED.read_text(encoding="utf-8"))
        catalogue, known = evidence.load(), patterns()
        used, unused = (tuple(known[name] for name in written[key]) for key in ("used", "unused"))
        return cls(written["place"], tuple(catalogue[key] for key in written["parameters"]), used, unused)


@dataclass(frozen=True)
class Target:
    """A check that is used or kept for a test, by name."""

    name: str
    check: Check

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and most that is asked."""
        c = self.check
        if c.between is not None:
            return c.between
        low = c.above if c.above is not None else -np.inf
        return low, np.inf if c.below is None else c.below

    def off(self, values: np.ndarray) -> np.ndarray:
        """How far values lie outside of what is asked; 0 within."""
        low, high = self.bounds
        return np.maximum(np.maximum(low - values, values - high), 0.0)


def targets_of(wanted: Sequence[Pattern]) -> tuple[Target, ...]:
    """Every check of some patterns, in order."""
    return tuple(Target(f"{p.id}: {name}", check) for p in wanted for name, check in p.checks.items())


@dataclass(frozen=True)
class Matched:
    """What came of it.

    Attributes:
        plan: what was sought.
        ensemble: the sets kept.
        tried: sets that were run, by wave.
        luck: standard deviation between seeds of each used target at the catalogue's values.
        ruled_out: share of all that could be that the first wave's emulators rule out.
        at_catalogue: used and unused targets at the catalogue's values, by name.
        of_sets: the same of each set kept, by name, (sets,).
    """

    plan: Plan
    ensemble: Ensemble
    tried: tuple[int, int]
    luck: Mapping[str, float]
    ruled_out: float
    at_catalogue: Mapping[str, float]
    of_sets: Mapping[str, np.ndarray]


def match(
    plan: Plan,
    *,
    sets: int,
    sample: float,
    seeds: int,
    workers: Pool,
    told: Callable[[int], object] = lambda _: None,
) -> Matched:
    """Find sets of values that the used targets do not rule out, and try them on the unused ones.

    Args:
        plan: what is sought.
        sets: tried in the first wave; half as many in the second.
        sample: share of the people of each run.
        seeds: at the catalogue's values, from which the luck of a run is reckoned.
        workers: what makes the runs.
        told: called with the number of sets of runs that were made.

    Raises:
        ExperimentError: scikit-learn is missing, or no set is kept.
    """
    used, unused = targets_of(plan.used), targets_of(plan.unused)
    usual = {row.key: float(row.value) for row in plan.rows}
    with workers as pool, tempfile.TemporaryDirectory(prefix="icsim-behaviour-") as scratch:
        run = _Runner(pool, plan, sample, scratch if pool.shares_files else None, told)
        own = run.figures(plan.used, [usual] * seeds, range(1, seeds + 1))
        luck = own.std(axis=0, ddof=1) if seeds > 1 else np.zeros(len(used))
        first = drawn(plan.rows, sets)
        found = run.figures(plan.used, first, [1] * sets)
        second, ruled_out = next_wave(plan.rows, used, first, found, luck, max(sets // 2, 1))
        again = run.figures(plan.used, second, [1] * len(second))
        every, figures = [*first, *second], np.concatenate([found, again]) if len(second) else found
        kept = np.flatnonzero(within(used, figures, luck))
        if not len(kept):
            said = "no set of values that was tried meets the used targets; try more (--sets)"
            raise ExperimentError(Problem("calibrate", "--behaviour", said, sets))
        those = [every[k] for k in kept]
        test = run.figures(plan.unused, [usual, *those], [1] * (1 + len(those)))
    at = dict(zip([t.name for t in used], own.mean(axis=0), strict=True))
    at |= dict(zip([t.name for t in unused], test[0], strict=True))
    of = {t.name: figures[kept, k] for k, t in enumerate(used)}
    of |= {t.name: test[1:, k] for k, t in enumerate(unused)}
    about = {
        "made": f"icsim {__version__}, {date.today()}, "
        f"icsim calibrate --behaviour --sets {sets} --sample {sample:g} --seeds {seeds}",
        "place": f"{plan.place}, a sample of {sample:g}",
        "sets": f"{len(kept)} kept of {len(every)} run in two waves",
        "used": "; ".join(f"{t.name}, {t.check}" for t in used),
        "unused": "; ".join(f"{t.name}, {t.check}" for t in unused),
    }
    named = dict(zip([t.name for t in used], luck.tolist(), strict=True))
    return Matched(plan, Ensemble(about, those), (sets, len(second)), named, ruled_out, at, of)


class _Runner:
    """Runs patterns at sets of values, side by side."""

    def __init__(
        self, workers: Pool, plan: Plan, sample: float, folder: str | None, told: Callable[[int], object]
    ) -> None:
        self._workers, self._plan, self._sample = workers, plan, sample
        self._folder, self._told = folder, told

    def figures(self, wanted: Sequence[Pattern], sets: Sequence[Values], seeds: Sequence[int]) -> np.ndarray:
        """Every check of the patterns at each set with its seed, (sets, checks)."""
        setting = Setting(self._plan.place, self._sample, 1)
        jobs = [
            (k, pattern, seed)
            for k, (values, seed) in enumerate(zip(sets, seeds, strict=True))
            for pattern in (at_values(one, values) for one in wanted)
        ]
        asked: dict[Future[dict[str, float]], tuple[int, Pattern]] = {
            self._workers.submit(figures_of, pattern, setting, seed, False, self._folder): (k, pattern)
            for k, pattern, seed in jobs
        }
        made = []
        for future in as_completed(asked):
            made.append((*asked[future], future.result()))
            self._told(1)
        names = [target.name for target in targets_of(wanted)]
        found = np.full((len(sets), len(names)), np.nan)
        for k, pattern, figures in made:
            for name, value in figures.items():
                found[k, names.index(f"{pattern.id}: {name}")] = value
        return found


def at_values(pattern: Pattern, values: Values) -> Pattern:
    """A pattern whose worlds have these values of the catalogue."""
    own = {f"parameters.{key}": value for key, value in values.items()}
    return pattern.model_copy(update={"given": {**pattern.given, **own}})


def within(targets: Sequence[Target], figures: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Which sets meet every target, but for what luck may do, bool (sets,)."""
    off = np.stack([t.off(figures[:, k]) for k, t in enumerate(targets)], axis=1)
    return np.asarray((off <= LUCK * luck[None, :]).all(axis=1), bool)


def next_wave(
    rows: Sequence[Parameter],
    targets: Sequence[Target],
    sets: Sequence[Values],
    figures: np.ndarray,
    luck: np.ndarray,
    count: int,
) -> tuple[list[dict[str, float]], float]:
    """Sets to try next, and the share of all that could be that is ruled out.

    The implausibility of a set is how far its emulated figure lies outside of what a target asks, in standard
    deviations of emulator and luck together, the worst of all targets. Of those below ``CUT`` the least
    implausible are not picked but any, in the order in which they were drawn.
    """
    candidates = drawn(rows, CANDIDATES, seed=2)
    x, new = (unit(rows, one) for one in (sets, candidates))
    worst = np.zeros(len(candidates))
    for k, target in enumerate(targets):
        mean, deviation = emulated(x, figures[:, k], new)
        doubt = np.sqrt(deviation**2 + luck[k] ** 2)
        worst = np.maximum(worst, target.off(mean) / np.maximum(doubt, 1e-9))
    open_ = np.flatnonzero(worst < CUT)
    return [candidates[k] for k in open_[:count]], 1 - len(open_) / len(candidates)


def unit(rows: Sequence[Parameter], sets: Sequence[Values]) -> np.ndarray:
    """Values as positions in their ranges, 0 to 1, (sets, rows)."""
    low, high = (np.array([getattr(row, end) for row in rows], float) for end in ("low", "high"))
    return (np.array([[one[row.key] for row in rows] for one in sets], float) - low) / (high - low)


def emulated(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of a figure at new sets, by a Gaussian process fitted to those run."""
    try:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
    except ImportError:
        said = 'it needs scikit-learn: pip install "icsim[discovery]"'
        raise ExperimentError(Problem("calibrate", "--behaviour", said)) from None
    known = ~np.isnan(y)
    lengths: Any = np.full(x.shape[1], 1.0)
    kernel: Any = ConstantKernel(1.0, (1e-3, 1e3)) * Matern(lengths, (0.2, 100.0), nu=2.5)
    process = GaussianProcessRegressor(
        kernel + WhiteKernel(0.1, (1e-4, 10.0)), normalize_y=True, random_state=1
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound: a value without effect
        process.fit(x[known], y[known])
    mean, deviation = process.predict(new, return_std=True)[:2]
    return np.asarray(mean, float), np.asarray(deviation, float)


def page(found: Matched) -> str:
    """The account as Markdown: how, the values kept, the targets used and not used."""
    about, sets = found.ensemble.about, found.ensemble.sets
    tried, more = found.tried
    lines = [
        "# Plausible behaviours\n",
        "*Written by `icsim calibrate --behaviour --write` from `icsim/validation/behaviour.yaml`: not "
        "edited by "
        "hand.*\n",
        "Nobody has measured what moves organisations to work together. In place of one set of constants "
        "there is "
        "an ensemble: sets that what programmes reported does not rule out, found by history matching "
        "(Vernon, "
        "Goldstein and Bower 2010) with emulators by scikit-learn. `icsim compare ... --ensemble N` "
        "draws from it "
        "([comparing](comparing.md)); the default values stay those of the catalogue. No place has "
        "values of its "
        "own: how places differ is what the model predicts, and is not fitted.\n",
        f"{about['made']}; {about['place']}. {tried} sets were tried first, by which the emulators rule out "
        f"{found.ruled_out:.0%} of all that could be, then {more} of the rest. **{len(sets)} are kept**: "
        "run, and "
        f"within every used target but for {LUCK:g} standard deviations of luck.\n",
        "## Targets\n",
        "| target | used | asked | at the catalogue's values | sets kept: least, middle, most | met by |",
        "| --- | --- | --- | ---: | ---: | ---: |",
    ]
    for said, wanted in (("yes", found.plan.used), ("no", found.plan.unused)):
        for target in targets_of(wanted):
            values = found.of_sets[target.name]
            met = int((target.off(values) <= LUCK * found.luck.get(target.name, 0.0)).sum())
            three = ", ".join(f"{one:.3g}" for one in np.quantile(values, [0, 0.5, 1]))
            lines.append(
                f"| {target.name} | {said} | {target.check} {target.check.unit} | "
                f"{found.at_catalogue[target.name]:.3g} | {three} | {met} of {len(values)} |"
            )
    lines += [
        "\nThat the used targets are met shows that sets were picked by them, no more. The others are "
        "the test; each "
        "set was tried on them with one seed, so that luck is in the spread of sets.\n",
        "## Values\n",
        "| value | range | catalogue | sets kept: least, middle, most |",
        "| --- | ---: | ---: | ---: |",
    ]
    for row in found.plan.rows:
        kept = np.quantile([one[row.key] for one in sets], [0, 0.5, 1])
        three = ", ".join(f"{one:.3g}" for one in kept)
        lines.append(f"| {row.key} | {row.low:g} to {row.high:g} | {row.value:g} | {three} |")
    return "\n".join(lines) + "\n"
