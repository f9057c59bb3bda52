"""The design of a sweep: every run there is to make, under a key that says what the run is."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.checkpoint import code_digest
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem
from icsim.experiment.tree import from_python
from icsim.sweeps.estimating import people_of
from icsim.sweeps.factors import Factor, factors_of
from icsim.sweeps.sampling import settings_of
from icsim.sweeps.spec import Written

if TYPE_CHECKING:
    import pandas as pd

KEY_LETTERS = 20
NOT_IN_KEY = ("name", "description", "record")
KEPT: dict[str, Any] = {
    "record.daily": False,
    "record.people": False,
    "record.monthly": True,
    "record.money": True,
    "record.by_age_and_imd": True,
    "replicates": 1,
}
"""What every run of a sweep records: the tables that outcomes are read from, and no others."""
SHOWN = 5


@dataclass(frozen=True)
class Point:
    """One set of values, run once for each replicate.

    Attributes:
        number: from 0.
        scenario: number of the point of the design it is; points that differ only in policy share it.
        policy: its name, "" where the sweep has none.
        values: of the factors, as designed.
        settings: everything that is set upon the base, by dotted key.
        experiment: resolved, without the seed's meaning.
    """

    number: int
    scenario: int
    policy: str
    values: dict[str, Any]
    settings: dict[str, Any]
    experiment: Experiment


@dataclass(frozen=True)
class RunSpec:
    """One run to be made: its key, what is set upon the base, its seed, and what it weighs."""

    number: int
    key: str
    point: int
    replicate: int
    seed: int
    settings: dict[str, Any]


def identity_of(spec: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """What a sweep is of: its file, the resolved experiment it builds on, and the version of the model."""
    plain = {key: value for key, value in spec.items() if key not in ("name", "description")}
    return _digest([plain, {k: v for k, v in base.items() if k not in NOT_IN_KEY}, code_digest()])


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def key_of(experiment: Mapping[str, Any], seed: int, code: str) -> str:
    """The key of a run: the same for the same resolved experiment, seed and version of the model."""
    plain = {key: value for key, value in experiment.items() if key not in NOT_IN_KEY}
    return _digest([{**plain, "seed": seed, "replicates": 1}, code])[:KEY_LETTERS]


@dataclass(frozen=True)
class Design:
    """All runs of a sweep.

    Attributes:
        name: of the sweep.
        spec: the sweep file's content, plain.
        base: the resolved experiment that all build on, plain.
        code: version of the model, a digest.
        factors: what varies.
        table: a row for each run: ``run`` (key), ``number``, ``point``, ``scenario``, ``policy``,
            ``replicate``, ``seed``, ``people``, ``years``, ``settings`` (JSON),
            ``position`` (list of float64, in 0 to 1, or null), and a column for each factor.
    """

    name: str
    spec: dict[str, Any]
    base: dict[str, Any]
    code: str
    factors: tuple[Factor, ...]
    table: "pd.DataFrame"

    @cached_property
    def runs(self) -> tuple[RunSpec, ...]:
        """A specification for each row of the table, in the order in which they are made.

        Replicate by replicate, so that runs of one seed, whose people are the same, stand together.
        """
        columns = ["number", "run", "point", "replicate", "seed"]
        rows = self.table[columns].itertuples(index=False, name=None)
        return tuple(
            RunSpec(int(number), str(key), int(point), int(replicate), int(seed), json.loads(settings))
            for (number, key, point, replicate, seed), settings in zip(
                rows, self.table["settings"], strict=True
            )
        )

    @cached_property
    def sizes(self) -> dict[int, tuple[float, float]]:
        """How many people each run has, and how many years, by number."""
        columns = ["number", "people", "years"]
        rows = self.table[columns].itertuples(index=False, name=None)
        return {int(number): (float(people), float(years)) for number, people, years in rows}

    @property
    def identity(self) -> str:
        """What it is of; see :func:`identity_of`."""
        return identity_of(self.spec, self.base)

    @property
    def points(self) -> int:
        """How many sets of values there are."""
        return int(self.table["point"].nunique())

    @property
    def keep(self) -> tuple[str, ...]:
        """Which dimensions of outcomes are kept."""
        return tuple(self.spec["keep"])


def base_of(written: Written, overrides: Iterable[str] = ()) -> Experiment:
    """The experiment a sweep builds on, with what ``set:`` fixes and what overrides say."""
    base = written.spec.base
    source = base
    if isinstance(base, str) and (written.folder / base).is_file():
        source = str(written.folder / base)
    try:
        base = load(source, written.spec.set)
    except ExperimentError as error:
        raise _placed(error, written, "set") from None
    return load(load(base, overrides), KEPT)


def make(written: Written, base: Experiment, told: Callable[..., object] = lambda steps=1: None) -> Design:
    """The design of a sweep file on what :func:`base_of` gave, every point checked.

    ``told`` is called as points are checked. Raises ``ExperimentError``.
    """
    spec = written.spec
    factors = factors_of(written)
    plain = base.to_dict()
    _check_alone(written, plain, factors)
    values, positions = settings_of(spec, factors)
    points = []
    policies = spec.policies or {"": {}}
    for scenario, chosen in enumerate(values):
        for policy, keys in policies.items():
            settings = {**chosen, **keys}
            experiment = _resolved(written, plain, settings, len(points), policy)
            points.append(Point(len(points), scenario, policy, chosen, settings, experiment))
            told()
    return Design(
        spec.name,
        spec.model_dump(mode="json"),
        plain,
        code_digest(),
        tuple(factors),
        _table(spec.replicates, spec.twins, base.seed, points, positions),
    )


def _check_alone(written: Written, base: dict[str, Any], factors: Iterable[Factor]) -> None:
    """Each factor's values on the base alone: a mistake is told once, with its line, not at every point."""
    problems: list[Problem] = []
    for factor in factors:
        for value in factor.values or (factor.at(0.0), factor.at(1.0)):
            try:
                load(base, {factor.key: value})
            except ExperimentError as error:
                problems += _placed(error, written, "factors", factor.key).problems
    for name, keys in written.spec.policies.items():
        try:
            load(base, keys)
        except ExperimentError as error:
            problems += _placed(error, written, "policies", name).problems
    if problems:
        raise ExperimentError(problems)


