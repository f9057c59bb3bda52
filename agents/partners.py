"""The other organisations of a place: mental health, urgent care, the voluntary sector, care homes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.agents.acute_trust import WORKING_DAYS
from icsim.agents.organisation import Organisation, whole_beds
from icsim.care import purposes as draws
from icsim.care.world import RECOVERED
from icsim.compiling import compiled
from icsim.population.columns import Status
from icsim.prefetch import prefetch_half
from icsim.recording.measures import columns
from icsim.streams import uniform

if TYPE_CHECKING:
    from icsim.model import ICSModel


TREATED = 2  # caseload
AHEAD = 16  # people whose records are on their way while one is looked at
NO_MATTER = 200  # months waited are counted up to here


@compiled
def _helped_before(people: Any, share: float) -> None:
    """Part of the residents with little need of the mind has been treated before the run, and recovered."""
    for i in range(len(people)):
        p = people[i]
        low = p.status == Status.RESIDENT and p.mental_health_need == 1
        if low and uniform(p.key, draws.RECOVERY, 0) < share:
            p.mental_wait = RECOVERED


@compiled
def _treatments_end(w: Any, rows: np.ndarray, chances: np.ndarray, month: int) -> tuple[int, int]:
    """Treatments that have lasted long enough end; some have helped. Returns how many, and of whom recovered.

    ``chances``: of an end in a month by level of need (4,), and then of recovery.
    """
    ended, recovered = 0, 0
    for k in range(len(rows)):
        if k + AHEAD < len(rows):
            prefetch_half(w.people, rows[k + AHEAD])
        p = w.people[rows[k]]
        chance = chances[p.mental_health_need]
        if p.caseload != TREATED or uniform(p.key, draws.TREATMENT_END, month) >= chance:
            continue
        p.caseload = 0
        p.mental_wait = 0
        w.urgent.mental_caseload[0] -= 1
        ended += 1
        if p.mental_health_need > 0 and uniform(p.key, draws.RECOVERY, month) < chances[4]:
            p.mental_health_need -= 1
            w.altered[rows[k]] = True
            p.mental_wait = RECOVERED
            recovered += 1
    return ended, recovered


@compiled
def _queue(w: Any, rows: np.ndarray, chances: np.ndarray, month: int) -> int:
    """A month of those on no caseload: relapse, referral, waiting, giving up; returns how many wait.

    ``chances`` a month: of being found by level of need (4,), then of relapse and of leaving the queue.
    """
    waiting = 0
    for k in range(len(rows)):
        if k + AHEAD < len(rows):
            prefetch_half(w.people, rows[k + AHEAD])
        p = w.people[rows[k]]
        if p.caseload == TREATED:
            continue
        if p.mental_wait == RECOVERED:
            if uniform(p.key, draws.RELAPSE_OF_MIND, month) < chances[4]:
                p.mental_health_need = min(p.mental_health_need + 1, 3)
                w.altered[rows[k]] = True
                p.mental_wait = 0
        elif p.mental_wait == 0:
            if uniform(p.key, draws.FOUND_IN_DISTRESS, month) < chances[p.mental_health_need]:
                p.mental_wait = 1
        elif uniform(p.key, draws.LEAVES_QUEUE, month) < chances[5]:
            p.mental_wait = 0
        else:
            p.mental_wait = min(p.mental_wait + 1, NO_MATTER)
        waiting += p.mental_wait > 0 and p.mental_wait != RECOVERED
    return waiting


class MentalHealthTrust(Organisation):
    """Crisis team, community teams and wards for people in mental distress."""

    kind = "mental_health_trust"

    @classmethod
    def found(cls, model: "ICSModel") -> list["MentalHealthTrust"]:
        """One service for the place, under the first name the experiment gives."""
        names = model.experiment.organisations.mental_health_trusts.names or ("Mental health trust",)
        trust = cls(model, name=" and ".join(names), index=0)
        given = model.experiment.organisations.mental_health_trusts
        v = model.catalogue.value
        people = model.residents_at_start / 1000
        crisis, caseload = given.crisis_contacts_per_day_per_100_000, given.community_caseload_per_1000
        trust.capacity = {
            "crisis_contacts_per_day": people
            / 100
            * (v("mh_crisis_per_day_per_100_000") if crisis is None else crisis),
            "caseload": people * (v("mh_caseload_per_1000") if caseload is None else caseload),
            "beds": people / 100 * v("mh_beds_per_100_000"),
        }
        return [trust]

    @property
    def pressure(self) -> float:
        """Wait for treatment at this month's pace, over the longest that the standard of 18 weeks allows."""
        activity = self.activity_of("treatment_waiting", "treatments_started")
        months = activity.get("treatment_waiting", 0.0) / max(activity.get("treatments_started", 0.0), 1.0)
        return min(months / max(self.model.catalogue.value("pressure_treatment_months"), 1e-9), 1.0)

    def open(self) -> None:
        """Hand over crisis contacts, caseload and beds."""
        world = self.model.world
        factor = self.model.service_factor(self, "staff")
        added = self.model.added
        world.urgent.crisis[0] = self.capacity["crisis_contacts_per_day"] * factor + added(
            self, "crisis_contacts"
        )
        places = self.capacity["caseload"] * factor + added(self, "treatment_places")
        world.urgent.mental_caseload_limit[0] = round(places)
        if world.mental_site >= 0:
            beds = self.capacity["beds"] * self.model.service_factor(self, "beds")
            world.hospitals.core_beds[world.mental_site] = whole_beds(beds)

    def settle_in(self) -> None:
        """Start as if it had always been there: a full caseload, and people whom it has helped before."""
        model, v = self.model, self.model.catalogue.value
        people = model.people
        _helped_before(people, v("mh_recovered_at_start"))
        rows = model.seen.distressed
        people["mental_wait"][rows] = 1
        self._take_on(rows)
        people["mental_wait"][rows] = 0

    def review_month(self) -> None:
        """End treatments, find people in distress, and take on those who wait."""
        model, v = self.model, self.model.catalogue.value
        rows, month, tally = model.seen.distressed, model.months_done, columns(self.kind)
        counted = model.world.tallies.mental_health_trust
        moderate, severe = v("mh_treatment_end_moderate"), v("mh_treatment_end_severe")
        ends = np.array([moderate, moderate, moderate, severe, v("mh_recovery")])
        ended, recovered = _treatments_end(model.world, rows, ends, month)
        found = [0.0, 0.0, v("mh_found_moderate"), v("mh_found_severe")]
        waiting = _queue(model.world, rows, np.array([*found, v("mh_relapse"), v("mh_leaves_queue")]), month)
        started = self._take_on(rows)
        for measure, count in (("ENDED", ended), ("STARTED", started)):
            counted[0, tally[f"TREATMENTS_{measure}"]] += count
        counted[0, tally.RECOVERED] += recovered
        block = model.recorder.block(self.kind)
        block[max(0, model.day - 1) :, 0, tally.TREATMENT_WAITING] = waiting - started

    def _take_on(self, rows: np.ndarray) -> int:
        """Treat those who wait, the greatest need and then the longest wait first, while there is room."""
        people, urgent = self.model.people, self.model.world.urgent
        rows = np.roll(rows, -self.model.first_of_month(len(rows)))
        wait = people["mental_wait"][rows]
        rows = rows[(wait > 0) & (wait != RECOVERED) & (people["caseload"][rows] == 0)]
        room = max(0, int(urgent.mental_caseload_limit[0] - urgent.mental_caseload[0]))
        need, wait = people["mental_health_need"][rows], people["mental_wait"][rows]
        claim = need.astype(np.int16) * (RECOVERED + 1) + wait
        chosen = rows[np.argsort(-claim, kind="stable")[:room]]
        people["caseload"][chosen] = TREATED
        people["mental_wait"][chosen] = 0
        urgent.mental_caseload[0] += len(chosen)
        return len(chosen)


