"""What all organisations have in common: a name, capacities they open to the day, a month to look back on."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import mesa
import numpy as np

from icsim.recording.measures import measures_of

if TYPE_CHECKING:
    from icsim.model import ICSModel


@cache
def _places(kind: str, names: tuple[str, ...]) -> list[tuple[str, int, bool]]:
    """Of measures of a kind: name, column, and whether a month's figure is a sum rather than a mean."""
    return [
        (measure.name, k, measure.over_time == "sum")
        for k, measure in enumerate(measures_of(kind))
        if measure.name in names
    ]


class Organisation(mesa.Agent, ABC):
    """An organisation of the place.

    Attributes:
        kind: as relationships, results and shocks name it.
        name: unique in the model.
        code: ODS or ONS code, "" when none is known.
        index: its row in the arrays of its service.
        capacity: what it can do, by name, in the units of the name; change it and call :meth:`open`.
    """

    kind: ClassVar[str]
    STATE: ClassVar[tuple[str, ...]] = ("capacity",)
    """What a checkpoint keeps of the class, beyond its bases (``icsim.keeping``)."""
    GIVEN: ClassVar[tuple[str, ...]] = ("capacity",)
    """Of these, what the experiment's ``organisations`` set: a branch that changes them changes these."""
    model: "ICSModel"  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, model: "ICSModel", *, name: str, index: int, code: str = "") -> None:
        super().__init__(model)
        self.name = name
        self.code = code
        self.index = index
        self.capacity: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @classmethod
    @abstractmethod
    def found(cls, model: "ICSModel") -> Sequence["Organisation"]:
        """The organisations of this kind in an experiment and its place. Every kind has its own way."""

    def open(self) -> None:
        """Hand the capacities to the day of care. Called before the first day and after every change."""

    def review_month(self) -> None:
        """Look back on the month that ends today and adjust by fixed habits."""

    def review_year(self) -> None:
        """Look back on the financial year that ends today."""

    @property
    def pressure(self) -> float:
        """How hard it is pressed, 0 at ease and 1 at the limit; it leaves less for joint work."""
        return 0.0

    def turned_away(self, refused: str, *asked: str) -> float:
        """Part of a month's requests (``asked`` summed) refused, 1 at `pressure_refused_to` and beyond."""
        activity = self.activity_of(refused, *asked)
        requests = sum(activity.get(measure, 0.0) for measure in asked)
        limit = max(self.model.catalogue.value("pressure_refused_to"), 1e-9)
        return min(activity.get(refused, 0.0) / max(requests, 1.0) / limit, 1.0)

    @property
    def activity(self) -> dict[str, float]:
        """This month's figures so far by measure: sums of activity, means of levels and waits."""
        return self.activity_of(*(measure.name for measure in measures_of(self.kind)))

    def activity_of(self, *names: str) -> dict[str, float]:
        """:attr:`activity` of some measures alone."""
        model = self.model
        rows = model.recorder.block(self.kind)[model.month_began : model.day, self.index]
        days = len(rows)
        if not days:
            return {}
        return {
            name: float(rows[:, k].sum() if summed else rows[:, k].sum() / days)
            for name, k, summed in _places(self.kind, names)
        }

    @property
    def money(self) -> float:
        """Balance in pounds since the run began: income less payments."""
        return self.model.accounts.ledger.balance(self.name)


def whole_beds(beds: float) -> int:
    """Beds come in whole numbers."""
    return int(np.floor(beds + 0.5))
