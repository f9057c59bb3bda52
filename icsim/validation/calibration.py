"""Fitting a few parameters of the catalogue to rows of the baseline table: plan, search, result."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from icsim import evidence
from icsim.evidence import places
from icsim.experiment import load
from icsim.experiment.errors import ExperimentError, Problem, near
from icsim.experiment.reading import decoded, read_yaml
from icsim.experiment.tree import Mark, Node, dotted
from icsim.population.risk import need_rates
from icsim.validation import slopes
from icsim.validation.evaluations import Evaluation, Evaluator, Figure
from icsim.validation.fitting import Fit, Search

SHIPPED = Path(__file__).with_name("calibration.yaml")
SPREADS_IN_RANGE = 4.0
"""A row's low and high are taken as two spreads below and above the middle."""
DIGITS = 4
STEPS = 5
"""Steps that a search usually takes after its first derivatives."""
SMALL_RUNS = ((0.02, 2e3), (0.06, 6e3))
"""Share of the people, and the least number of them, of the runs from which the time is estimated."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class WrittenParameter(_Part):
    """A parameter of a plan as written: one ``key``, or several ``keys`` moved together under a ``name``."""

    key: str | None = None
    name: str | None = None
    keys: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_or_several(self) -> "WrittenParameter":
        if (self.key is None) == (not self.keys) or (self.key is None) == (self.name is None):
            raise ValueError("expected either a key, or a name with keys")
        return self


class Target(_Part):
    """A row of the baseline table to be met: tolerance in place of the table's, weight of its square."""

    row: str
    tolerance: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class Plan(_Part):
    """What to fit, and to what: the content of a plan file."""

    place: str
    years: float = Field(default=2.0, gt=0, le=20)
    pull: float = Field(default=0.1, gt=0, le=1)
    parameters: tuple[WrittenParameter, ...] = Field(min_length=1)
    targets: tuple[Target, ...] = Field(min_length=1)


def read_plan(path: Path = SHIPPED) -> tuple[Plan, Node]:
    """A plan and the tree it was read from; raises ``ExperimentError`` naming line, key and value."""
    mark = Mark(path.name, "file")
    try:
        tree = read_yaml(decoded(path.read_bytes(), mark), mark)
    except OSError as error:
        raise ExperimentError(Problem("--plan", "", f"cannot be read ({error})", value=str(path))) from None
    try:
        return Plan.model_validate(tree.plain()), tree
    except ValidationError as error:
        raise ExperimentError(_problem(details, tree) for details in error.errors()) from None


def _problem(details: Any, tree: Node) -> Problem:
    node, _ = tree.find(details["loc"])
    unknown = details["type"] == "extra_forbidden"
    said = "unknown key" if unknown else details["msg"].removeprefix("Value error, ")
    model = {"parameters": WrittenParameter, "targets": Target}.get(str((*details["loc"], "")[0]), Plan)
    fields = Plan.model_fields if len(details["loc"]) < 2 else model.model_fields
    choices = near(str(details["loc"][-1]), fields) if unknown else ()
    return Problem(str(node.mark), dotted(details["loc"]), said, choices=choices)


