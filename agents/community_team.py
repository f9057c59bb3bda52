"""Neighbourhood (multidisciplinary) teams."""

from typing import TYPE_CHECKING

import numpy as np

from icsim.agents.organisation import Organisation
from icsim.care import purposes as draws
from icsim.compiling import compiled
from icsim.population.columns import Need, Residence, Status
from icsim.streams import log, normal, uniform

if TYPE_CHECKING:
    from icsim.model import ICSModel


@compiled
def _risk_scores(people, neighbourhood, least_age, noise, month):
    """Score of everyone a team might take on: log of the true rate of crises with noise; -1e9 for others."""
    score = np.full(len(people), -1e9)
    for i in range(len(people)):
        p = people[i]
        if (
            p.status == Status.RESIDENT
            and p.neighbourhood == neighbourhood
            and p.age >= least_age
            and p.caseload == 0
            and p.residence == Residence.HOME
        ):
            rate = p.rate[Need.ACSC] + p.rate[Need.FRAILTY] + p.rate[Need.SOCIAL] + p.rate[Need.ACUTE]
            score[i] = log(rate + 1e-12) + noise * normal(p.key, draws.CASE_FINDING, month)
    return score


@compiled
def _step_down(people, neighbourhood, chance, month):
    """Discharge part of a caseload; returns how many."""
    ended = 0
    for i in range(len(people)):
        p = people[i]
        if p.caseload == 1 and p.neighbourhood == neighbourhood:
            if uniform(p.key, draws.CASELOAD_END, month) < chance:
                p.caseload = 0
                ended += 1
    return ended


class CommunityTeam(Organisation):
    """A team for a neighbourhood: caseload, visits, two-hour responses, intermediate-care places.

    Attributes:
        residents: people of the neighbourhood at the start.
    """

    kind = "community_team"

    def __init__(self, model: "ICSModel", *, name: str, index: int, residents: float) -> None:
        super().__init__(model, name=name, index=index)
        self.residents = residents
        v = model.catalogue.value
        given = model.experiment.organisations.community_teams

        def per(amount: float | None, key: str) -> float:
            return v(key) if amount is None else amount

        people = residents / 1000
        rapid = per(given.rapid_response_per_day_per_100_000, "team_rapid_per_day_per_100_000")
        slots = per(given.discharge_slots_per_day_per_100_000, "team_discharge_slots_per_day_per_100_000")
        self.capacity = {
            "staff_fte": people * per(given.staff_per_1000, "team_staff_per_1000"),
            "caseload": people * per(given.caseload_per_1000, "team_caseload_per_1000"),
            "rapid_responses_per_day": people / 100 * rapid,
            "intermediate_care_places": people / 100 * slots * v("intermediate_days"),
        }

    @classmethod
    def found(cls, model: "ICSModel") -> list["CommunityTeam"]:
        """One team for each neighbourhood."""
        people = model.people
        here = people["status"] == Status.RESIDENT
        table = model.population.neighbourhoods
        residents = np.bincount(people["neighbourhood"][here], minlength=len(table))
        return [
            cls(model, name=f"{table['name'].iloc[k]} team", index=k, residents=float(residents[k]))
            for k in range(len(table))
        ]

    def open(self) -> None:
        """Hand over the team's capacities."""
        teams, k = self.model.world.teams, self.index
        factor = self.model.service_factor(self, "staff")
        visits = self.model.catalogue.value("team_visits_per_staff_day")
        teams.visits[k] = self.capacity["staff_fte"] * visits * factor
        teams.caseload_limit[k] = round(self.capacity["caseload"] * factor)
        teams.rapid_slots[k] = self.capacity["rapid_responses_per_day"] * factor
        teams.slots[k] = round(self.capacity["intermediate_care_places"] * factor)

    def review_month(self) -> None:
        """Step some people down, then fill the caseload with the highest scores of a noisy risk tool."""
        model, teams, k = self.model, self.model.world.teams, self.index
        v = model.catalogue.value
        month = model.months_done
        teams.caseload[k] -= _step_down(model.people, k, v("team_caseload_end"), month)
        self.find_cases(month)

    def find_cases(self, month: int) -> None:
        """Take on people with the highest risk scores while there is room."""
        model, teams, k = self.model, self.model.world.teams, self.index
        v = model.catalogue.value
        room = int(teams.caseload_limit[k] - teams.caseload[k])
        if room <= 0:
            return
        score = _risk_scores(model.people, k, v("team_case_finding_age"), v("team_case_finding_noise"), month)
        room = min(room, int((score > -1e8).sum()))
        chosen = np.argsort(-score, kind="stable")[:room]
        model.people["caseload"][chosen] = 1
        teams.caseload[k] += room
