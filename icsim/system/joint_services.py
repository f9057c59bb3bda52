"""Services that organisations run together: they mature towards the effort put in, and turn levers.

With ``joint_work: none`` nothing is turned and maturity stays 0.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from icsim.care.levers import PEOPLE
from icsim.care.together import LEFT_OUT, see_whether_in_force
from icsim.experiment.happenings import Selection
from icsim.experiment.organisations import Kind
from icsim.experiment.strategy import JointWork
from icsim.population.selecting import matching
from icsim.system.parties import Parties

if TYPE_CHECKING:
    from icsim.model import ICSModel

LEVERS: Mapping[str, str] = {
    "need_acsc": "joint_acsc",
    "need_frailty": "joint_frailty",
    "need_social": "joint_social",
    "length_of_stay": "joint_length_of_stay",
    "readmission": "joint_readmission",
    "referral": "joint_referral",
}
"""Levers that mature joint work turns, and the catalogue's factor of each."""
GIVES_TIME: Mapping[str, str] = {
    "acute_trust": "staff",
    "gp_practice": "appointments",
    "community_team": "staff",
    "mental_health_trust": "staff",
    "urgent_care": "staff",
}
"""Kinds whose effort is taken from the time for patients, and the capacity it is taken from."""


class JointServices:
    """Joint work for the patients of each practice.

    Attributes:
        maturity: (P,) in [0, 1], by practice.
    """

    STATE = ("maturity", "_time")

    def __init__(self, model: "ICSModel", parties: Parties) -> None:
        self.model = model
        self.parties = parties
        self.maturity = np.zeros(len(parties.rows(Kind.GP_PRACTICE)))
        self._time = np.ones(len(parties))

    @property
    def today(self) -> JointWork | None:
        """The joint work of today; None when there is none."""
        given, today = self.model.experiment.joint_work, self.model.date
        if given == "none" or (given.start and today < given.start) or (given.end and today > given.end):
            return None
        return given

    def mature(self, effort: np.ndarray, withheld: float = 0.0) -> None:
        """A month: services come to match effort, (n,), practice by practice, and turn levers.

        ``withheld``: share of what they can reach that is out of reach (``Negotiation.withheld``).
        """
        model, work = self.model, self.today
        v = model.catalogue.value
        target = self.joint_effort(effort) if work is not None else np.zeros(len(self.maturity))
        target = target * (1.0 - withheld)
        months = max(v("joint_maturity_months") / model.accounts.agreements.speed, 1.0)
        self.maturity = self.maturity + (target - self.maturity) / months
        together = model.world.together
        if work is None and (together.joint == 1).all() and (self._time == 1).all():
            return
        for lever, key in LEVERS.items():
            together.joint[:, PEOPLE.index(lever)] = 1 if work is None else 1 - (1 - v(key)) * self.maturity
        if work is not None:
            self.leave_out(work)
        see_whether_in_force(together)
        self._take_time(effort, work is not None)

    def leave_out(self, work: JointWork, first: int = 0) -> None:
        """Note for whom, of the people from row ``first`` on, joint work is not."""
        reached = self.model.world.together.reached[first:]
        reached &= ~LEFT_OUT
        if work.who != Selection():
            reached[~matching(self.model.people[first:], work.who)] |= LEFT_OUT

    def joint_effort(self, effort: np.ndarray) -> np.ndarray:
        """Effort that the services of each practice's patients rest on, (P,) in [0, 1].

        The geometric mean, by weight of kind, of the practice's own effort and of its partners': work that
        needs several parties is held up by the one that holds back.
        """
        parties = self.parties
        mine = parties.rows(Kind.GP_PRACTICE)
        logs = np.log(np.maximum(effort, self.model.catalogue.value("joint_effort_least")))
        others = parties.taking_part & (parties.kinds != str(Kind.GP_PRACTICE))
        total = parties.weight[others].sum()
        own = parties.weight[mine].sum()
        shared = (parties.weight[others] * logs[others]).sum()
        return np.round(np.exp((shared + own * logs[mine]) / max(total + own, 1e-9)), 12)

    def _take_time(self, effort: np.ndarray, working: bool) -> None:
        """Effort takes staff from patients."""
        v = self.model.catalogue.value
        for k, organisation in enumerate(self.parties.organisations):
            capacity = GIVES_TIME.get(organisation.kind)
            if capacity is None:
                continue
            time = v(f"joint_time_{organisation.kind}") if working else 0.0
            factor = 1 - time * float(effort[k])
            if factor != self._time[k]:
                self.model.change_service(organisation.name, capacity, float(self._time[k]), factor)
                self._time[k] = factor
