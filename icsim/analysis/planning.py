"""What a comparison is to be: its experiments, checked and alike enough for twins, and how many pairs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icsim.analysis import intervals
from icsim.analysis.telling import SHOWN
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem, near
from icsim.experiment.status_quo import with_status_quo

SHARED = ("place", "population", "start", "years", "seed")
"""Keys of an experiment without which people have no twins."""
AT_FIRST = intervals.LEAST_SEQUENTIAL + intervals.LOOK_AHEAD
"""Replicates made before a wanted precision is first looked at."""
MOST_REPLICATES = 1000
Written = str | Path | Mapping[str, Any] | Experiment


@dataclass(frozen=True)
class Plan:
    """How many replicates, and what each policy costs."""

    first: int
    most: int
    share: float | None
    half: float | None
    costs: tuple[float, ...]

    @property
    def sequential(self) -> bool:
        """Whether runs go on until an interval is narrow enough."""
        return self.share is not None or self.half is not None


def loaded_of(
    experiments: Sequence[Written], overrides: Iterable[str] | Mapping[str, Any]
) -> list[Experiment]:
    """The experiments, each checked, that can have twins."""
    loaded: list[Experiment] = []
    if not isinstance(experiments, str | Path | Mapping | Experiment):
        loaded = [load(one, own) for one, own in with_status_quo(experiments, overrides)]
    if len(loaded) < 2:
        raise bad("", "compare needs two or more experiments, the first to compare the others with")
    problems = []
    reference = loaded[0].to_dict()
    for other in loaded[1:]:
        own = other.to_dict()
        problems += [
            Problem(
                other.name,
                key,
                f"{loaded[0].name} has {_short(reference[key])}: twins need the same",
                _short(own[key]),
            )
            for key in SHARED
            if own[key] != reference[key]
        ]
    if problems:
        raise ExperimentError(problems)
    return loaded


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return value


def bad(key: str, said: str, value: Any = ..., choices: Sequence[str] = ()) -> ExperimentError:
    """What is wrong with an option of a comparison."""
    return ExperimentError(Problem("compare", key, said, value, choices))


def planned(
    loaded: list[Experiment],
    replicates: int | None,
    share: float | None,
    half: float | None,
    outcome: str,
    most: int,
    costs: Sequence[float],
) -> Plan:
    """The plan of the options given, or one error."""
    known = [one.name for one in SHOWN]
    if outcome not in known:
        raise bad("outcome", f"expected one of {', '.join(known)}", outcome, near(outcome, known))
    if share is not None and half is not None:
        raise bad("precision", "give either a precision or a half-width", share)
    for key, value in (("precision", share), ("half-width", half)):
        if value is not None and not 0 < value < float("inf"):
            raise bad(key, "expected a number above 0", value)
    for key, value in (("replicates", replicates), ("max-replicates", most)):
        if value is not None and not 1 <= value <= MOST_REPLICATES:
            raise bad(key, f"expected a whole number from 1 to {MOST_REPLICATES}", value)
    if costs and len(costs) != len(loaded) - 1:
        raise bad("cost", f"expected one for each of the {len(loaded) - 1} policies", list(costs))
    paid = tuple(float(cost) for cost in costs) or (0.0,) * (len(loaded) - 1)
    if share is None and half is None:
        number = loaded[0].replicates if replicates is None else replicates
        return Plan(number, number, None, None, paid)
    return Plan(min(most, max(AT_FIRST, replicates or 0)), most, share, half, paid)