@dataclass(frozen=True)
class FittedParameter:
    """A parameter to be fitted: rows of the catalogue, and the scale on which it is sought.

    A position is 0 in the middle of the range and 1 a quarter of the range above; on a log scale where every
    value is positive, else on the plain one. Rows moved together share one factor.
    """

    name: str
    keys: tuple[str, ...]
    values: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    @property
    def is_log(self) -> bool:
        """Whether it is sought on a log scale."""
        return min(self.lows) > 0 or len(self.keys) > 1

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value; of several rows, factor on the values at the start."""
        if len(self.keys) == 1:
            return self.lows[0], self.highs[0]
        factors = zip(self.values, self.lows, self.highs, strict=True)
        below, above = zip(*((low / value, high / value) for value, low, high in factors), strict=True)
        return max(below), min(above)

    @property
    def scale(self) -> tuple[bool, float]:
        """Whether it is sought on a log scale, and how much of that scale is one spread."""
        return self.is_log, self._frame()[1]

    @property
    def bounds(self) -> tuple[float, float]:
        """Positions of the limits."""
        middle, spread = self._frame()
        low, high = ((self._scale(limit) - middle) / spread for limit in self.limits)
        return low, high

    def _scale(self, value: float) -> float:
        return math.log(value) if self.is_log else value

    def _frame(self) -> tuple[float, float]:
        low, high = (self._scale(limit) for limit in self.limits)
        return (low + high) / 2, (high - low) / SPREADS_IN_RANGE

    @property
    def start(self) -> float:
        """Position of the values as they are."""
        middle, spread = self._frame()
        return (self._scale(self.values[0] if len(self.keys) == 1 else 1.0) - middle) / spread

    def value(self, position: float) -> float:
        """The value, or the factor on several rows, at a position."""
        middle, spread = self._frame()
        found = middle + spread * position
        return min(max(math.exp(found) if self.is_log else found, self.limits[0]), self.limits[1])

    def settings(self, position: float) -> dict[str, float]:
        """The catalogue's values at a position, rounded; those at the start are given as they are."""
        if abs(position - self.start) < 1e-9:
            return dict(zip(self.keys, self.values, strict=True))
        at = self.value(position)
        values = [at] if len(self.keys) == 1 else [at * value for value in self.values]
        return {
            key: min(max(float(f"{value:.{DIGITS}g}"), low), high)
            for key, value, low, high in zip(self.keys, values, self.lows, self.highs, strict=True)
        }


def parameters_of(plan: Plan, set_already: Mapping[str, float], tree: Node) -> list[FittedParameter]:
    """The plan's parameters with their rows; raises ``ExperimentError`` for a row that cannot be fitted.

    ``set_already`` are values that the experiment sets.
    """
    catalogue = evidence.load()
    rows = {row.key: row for row in catalogue}
    path = catalogue.with_values({})
    need_rates(catalogue.with_values({}), path)
    found: list[FittedParameter] = []
    problems: list[Problem] = []
    taken: set[str] = set()
    for k, written in enumerate(plan.parameters):
        where = str(tree.find(("parameters", k))[0].mark)
        keys: list[str] = []
        for asked in (written.key, *written.keys):
            matching = [key for key in rows if fnmatchcase(key, asked or "")]
            if asked and not matching:
                said = "the evidence catalogue has no such parameter (icsim evidence WORD searches it)"
                problems.append(Problem(where, "parameters", said, asked, near(asked, rows, 3)))
            keys += matching
        for key in keys:
            said = _unfit(rows[key], key in path.used)
            said = "given twice" if key in taken else said
            said = "set by the experiment too" if key in set_already else said
            if said:
                problems.append(Problem(where, "parameters", said, key))
            taken.add(key)
        if len(keys) > 1 and any(rows[key].value and not rows[key].low for key in keys):
            said = "rows moved together by a factor need a low above 0"
            problems.append(Problem(where, "parameters", said, written.name))
        fitted = [rows[key] for key in keys if not written.keys or rows[key].value]  # a factor leaves 0 at 0
        found.append(
            FittedParameter(
                written.key or written.name or "",
                tuple(row.key for row in fitted),
                tuple(_number(row.value) for row in fitted),
                tuple(_number(row.low) for row in fitted),
                tuple(_number(row.high) for row in fitted),
            )
        )
    if problems:
        raise ExperimentError(problems)
    return found


def _number(value: float | str | None) -> float:
    return value if isinstance(value, float) else math.nan


def _unfit(row: evidence.Parameter, on_path: bool) -> str:
    if not row.is_number:
        return "holds text in the catalogue: it cannot be fitted"
    if row.kind != "assumed":
        return f"is {row.kind}: only assumed values are fitted"
    if row.low is None or row.high is None or (row.low >= row.high and row.value):
        return "has no range in the catalogue to be sought in"
    if on_path:
        return "is on the path of care by which needs are derived: changing it would change the needs too"
    return ""


