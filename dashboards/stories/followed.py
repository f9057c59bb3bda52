"""People whom a story follows: those often admitted in the time before a day."""

from typing import Self

import numpy as np

from icsim.model import ICSModel
from icsim.population.columns import Status

YEAR = 365.25


class Followed:
    """Some people of a model, their emergency admissions and the days they lived, day by day.

    Args:
        model: with its people as they are today.
        rows: who is followed.
        before: admissions and days of theirs already known, by the day they were lived up to.
    """

    def __init__(self, model: ICSModel, rows: np.ndarray, before: dict[int, tuple[float, float]]) -> None:
        self.model, self.rows = model, rows
        self._known = dict(before)
        self._lived = self._known[model.day][1]
        self._start = float(model.people["stays"][rows].sum()) - self._known[model.day][0]

    @classmethod
    def often_admitted(
        cls, model: ICSModel, at_start: np.ndarray, since: int, *, age: int, times: int
    ) -> Self:
        """Residents of an age or over with so many emergency admissions since a day.

        Args:
            at_start: ``stays`` of everybody on the day ``since``.
        """
        people, today = model.people, model.day
        here = (people["status"] == Status.RESIDENT) & (people["age"] >= age)
        counted = people["stays"].astype(np.int64) - at_start
        rows = np.flatnonzero(here & (counted >= times))
        lived = float(np.minimum(today - people["arrival_day"][rows], today - since).sum())
        return cls(model, rows, {since: (0.0, 0.0), today: (float(counted[rows].sum()), lived)})

    def of(self, model: ICSModel) -> "Followed":
        """The same people in another model of the same day."""
        return Followed(model, self.rows, self._known)

    def day(self) -> None:
        """Count a day that has just been lived."""
        people = self.model.people
        self._lived += float((people["status"][self.rows] == Status.RESIDENT).sum())
        admitted = float(people["stays"][self.rows].sum()) - self._start
        self._known[self.model.day] = (admitted, self._lived)

    def rate(self, since: int, until: int) -> float:
        """Emergency admissions a person a year from one day to another; NaN where either is not known."""
        if since not in self._known or until not in self._known:
            return np.nan
        admitted, lived = (b - a for a, b in zip(self._known[since], self._known[until], strict=True))
        return YEAR * admitted / lived if lived else np.nan