class UrgentCare(Organisation):
    """NHS 111, the ambulance service and out-of-hours general practice."""

    kind = "urgent_care"

    @classmethod
    def found(cls, model: "ICSModel") -> list["UrgentCare"]:
        """One service for the place."""
        given = model.experiment.organisations.urgent_care
        service = cls(model, name=given.name or "Urgent care (111, 999, out of hours)", index=0)
        v = model.catalogue.value
        people = model.residents_at_start / 1000

        def per_day(amount: float | None, key: str) -> float:
            return people * (v(key) if amount is None else amount) / 365.25

        service.capacity = {
            "calls_per_day": per_day(
                given.nhs_111_calls_per_1000_per_year, "urgent_111_calls_per_1000_per_year"
            ),
            "conveyances_per_day": per_day(
                given.ambulance_responses_per_1000_per_year, "ambulance_responses_per_1000_per_year"
            ),
            "out_of_hours_contacts_per_day": per_day(
                given.out_of_hours_contacts_per_1000_per_year, "out_of_hours_contacts_per_1000_per_year"
            ),
        }
        return [service]

    @property
    def pressure(self) -> float:
        """The greater of calls that nobody answered and ambulances that did not come in time this month."""
        calls = self.turned_away("calls_unanswered", "calls_unanswered", "calls_111")
        return max(calls, self.turned_away("ambulances_delayed", "ambulance_calls"))

    def open(self) -> None:
        """Hand over the day's capacities; out-of-hours contacts fall on the days practices are shut."""
        urgent = self.model.world.urgent
        factor = self.model.service_factor(self, "staff")
        shut = 1 - WORKING_DAYS / 365.25
        ratio = self.model.catalogue.value("urgent_111_shut_ratio")
        added = self.model.added
        calls = self.capacity["calls_per_day"] * factor + added(self, "urgent_calls")
        urgent.calls[0] = calls / (1 - shut + shut * ratio)
        urgent.calls_shut[0] = urgent.calls[0] * ratio
        urgent.conveyances[0] = self.capacity["conveyances_per_day"] * factor + added(
            self, "ambulance_journeys"
        )
        contacts = self.capacity["out_of_hours_contacts_per_day"] / shut * factor
        urgent.out_of_hours[0] = contacts + added(self, "out_of_hours_contacts")