@dataclass(frozen=True)
class Calibration:
    """A finished calibration.

    Attributes:
        plan, parameters, fit: what was asked, and what the search found.
        before, after: a figure for every row of the baseline table, means over seeds.
        weights: of each row as a target, shape (m,); 0 where it is none.
        place, sample, years, seeds, runs: how it was run.
        reused: parameters whose slopes were those of an earlier calibration.
    """

    plan: Plan
    parameters: tuple[FittedParameter, ...]
    fit: Fit
    before: tuple[Figure, ...]
    after: tuple[Figure, ...]
    weights: np.ndarray
    place: str
    sample: float
    years: float
    seeds: tuple[int, ...]
    runs: int
    reused: int

    @property
    def used(self) -> np.ndarray:
        """Whether each row is a target."""
        return self.weights > 0

    @property
    def values(self) -> dict[str, float]:
        """The fitted values by catalogue key."""
        found: dict[str, float] = {}
        for parameter, position in zip(self.parameters, self.fit.at, strict=True):
            found |= parameter.settings(float(position))
        return found

    @property
    def changed(self) -> bool:
        """Whether any value is another than at the start."""
        return any(
            value != before
            for parameter in self.parameters
            for value, before in zip([self.values[k] for k in parameter.keys], parameter.values, strict=True)
        )


def misfits(figures: Sequence[Figure], tolerances: np.ndarray) -> np.ndarray:
    """How far each row lies from its published figure, in tolerances; NaN where none is asked."""
    return (np.array([figure.ratio for figure in figures]) - 1) / tolerances


def targets_of(plan: Plan, figures: Sequence[Figure], tree: Node) -> tuple[np.ndarray, np.ndarray]:
    """Weights and tolerances of all rows, shapes (m,); raises ``ExperimentError`` for a row there is not."""
    names = [figure.name for figure in figures]
    weights = np.zeros(len(names))
    tolerances = np.array([figure.tolerance for figure in figures])
    problems = []
    for k, target in enumerate(plan.targets):
        where = str(tree.find(("targets", k))[0].mark)
        if target.row not in names:
            said, choices = "the baseline table has no such row", near(target.row, names, 3)
            problems.append(Problem(where, "targets", said, value=target.row, choices=choices))
            continue
        at = names.index(target.row)
        tolerances[at] = target.tolerance or tolerances[at]
        weights[at] = target.weight
        if math.isnan(figures[at].found) or not figures[at].published:
            said = "the run has no figure to compare here: a larger sample or more years may give one"
            problems.append(Problem(where, "targets", said, value=target.row))
        elif math.isnan(tolerances[at]):
            said = "the table asks nothing of this row: give the target a tolerance"
            problems.append(Problem(where, "targets", said, value=target.row))
    if problems:
        raise ExperimentError(problems)
    return weights, tolerances


class Task:
    """A calibration to be made: the plan, the place, the draws of luck.

    Args:
        given: plan and tree from :func:`read_plan`.
        place: a shipped name, a file or any place of England; None takes the plan's.
        overrides: ``key=value`` texts upon the place's experiment.
        sample, years: in place of the experiment's share of people and the plan's length of runs.
        seeds: how many draws of luck, from the experiment's seed on.

    Raises:
        ExperimentError: a bad place, plan or override.
    """

    def __init__(
        self,
        given: tuple[Plan, Node],
        place: str | None = None,
        overrides: Iterable[str] = (),
        *,
        sample: float | None = None,
        years: float | None = None,
        seeds: int = 1,
    ) -> None:
        self.plan, self.tree = given
        options = {"years": self.plan.years if years is None else years, "programme": "none"}
        if sample is not None:
            options["population.sample"] = sample
        settings = [*overrides, *(f"{key}={value}" for key, value in options.items())]
        self.experiment = load(place or self.plan.place, settings)
        self.parameters = parameters_of(self.plan, self.experiment.parameters, self.tree)
        self.seeds = tuple(self.experiment.seed + k for k in range(seeds))

    def evaluator(self, **options: Any) -> Evaluator:
        """What makes the runs; ``options`` as of :class:`Evaluator`."""
        return Evaluator(self.experiment, **options)

    @property
    def runs_needed(self) -> int:
        """About how many runs it makes: for the derivatives, and for the steps of the search."""
        return len(self.parameters) + len(self.seeds) * (1 + STEPS)

    def seconds_a_run(self, evaluator: Evaluator) -> float:
        """Seconds one run takes, from small ones; also checks that every target is a row of the table."""
        whole = self.experiment.population.sample
        people = places.resolve(self.experiment.place).population
        small, large = (min(whole, max(share * whole, least / people)) for share, least in SMALL_RUNS)
        first, second = self.experiment.seed, self.experiment.seed + 1
        warm = evaluator.evaluations([({}, second)], small)[0]  # compiles
        seconds = [evaluator.evaluations([({}, first)], size)[0].seconds for size in (small, large)]
        named = [Figure(one.name, one.unit, 1.0, 1.0, 0.9, 1.1) for one in warm.figures]
        targets_of(self.plan, named, self.tree)  # so few people tell only which rows there are
        if large <= small:
            return seconds[1]
        return seconds[1] + max(0.0, seconds[1] - seconds[0]) * (whole - large) / (large - small)