def _placed(error: ExperimentError, written: Written, *path: str | int) -> ExperimentError:
    """The error with the sweep file's line where it spoke of an override."""
    if path == ("set",):
        keys = {key for p in error.problems for key in written.spec.set if p.key.startswith(key)}
        path = ("set", *keys) if len(keys) == 1 else path
    where = written.where(*path)
    return ExperimentError(
        Problem(where if p.where in ("--set", "dict", "") else p.where, p.key, p.said, p.value, p.choices)
        for p in error.problems
    )


def _resolved(
    written: Written, base: dict[str, Any], settings: dict[str, Any], number: int, policy: str
) -> Experiment:
    try:
        return load(base, settings)
    except ExperimentError as error:
        path = ("points", number) if written.spec.design == "list" else ("factors",)
        placed = _placed(error, written, *path)
        said = f"point {number}" + (f" under policy {policy!r}" if policy else "")
        raise ExperimentError(
            Problem(p.where, p.key, f"{p.said} (at {said})", p.value, p.choices) for p in placed.problems
        ) from None


def _table(
    replicates: int, twins: bool, seed: int, points: list[Point], positions: np.ndarray | None
) -> "pd.DataFrame":
    import pandas as pd

    code = code_digest()
    plain = [point.experiment.to_dict() for point in points]
    keys = list(dict.fromkeys(key for point in points for key in point.values))
    everybody = {place: people_of(json.loads(place)) for place in {json.dumps(one["place"]) for one in plain}}
    rows = []
    for replicate in range(replicates):
        for point, plain_one in zip(points, plain, strict=True):
            own = seed + replicate + (0 if twins else point.scenario * replicates)
            rows.append(
                {
                    "run": key_of(plain_one, own, code),
                    "number": len(rows),
                    "point": point.number,
                    "scenario": point.scenario,
                    "policy": point.policy,
                    "replicate": replicate,
                    "seed": own,
                    "people": round(
                        everybody[json.dumps(plain_one["place"])] * plain_one["population"]["sample"]
                    ),
                    "years": plain_one["years"],
                    "settings": json.dumps(point.settings, default=str),
                    "position": None if positions is None else positions[point.scenario].tolist(),
                    **{key: point.values.get(key) for key in keys},
                }
            )
    table = pd.DataFrame(rows)
    for key in keys:
        table[key] = _column(table[key])
    return table


def _column(values: Any) -> Any:
    """One kind of value in a column: numbers stay, anything else becomes text."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values
    texts = [one if isinstance(one, str) else json.dumps(one, default=str) for one in values]
    return pd.Series(texts, index=values.index, dtype=object)


def from_file(source: str | Path | Mapping[str, Any], folder: Path = Path()) -> Written:
    """A sweep from a file, a shipped name, or a mapping as a file would hold it."""
    from icsim.experiment.loading import DICT
    from icsim.sweeps import spec

    if isinstance(source, Mapping):
        return spec.checked(from_python(source, DICT), folder, str(source.get("name", "sweep")))
    return spec.read(source)


def with_replicates(written: Written, replicates: int) -> Written:
    """The sweep with another number of replicates."""
    if replicates < 1:
        raise ExperimentError(Problem("--replicates", "", "expected 1 or more", replicates))
    return replace(written, spec=written.spec.model_copy(update={"replicates": replicates}))


def opened(manifest: Mapping[str, Any], table: "pd.DataFrame") -> Design:
    """The design that a dataset holds, from its manifest and its table of runs."""
    factors = []
    for one in manifest["factors"]:
        plain: dict[str, Any] = {key: math.nan if value is None else value for key, value in one.items()}
        plain |= {"values": tuple(one["values"]), "levels": tuple(one["levels"])}
        factors.append(Factor(**plain))
    return Design(
        manifest["name"], manifest["sweep"], manifest["base"], manifest["code"], tuple(factors), table
    )