@compiled
def _places_end(people: Any, lonely: np.ndarray, chance: float, month: int) -> tuple[np.ndarray, np.ndarray]:
    """Places end; who still has one, and everybody's unmet need, by ``lonely`` row."""
    held = np.zeros(len(lonely), np.bool_)
    unmet = np.zeros(len(lonely), np.float32)
    for k in range(len(lonely)):
        if k + AHEAD < len(lonely):
            prefetch_half(people, lonely[k + AHEAD])
        p = people[lonely[k]]
        if p.befriended == 1 and uniform(p.key, draws.BEFRIENDING_END, month) < chance:
            p.befriended = 0
        held[k] = p.befriended == 1
        unmet[k] = p.unmet_need
    return held, unmet


def _greatest(values: np.ndarray, n: int) -> np.ndarray:
    """Places of the ``n`` greatest values in ascending order, the first of equal ones."""
    if n >= len(values):
        return np.arange(len(values))
    if n == 0:
        return np.zeros(0, np.int64)
    least = np.partition(values, len(values) - n)[len(values) - n]
    above = values > least
    equal = np.flatnonzero(values == least)[: n - int(above.sum())]
    above[equal] = True
    return np.flatnonzero(above)


class VoluntarySector(Organisation):
    """Befriending, link workers, carers' groups, for the often lonely.

    A place lowers unmet need, takes part of what loneliness adds to need (``voluntary_lonely_relief``) and
    activates; it lasts about half a year.
    """

    kind = "voluntary_sector"

    @classmethod
    def found(cls, model: "ICSModel") -> list["VoluntarySector"]:
        """One sector for the place."""
        given = model.experiment.organisations.voluntary_sector
        sector = cls(model, name=given.name or "Voluntary sector", index=0)
        places = given.places_per_1000
        if places is None and given.link_workers_per_100_000 is not None:
            places = given.link_workers_per_100_000 / 100 * model.catalogue.value("link_worker_places")
        per_1000 = model.catalogue.value("voluntary_places_per_1000") if places is None else places
        sector.capacity = {"people_supported": model.residents_at_start / 1000 * per_1000}
        return [sector]

    def review_month(self) -> None:
        """Support lonely people with the most unmet need, as far as places go."""
        model, v = self.model, self.model.catalogue.value
        people, month = model.people, model.months_done
        lonely = model.seen.lonely
        held, unmet = _places_end(people, lonely, v("voluntary_end"), month)
        supported = self.capacity["people_supported"] * model.service_factor(self, "staff")
        room = int(supported + model.added(self, "voluntary_places"))
        new = lonely[~held][_greatest(unmet[~held], max(0, room - int(held.sum())))]
        people["befriended"][new] = 1
        people["activation"][new] = np.minimum(people["activation"][new] + v("voluntary_activation"), 100)
        chosen = np.append(lonely[held][:room], new)
        people["befriended"][lonely[held][room:]] = 0
        people["unmet_need"][chosen] *= 1 - v("voluntary_unmet_relief")
        block = model.recorder.block(self.kind)
        measures = columns(self.kind)
        block[model.day - 1, 0, measures.CONTACTS] += len(chosen)
        block[model.day - 1 :, 0, measures.PEOPLE_SUPPORTED] = len(chosen)


class CareHomes(Organisation):
    """Care homes of the place, taken together; councils fill and pay for part of the places."""

    kind = "care_homes"

    @classmethod
    def found(cls, model: "ICSModel") -> list["CareHomes"]:
        """One sector for the place."""
        homes = cls(model, name="Care homes", index=0)
        given = model.experiment.organisations.care_homes.places_per_1000_65plus
        per_1000 = model.catalogue.value("care_home_places_per_1000_65plus") if given is None else given
        homes.capacity = {"places": float((model.at_start.age >= 65).sum()) / 1000 * per_1000}
        return [homes]

    def open(self) -> None:
        """Councils fill the places: they open again with as many as there are."""
        for council in self.model.organisations:
            if council.kind == "local_authority":
                council.open()
