"""Where trust and effort end, from every start and under every rule: the picture of the two stable states.

The choices are those of a run (``icsim.system.choices``), month by month for many years. Care is not lived
that long: a year of it is, once for every rule, and organisations then see that year again and again. So
pressure, receipts and activity stay at their pace, and joint work does not change them: the picture shows
what trust and effort do to one another under a contract, not what becomes of patients.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim import evidence
from icsim.evidence.catalogue import Catalogue
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem
from icsim.model import ICSModel
from icsim.running import release
from icsim.system.choices import Choices
from icsim.system.incentives import Belief
from icsim.system.observing import Seen
from icsim.system.parties import Parties
from icsim.system.relationships import Relationships
from icsim.system.sharing import Sharing

if TYPE_CHECKING:
    import pandas as pd

MONTHS = 12
MOST_VALUES = 101
STARTS = "relationships.initial_trust=0:1:11"
RULES = "contract.payment=activity,block,capitation"
CHOICE_ONLY = ("effort_", "trust_", "tie_", "leader_turnover_")
"""Parameters of choices alone: a year of care is the same whatever they are."""
DATED = ("contract.steps", "relationships.steps", "shocks")
"""Keys that cannot be played where care stands still."""


@dataclass(frozen=True)
class Axis:
    """A key of the experiment and the values it takes."""

    key: str
    values: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Axis":
        """From ``KEY=a,b,c`` or ``KEY=LOW:HIGH:NUMBER``; raises ``ExperimentError``."""
        key, equals, given = text.partition("=")
        said = "expected KEY=VALUE,VALUE,... or KEY=LOW:HIGH:NUMBER, two values or more"
        bad = ExperimentError(Problem("phase", "", said, text))
        if not (key and equals and given):
            raise bad
        values = given.split(",")
        if given.count(":") == 2 and len(values) == 1:
            low, high, number = given.split(":")
            try:
                values = [f"{x:.6g}" for x in np.linspace(float(low), float(high), int(number))]
            except ValueError:
                raise bad from None
        if not 2 <= len(values) <= MOST_VALUES or len(set(values)) < len(values) or not all(values):
            raise bad
        return cls(key.strip(), tuple(value.strip() for value in values))

    def set_to(self, value: str) -> str:
        """The override of one value."""
        return f"{self.key}={value}"


@dataclass(frozen=True)
class Phase:
    """Where every start ends.

    Attributes:
        name: of the experiment.
        across, down: the two axes.
        years: how long organisations chose.
        table: a row a cell and replicate: the axes' keys, replicate, trust, effort (means of the last year,
            each kind of organisation by its weight), and both at the start.
    """

    name: str
    across: Axis
    down: Axis
    years: int
    table: "pd.DataFrame"

    def ends(self, what: str) -> np.ndarray:
        """Mean ``trust`` or ``effort`` at the end, (down, across)."""
        means = self.table.groupby([self.down.key, self.across.key], sort=False)[what].mean()
        return means.to_numpy(float).reshape(len(self.down.values), len(self.across.values))


@dataclass
class _Standing:
    """A place whose care stands still: what ``Choices`` needs of a model."""

    experiment: Experiment
    catalogue: Catalogue
    relationships: Relationships
    luck: int


@dataclass(frozen=True)
class _Lived:
    """A year of care as organisations saw it, month by month, and the agreement in force."""

    parties: Parties
    belief: Belief
    months: list[tuple[Seen, Sharing, np.ndarray]]


def phase(
    experiment: Any,
    *,
    across: str = STARTS,
    down: str = RULES,
    years: int = 15,
    sample: float = 0.05,
    overrides: Iterable[str] = (),
    advance: Callable[[int], Any] = lambda done: None,
) -> Phase:
    """Let organisations choose for years from every start, under every rule.

    Args:
        experiment: as ``icsim.run`` takes it; its ``replicates`` are draws of the organisations' luck.
        across, down: axes, as ``Axis.of`` reads them.
        years: how long they choose.
        sample: share of the people whose year is lived.
        overrides: ``KEY=VALUE`` texts.
        advance: called with 1 after each cell.

    Raises:
        icsim.experiment.ExperimentError: a bad experiment, axis or length, or something dated in it.
    """
    import pandas as pd

    if not 1 <= years <= 100:
        raise ExperimentError(Problem("phase", "years", "expected a whole number from 1 to 100", years))
    axes = Axis.of(across), Axis.of(down)
    if axes[0].key == axes[1].key:
        raise ExperimentError(Problem("phase", "", "the two axes need different keys", axes[0].key))
    given = [*overrides, f"population.sample={sample}", "years=1"]
    cells = [
        (x, y, load(experiment, [*given, axes[1].set_to(y), axes[0].set_to(x)]))
        for y in axes[1].values
        for x in axes[0].values
    ]
    _refuse_dates(cells[0][2])
    lived: dict[str, _Lived] = {}
    rows = []
    for x, y, cell in cells:
        year = _year_of(cell)
        if year not in lived:
            lived[year] = _live(cell)
        for replicate in range(cell.replicates):
            rows.append((x, y, replicate, *_chosen(cell, lived[year], replicate, years)))
        advance(1)
    names = [axes[0].key, axes[1].key, "replicate", "trust", "effort", "trust_at_start", "effort_at_start"]
    return Phase(cells[0][2].name, *axes, years, pd.DataFrame(rows, columns=names))


def _refuse_dates(experiment: Experiment) -> None:
    for key in DATED:
        value: Any = experiment
        for part in key.split("."):
            value = getattr(value, part)
        if value:
            said = "cannot be played here: care and contract stand still; leave it out"
            raise ExperimentError(Problem("phase", key, said))


def _year_of(experiment: Experiment) -> str:
    """What a year of care hangs on: all of the experiment but relationships and the rules of choice."""
    written = experiment.to_dict()
    written.pop("relationships")
    parameters = written["parameters"]
    written["parameters"] = {k: v for k, v in parameters.items() if not k.startswith(CHOICE_ONLY)}
    return json.dumps(written, sort_keys=True)


def _live(experiment: Experiment) -> _Lived:
    """Live a year and note what organisations see each month."""
    model = ICSModel(experiment)
    choices, months = model.strategy.choices, []
    chosen = choices.month

    def noted(seen: Seen, sharing: Sharing, loss: np.ndarray, *when: Any) -> list[str]:
        months.append((seen, sharing, loss))
        return chosen(seen, sharing, loss, *when)

    choices.month = noted  # pyright: ignore[reportAttributeAccessIssue]
    while model.running:
        model.step()
    found = _Lived(model.strategy.parties, choices.belief, months)
    release(model)
    return found


def _chosen(experiment: Experiment, lived: _Lived, replicate: int, years: int) -> Sequence[float]:
    """Trust and effort of the last year and at the start."""
    parties = lived.parties
    network = Relationships(parties.names, parties.kinds.tolist(), experiment.relationships)
    catalogue = evidence.load().with_values(experiment.parameters)
    choices = Choices(
        _Standing(experiment, catalogue, network, experiment.seed + replicate), parties, lived.belief
    )

    def now() -> tuple[float, float]:
        return parties.mean_trust(network.trust), parties.mean(choices.effort)

    start, path = now(), []
    for month in range(MONTHS * years):
        seen, sharing, loss = lived.months[month % len(lived.months)]
        today = experiment.start + timedelta(days=round((month + 1) * 365.25 / MONTHS))
        choices.month(seen, sharing, loss, today, month)
        path.append(now())
    trust, effort = np.mean(path[-MONTHS:], axis=0)
    return float(trust), float(effort), *start
