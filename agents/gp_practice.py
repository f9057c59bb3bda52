"""General practices."""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from icsim.agents.organisation import Organisation
from icsim.care import purposes as draws
from icsim.population.columns import AGE_BAND_OF_AGE
from icsim.population.demand import consultations, over_england
from icsim.population.risk import DAYS_A_YEAR, MEASURED_ON
from icsim.streams import entity_key, exp, normal

if TYPE_CHECKING:
    from icsim.model import ICSModel


MORALE_STEP = 0.1  # of morale, for which the catalogue gives the vacancies
LAST_MEASURED = date(2018, 4, 1)
"""Day after which no more is known of how many patients a clinician sees: it then stands still."""


class GPPractice(Organisation):
    """A general practice: its list, its clinicians, its appointments, and how it bears up.

    Attributes:
        weighted_list: patients weighted by what England's of their age and deprivation consult.
        gp_fte, nurse_fte, other_fte: clinicians in post, full-time equivalent.
        vacancies: share of GP posts that stand empty beyond those at the start.
        morale: 0-1, falls under a workload beyond capacity (fixed habit; nobody leaves at once).
    """

    kind = "gp_practice"
    STATE = ("weighted_list", "gp_fte", "nurse_fte", "other_fte", "same_day_share", "vacancies", "morale")
    GIVEN = ("gp_fte", "nurse_fte", "other_fte")

    def __init__(
        self,
        model: "ICSModel",
        *,
        name: str,
        index: int,
        code: str,
        weighted_list: float,
        gp_fte: float | None,
    ) -> None:
        super().__init__(model, name=name, index=index, code=code)
        v = model.catalogue.value
        given = model.experiment.organisations.gp_practices
        self.weighted_list = weighted_list

        def staff(per_1000: float | None, key: str) -> float:
            return weighted_list / 1000 * (v(key) if per_1000 is None else per_1000)

        self.gp_fte = staff(given.gp_fte_per_1000, "gp_fte_per_1000_2015") if gp_fte is None else gp_fte
        self.nurse_fte = staff(given.nurse_fte_per_1000, "nurse_fte_per_1000")
        self.other_fte = staff(given.other_fte_per_1000, "other_clinician_fte_per_1000")
        self.vacancies = 0.0
        self.morale = v("gp_morale_start")
        self.same_day_share = v("gp_same_day_share")

    @classmethod
    def found(cls, model: "ICSModel") -> list["GPPractice"]:
        """The practices of the place as the population registered with them."""
        people, table = model.at_start, model.population.practices
        weight = over_england(model.catalogue, np.add(*consultations(model.catalogue)))
        each = weight[AGE_BAND_OF_AGE[people.age], people.fifth]
        lists = np.bincount(people.practice, weights=each, minlength=len(table))
        given = model.experiment.organisations.gp_practices.practices or ()
        scale = model.scale
        return [
            cls(
                model,
                name=str(table["name"].iloc[k]),
                index=k,
                code=(given[k].code or "") if given else "",
                weighted_list=float(lists[k]),
                gp_fte=None if not given or (fte := given[k].gp_fte) is None else fte * scale,
            )
            for k in range(len(table))
        ]

    def open(self) -> None:
        """Offer this month's appointments, part of them kept for the same day."""
        v = self.model.catalogue.value
        gp = self.model.world.gp
        daily = (
            self.gp_fte * (1 - self.vacancies) * v("gp_appointments_per_gp_day")
            + self.nurse_fte * v("gp_appointments_per_nurse_day")
            + self.other_fte * v("gp_appointments_per_other_day")
        ) * self.contacts_over_measured()
        daily *= self.model.service_factor(self, "appointments") + self.model.added(self, "appointments")
        self.capacity = {"appointments_per_day": daily}
        gp.same_day[self.index] = daily * self.same_day_share
        gp.routine[self.index] = daily * (1 - self.same_day_share)

    def contacts_over_measured(self) -> float:
        """Contacts for each clinician today over those of 2016/17: more each year, mostly by telephone."""
        years = (min(self.model.date, LAST_MEASURED) - MEASURED_ON).days / DAYS_A_YEAR
        return (1 + self.model.catalogue.value("gp_contacts_per_clinician_growth")) ** years

    def settle_in(self) -> None:
        """Set what differs between practices from the start: continuity by size, and the referral habit."""
        catalogue, gp = self.model.catalogue, self.model.world.gp
        size = self.model.population.practices["list_size"].iloc[self.index] / self.model.scale
        small = size < catalogue.value("practice_list_size_2017")
        gp.continuity[self.index] = catalogue.value("gp_continuity_small" if small else "gp_continuity_large")
        gp.expected_wait[self.index] = catalogue.value("choice_wait_reference")
        key = np.uint64(entity_key(self.model.luck, draws.ORGANISATION, 1000 + self.index))
        spread = catalogue.value("gp_referral_habit_sd")
        gp.referral_habit[self.index] = exp(spread * normal(key, draws.REFERRAL, 0) - 0.5 * spread * spread)

    @property
    def pressure(self) -> float:
        """Morale lost since the start: 1 when half of it is gone."""
        start = max(self.model.catalogue.value("gp_morale_start"), 1e-9)
        return min(max(2 * (start - self.morale) / start, 0.0), 1.0)

    def review_month(self) -> None:
        """Workload beyond what is usual lowers morale; low morale empties posts; both mend when it eases."""
        v = self.model.catalogue.value
        wanted = min(1.0, max(0.0, v("gp_morale_start") + v("gp_workload_usual") - self.workload()))
        self.morale += v("gp_morale_learning") * (wanted - self.morale)
        start = v("gp_morale_start")
        self.vacancies = min(
            0.5,
            max(0.0, self.vacancies + v("gp_vacancy_per_morale") / 12 / MORALE_STEP * (start - self.morale)),
        )
        self.open()

    def workload(self) -> float:
        """The month's work over the appointments offered: seen, turned away, and booked beyond the usual."""
        v = self.model.catalogue.value
        activity = self.activity_of("capacity", "backlog", "appointments", "requests_refused")
        days = self.model.day - self.model.month_began
        offered = activity.get("capacity", 0.0) * days
        if offered <= 0:
            return 1.0
        routine = self.model.world.gp.routine[self.index]
        ahead = max(0.0, activity["backlog"] - v("gp_backlog_usual_days") * routine)
        return (activity["appointments"] + activity["requests_refused"] + ahead) / offered
