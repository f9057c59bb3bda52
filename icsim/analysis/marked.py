"""The model as a comparison runs it: beside each person it writes what they were before a policy acts."""

from datetime import date
from typing import Any

import numpy as np

from icsim import evidence
from icsim.care import purposes as draws
from icsim.compiling import compiled
from icsim.model import ICSModel
from icsim.population.columns import Frailty, Need, Residence, Status, frailty_group
from icsim.streams import log, normal

SEGMENTS = ("whole population", "urgent care needs", "ongoing care needs", "highest care needs")
"""The four levels of need of the PACS framework (NHS England 2016, section 2), lowest first."""
ABSENT = -1
URGENT = (Need.MINOR, Need.ACSC, Need.MENTAL_HEALTH, Need.FRAILTY, Need.SOCIAL, Need.ACUTE)
SCORED_ON_INDEX_DAY = 2_000_000  # a draw of the case-finding noise that no month of a run uses


class MarkedModel(ICSModel):
    """The model with four more columns of people; nothing that happens in it is different.

    ``segment``: level of need on the first day, 0 to 3 as in ``SEGMENTS``, -1 for those who come later.
    ``index_age``, ``index_conditions`` (how many), ``index_score`` (the teams' noisy score of risk): as on
    the first day of the second financial year, ``index_age`` -1 for those who are not there then.
    """

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        extra, n = self.patients.extra, len(self.people)
        extra["segment"] = segments(self.people)
        extra["index_age"] = np.full(n, ABSENT, np.int16)
        extra["index_conditions"] = np.zeros(n, np.int8)
        extra["index_score"] = np.zeros(n, np.float32)
        self.index_day = index_day(self.experiment.start)

    def step(self) -> None:
        """Live one day; on the index day look at everybody first."""
        if self.date == self.index_day:
            self._mark()
        super().step()

    def _mark(self) -> None:
        here = self.people["status"] == Status.RESIDENT
        extra = self.patients.extra
        extra["index_age"][here] = self.people["age"][here]
        extra["index_conditions"][:] = np.bitwise_count(self.people["conditions"])
        extra["index_score"][:] = _scores(self.people, self.catalogue.value("team_case_finding_noise"))


def index_day(start: date) -> date:
    """The first 1 April after a run's first day: the end of its first financial year."""
    return date(start.year + (start >= date(start.year, 4, 1)), 4, 1)


def segments(people: np.ndarray) -> np.ndarray:
    """The level of need of each person as they are, int8, shape (n,); -1 for those not there.

    Highest: a care home, severe frailty, critical social-care need, severe mental-health need, or
    ``segment_highest_conditions`` conditions. Ongoing: any condition, frailty, social-care or
    mental-health need short of that. Of all others the share ``segment_urgent_share``
    with the highest rate of urgent need has urgent care needs.
    """
    rows = {row.key: row.value for row in evidence.load()}
    here = people["status"] == Status.RESIDENT
    conditions, frailty = np.bitwise_count(people["conditions"]), frailty_group(people["frailty"])
    highest = (
        (people["residence"] == Residence.CARE_HOME)
        | (frailty == Frailty.SEVERE)
        | (people["social_care_need"] == 3)
        | (people["mental_health_need"] == 3)
        | (conditions >= rows["segment_highest_conditions"])
    )
    ongoing = (conditions > 0) | (frailty > Frailty.FIT)
    ongoing |= (people["social_care_need"] > 0) | (people["mental_health_need"] > 0)
    found = np.where(highest, 3, np.where(ongoing, 2, 0)).astype(np.int8)
    well = here & (found == 0)
    if well.any():
        rate = people["rate"][:, list(URGENT)].sum(axis=1)
        found[well & (rate > np.quantile(rate[well], 1 - float(rows["segment_urgent_share"])))] = 1
    found[~here] = ABSENT
    return found


@compiled
def _scores(people: Any, noise: float) -> np.ndarray:
    """The score by which teams find cases: log of the true rate of crises, with noise, (n,)."""
    found = np.empty(len(people), np.float32)
    for i in range(len(people)):
        p = people[i]
        rate = p.rate[Need.ACSC] + p.rate[Need.FRAILTY] + p.rate[Need.SOCIAL] + p.rate[Need.ACUTE]
        found[i] = log(rate + 1e-12) + noise * normal(p.key, draws.CASE_FINDING, SCORED_ON_INDEX_DAY)
    return found
