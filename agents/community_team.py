"""Neighbourhood (multidisciplinary) teams."""

from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.agents.organisation import Organisation
from icsim.care import purposes as draws
from icsim.care.unmet import first_visits
from icsim.compiling import compiled
from icsim.population.columns import AGE_BAND_OF_AGE, Need, Residence
from icsim.population.demand import leaving_with_support, over_england
from icsim.prefetch import prefetch_half
from icsim.recording.measures import columns
from icsim.streams import log, normal, uniform

if TYPE_CHECKING:
    from icsim.model import ICSModel

T = columns("community_team")
AHEAD = 8  # people whose records are on their way while one is looked at


@compiled
def _look_through(
    people: Any,
    older: np.ndarray,
    caseload: np.ndarray,
    chances: tuple[float, float, float],
    month: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Discharge part of every team's caseload, then list everyone a team might take on, team after team.

    Args:
        caseload: of each team, counted down (N,).
        chances: of an end in a month, the least age to be taken on, and the noise of the risk tool.

    Returns:
        Rows of the candidates; what they lack, the score below zero: log true rate of crises, with noise; and
        where each team's begin, and the last's end, (N + 1,).
    """
    end, least_age, noise = chances
    rows = np.empty(len(older), np.int64)
    teams = np.empty(len(older), np.int16)
    scores = np.empty(len(older))
    n = 0
    for k in range(len(older)):
        if k + AHEAD < len(older):
            prefetch_half(people, older[k + AHEAD])
        i = older[k]
        p = people[i]
        if p.caseload == 1 and uniform(p.key, draws.CASELOAD_END, month) < end:
            p.caseload = 0
            caseload[p.neighbourhood] -= 1
        if p.age >= least_age and p.caseload == 0 and p.residence == Residence.HOME:
            rate = p.rate[Need.ACSC] + p.rate[Need.FRAILTY] + p.rate[Need.SOCIAL] + p.rate[Need.ACUTE]
            rows[n] = i
            teams[n] = p.neighbourhood
            scores[n] = log(rate + 1e-12) + noise * normal(p.key, draws.CASE_FINDING, month)
            n += 1
    first = np.zeros(len(caseload) + 1, np.int64)
    for k in range(n):
        first[teams[k] + 1] += 1
    first = np.cumsum(first)
    after = first.copy()
    ordered, lack = np.empty(n, np.int64), np.empty(n)
    for k in range(n):
        at = after[teams[k]]
        after[teams[k]] += 1
        ordered[at], lack[at] = rows[k], -scores[k]
    return ordered, lack, first


def find_cases(model: "ICSModel", month: int, day: int, end: float = 0.0) -> None:
    """Every team steps people down, and takes on those with the highest scores of a noisy risk tool.

    ``end``: chance that a person's place on a caseload ends. Teams take people on as far as they have room;
    the first visit uncovers part of the unmet need of those taken on.
    """
    v, teams = model.catalogue.value, model.world.teams
    noise = v("team_case_finding_noise") * model.risk_noise
    chances = (end, v("team_case_finding_age"), noise)
    rows, lack, first = _look_through(model.people, model.seen.older, teams.caseload, chances, month)
    for k in range(len(teams)):
        mine = slice(first[k], first[k + 1])
        room = min(max(0, int(teams.caseload_limit[k] - teams.caseload[k])), len(rows[mine]))
        if room == 0:
            continue
        chosen = rows[mine][np.argpartition(lack[mine], room - 1)[:room]]
        model.people["caseload"][chosen] = 1
        teams.caseload[k] += len(chosen)
        if teams.visits[k] > 0:
            found = first_visits(model.world, chosen, day, month)
            model.world.tallies.community_team[k, T.NEED_UNCOVERED] += found


def _whole(capacity: float, people: float, before: float) -> int:
    """A team's capacity in whole places; those of all teams add up, however small each is."""
    each = capacity / max(people, 1.0)
    return round((before + people) * each) - round(before * each)


class CommunityTeam(Organisation):
    """A team for a neighbourhood: caseload, visits, two-hour responses, intermediate-care places.

    Attributes:
        residents: people of the neighbourhood at the start.
        before: people of the neighbourhoods of the teams before it, so that whole places add up.
        leavers, leavers_before: the same weighted by how often England's people of their age and deprivation
            leave hospital with support: by these intermediate care is shared out.
        authority: the council whose people it serves, by row.
    """

    kind = "community_team"

    def __init__(
        self,
        model: "ICSModel",
        *,
        name: str,
        index: int,
        residents: float,
        before: float,
        leavers: float,
        leavers_before: float,
    ) -> None:
        super().__init__(model, name=name, index=index)
        self.residents = residents
        self.before = before
        self.leavers = leavers
        self.leavers_before = leavers_before
        self.authority = int(model.population.neighbourhoods["authority"].iloc[index])
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
            "intermediate_care_places": leavers / 1000 / 100 * slots * v("intermediate_days"),
        }

    @classmethod
    def found(cls, model: "ICSModel") -> list["CommunityTeam"]:
        """One team for each neighbourhood."""
        people, table = model.at_start, model.population.neighbourhoods
        residents = np.bincount(people.neighbourhood, minlength=len(table))
        before = np.cumsum(residents) - residents
        weight = over_england(model.catalogue, leaving_with_support(model.catalogue))
        each = weight[AGE_BAND_OF_AGE[people.age], people.fifth]
        leavers = np.bincount(people.neighbourhood, weights=each, minlength=len(table))
        if model.experiment.organisations.community_teams.discharge_slots_per_day_per_100_000 is not None:
            leavers *= residents.sum() / max(leavers.sum(), 1e-9)  # as many as stated, of whatever age
        leavers_before = np.cumsum(leavers) - leavers
        return [
            cls(
                model,
                name=f"{table['name'].iloc[k]} team",
                index=k,
                residents=float(residents[k]),
                before=float(before[k]),
                leavers=float(leavers[k]),
                leavers_before=float(leavers_before[k]),
            )
            for k in range(len(table))
        ]

    @property
    def pressure(self) -> float:
        """Calls for a rapid response that it turned away this month."""
        return self.turned_away("rapid_refused", "rapid_refused", "rapid_responses")

    def open(self) -> None:
        """Hand over the team's capacities."""
        teams, k = self.model.world.teams, self.index
        factor = self.model.service_factor(self, "staff")
        visits = self.model.catalogue.value("team_visits_per_staff_day")
        teams.authority[k] = self.authority
        added = self.model.added
        teams.visits[k] = (
            self.capacity["staff_fte"] * visits * factor + added(self, "visiting_staff") * visits
        )
        caseload = _whole(self.capacity["caseload"] * factor, self.residents, self.before)
        teams.caseload_limit[k] = caseload + round(added(self, "team_caseload"))
        teams.rapid_slots[k] = self.capacity["rapid_responses_per_day"] * factor + added(
            self, "rapid_responses"
        )
        places = self.capacity["intermediate_care_places"] * factor
        places = _whole(places, self.leavers, self.leavers_before)
        teams.slots[k] = places + round(added(self, "intermediate_places"))

    def review_month(self) -> None:
        """Step some people down and fill the caseload again; the first team does it for all, in one pass."""
        model = self.model
        if self.index == 0:
            find_cases(model, model.months_done, model.day - 1, model.catalogue.value("team_caseload_end"))