def calibrate(task: Task, evaluator: Evaluator, quick: bool = False) -> Calibration:
    """Fit the plan's parameters to its targets.

    Args:
        task: what to fit.
        evaluator: makes the runs.
        quick: begin with the slopes of the last calibration of this place where there are any: fewer runs.

    Raises:
        ExperimentError: a target is no row of the baseline table.
    """
    plan, parameters, seeds = task.plan, task.parameters, task.seeds
    start = np.array([parameter.start for parameter in parameters])
    first = mean_figures(evaluator.evaluations([(_values(parameters, start), seed) for seed in seeds]))
    weights, tolerances = targets_of(plan, first, task.tree)
    names = [figure.name for figure in first]

    def measure(points: Sequence[tuple[np.ndarray, int]]) -> np.ndarray:
        found = evaluator.evaluations([(_values(parameters, at), seeds[k]) for at, k in points])
        tables = [{figure.name: figure for figure in one.figures} for one in found]
        rows = [[table.get(name, _absent(name)) for name in names] for table in tables]
        return np.array([misfits(one, tolerances) for one in rows])

    lower, upper = np.array([parameter.bounds for parameter in parameters]).T
    store = slopes.file_of(evaluator.cache, evaluator.experiment)
    known = slopes.kept(store, parameters, names, tolerances, weights > 0) if quick else None
    fit = Search(measure, lower, upper, weights, len(seeds), plan.pull, known).run(start)
    slopes.keep(store, fit, parameters, names, tolerances)
    last = mean_figures(evaluator.evaluations([(_values(parameters, fit.at), seed) for seed in seeds]))
    by_name = {figure.name: figure for figure in last}
    return Calibration(
        plan=plan,
        parameters=tuple(parameters),
        fit=fit,
        before=tuple(_asked(one, tolerance) for one, tolerance in zip(first, tolerances, strict=True)),
        after=tuple(
            _asked(by_name.get(name, _absent(name)), tolerance)
            for name, tolerance in zip(names, tolerances, strict=True)
        ),
        weights=weights,
        place=places.resolve(task.experiment.place).name,
        sample=task.experiment.population.sample,
        years=task.experiment.years,
        seeds=seeds,
        runs=evaluator.made,
        reused=0 if known is None else int(np.isfinite(known[weights > 0]).all(axis=0).sum()),
    )


def _asked(figure: Figure, tolerance: float) -> Figure:
    """A figure of which a target's own tolerance is asked, where that is not the table's."""
    if math.isnan(tolerance) or tolerance == figure.tolerance:
        return figure
    return replace(figure, low=1 - tolerance, high=1 + tolerance)


def _absent(name: str) -> Figure:
    return Figure(name, "", math.nan, math.nan)


def _values(parameters: Sequence[FittedParameter], positions: np.ndarray) -> dict[str, float]:
    found: dict[str, float] = {}
    for parameter, position in zip(parameters, positions, strict=True):
        found |= parameter.settings(float(position))
    return found


def mean_figures(evaluations: Sequence[Evaluation]) -> list[Figure]:
    """Figures of several runs of one point, averaged; rows that not all have are left out."""
    tables = [{figure.name: figure for figure in one.figures} for one in evaluations]
    return [
        replace(
            figure,
            found=float(np.mean([table[figure.name].found for table in tables])),
            published=float(np.mean([table[figure.name].published for table in tables])),
        )
        for figure in evaluations[0].figures
        if all(figure.name in table for table in tables)
    ]
