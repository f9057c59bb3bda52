"""A factor: a key of an experiment and the values it takes, from a position between 0 and 1."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from icsim import evidence
from icsim.evidence import places
from icsim.evidence.catalogue import Parameter
from icsim.experiment.errors import ExperimentError, Problem, near
from icsim.experiment.fields import EVIDENCE
from icsim.experiment.json_schema import all_keys, forms, schema_at
from icsim.experiment.loading import steps_of
from icsim.sweeps.spec import Every, Range, Written

LEVELS = 3
DECIMALS = 12


@dataclass(frozen=True)
class Factor:
    """What varies.

    Attributes:
        key: dotted, of an experiment.
        values: those it takes, where they are listed; () for a range.
        low, high, mode: of a range.
        distribution: how a range is covered: ``uniform``, ``loguniform`` or ``triangular``.
        whole: whether the key takes whole numbers.
        levels: values of a range in a grid.
        kind: class of the evidence (``measured``, ``reported``, ``assumed``); "" for a range of one's own.
    """

    key: str
    values: tuple[Any, ...] = ()
    low: float = math.nan
    high: float = math.nan
    mode: float = math.nan
    distribution: str = "uniform"
    whole: bool = False
    levels: tuple[float, ...] = ()
    kind: str = ""

    def at(self, position: float) -> Any:
        """The value at a position in 0 to 1: quantiles of a range, equal parts for listed values."""
        if self.values:
            return self.values[min(int(position * len(self.values)), len(self.values) - 1)]
        low, high = self.low, self.high
        if self.distribution == "loguniform":
            value = low * (high / low) ** position
        elif self.distribution == "triangular":
            value = _triangular(position, low, self.mode, high)
        else:
            value = low + (high - low) * position
        value = min(max(value, low), high)
        return round(value) if self.whole else value

    def in_grid(self) -> Sequence[Any]:
        """Its values in a grid."""
        found = self.values or tuple(round(one) if self.whole else one for one in self.levels)
        return tuple(dict.fromkeys(found)) if not self.values else found


def _triangular(position: float, low: float, mode: float, high: float) -> float:
    at_mode = (mode - low) / (high - low)
    if position < at_mode:
        return low + math.sqrt(position * (high - low) * (mode - low))
    return high - math.sqrt((1 - position) * (high - low) * (high - mode))


def factors_of(written: Written) -> list[Factor]:
    """The factors of a sweep file, in its order; raises ``ExperimentError`` for ranges that cannot be."""
    found, problems = [], []
    for key in written.spec.factors:
        try:
            found.append(_factor(written, key))
        except ExperimentError as error:
            problems += error.problems
    if problems:
        raise ExperimentError(problems)
    return found


def row_of(key: str) -> Parameter | None:
    """The row of the evidence catalogue behind a key of an experiment."""
    path = steps_of(key)
    catalogue = evidence.load()
    if len(path) == 2 and path[0] == "parameters":
        return next((row for row in catalogue if row.key == path[1]), None)
    schema = schema_at(path)
    return catalogue[schema[EVIDENCE]] if schema and EVIDENCE in schema else None


def _factor(written: Written, key: str) -> Factor:
    given = written.spec.factors[key]
    where, name = written.where("factors", key), f"factors.{key}"
    if isinstance(given, list):
        return Factor(key, tuple(given))
    if isinstance(given, Every):
        return Factor(key, tuple(_every(given.every)))
    asked = given if isinstance(given, Range) else Range()
    row = row_of(key)
    low, high, mode, kind = asked.low, asked.high, asked.mode, ""
    if low is None or high is None:
        if row is None:
            path = steps_of(key)
            parameters = [f"parameters.{p.key}" for p in evidence.load() if p.is_number]
            choices = near(key, parameters if path[0] == "parameters" else [*all_keys(), *parameters])
            said = "no row of the evidence catalogue stands behind this key: give low and high"
            raise ExperimentError(Problem(where, name, said, choices=choices))
        if not row.is_number or row.low is None or row.high is None:
            what = "has no range in the evidence catalogue: give low and high"
            said = f"{row.key} {what if row.is_number else 'is text: give a list of values'}"
            raise ExperimentError(Problem(where, name, said))
        low = row.low if low is None else low
        high = row.high if high is None else high
        kind = row.kind
    if not low < high:
        raise ExperimentError(Problem(where, name, f"expected low below high, got {low:g} and {high:g}"))
    if asked.distribution == "loguniform" and low <= 0:
        raise ExperimentError(Problem(where, name, "loguniform needs low above 0", low))
    if mode is None:
        usual = row.value if row is not None and isinstance(row.value, float) else math.nan
        mode = usual if low <= usual <= high else (low + high) / 2
    if not low <= mode <= high:
        raise ExperimentError(Problem(where, f"{name}.mode", f"expected from {low:g} to {high:g}", mode))
    count = asked.levels or written.spec.levels
    if count is None and asked.low is None and asked.high is None:
        levels = (low, mode, high)
    else:
        count = count or LEVELS
        levels = tuple(round(low + (high - low) * step / (count - 1), DECIMALS) for step in range(count))
    return Factor(
        key, (), low, high, mode, asked.distribution, _is_whole(key), tuple(dict.fromkeys(levels)), kind
    )


def _is_whole(key: str) -> bool:
    schema = schema_at(steps_of(key))
    kinds = {form.get("type") for form in forms(schema)} if schema else set()
    return "integer" in kinds and "number" not in kinds


def _every(kind: str) -> list[str]:
    return places.shipped() if kind == "vanguard" else places.names_of_kind(kind)
