"""The other organisations of a place: mental health, urgent care, the voluntary sector, care homes."""

from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.agents.acute_trust import WORKING_DAYS
from icsim.agents.organisation import Organisation, whole_beds
from icsim.compiling import kernel
from icsim.population.columns import Status
from icsim.recording.measures import columns

if TYPE_CHECKING:
    from icsim.model import ICSModel


@kernel
def _mental_caseload(people: Any, rows: np.ndarray, limit: int, used: int) -> int:
    """Fill the mental health caseload with those of the greatest need first; returns how many are on it."""
    for level in (3, 2):
        for i in rows:
            if used >= limit:
                return used
            p = people[i]
            if p.caseload == 0 and p.mental_health_need == level:
                p.caseload = 2
                used += 1
    return used


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

    def open(self) -> None:
        """Hand over crisis contacts, caseload and beds."""
        world = self.model.world
        factor = self.model.service_factor(self, "staff")
        world.urgent.crisis[0] = self.capacity["crisis_contacts_per_day"] * factor
        world.urgent.mental_caseload_limit[0] = round(self.capacity["caseload"] * factor)
        if world.mental_site >= 0:
            beds = self.capacity["beds"] * self.model.service_factor(self, "beds")
            world.hospitals.core_beds[world.mental_site] = whole_beds(beds)

    def review_month(self) -> None:
        """Take people with severe and moderate need onto the caseload while there is room."""
        urgent = self.model.world.urgent
        rows = self.model.seen.distressed
        urgent.mental_caseload[0] = _mental_caseload(
            self.model.people,
            np.roll(rows, -self.model.first_of_month(len(rows))),
            int(urgent.mental_caseload_limit[0]),
            int(urgent.mental_caseload[0]),
        )


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

    def open(self) -> None:
        """Hand over the day's capacities; out-of-hours contacts fall on the days practices are shut."""
        urgent = self.model.world.urgent
        factor = self.model.service_factor(self, "staff")
        shut = 1 - WORKING_DAYS / 365.25
        urgent.calls[0] = self.capacity["calls_per_day"] * factor
        urgent.conveyances[0] = self.capacity["conveyances_per_day"] * factor
        urgent.out_of_hours[0] = self.capacity["out_of_hours_contacts_per_day"] / shut * factor


class VoluntarySector(Organisation):
    """Befriending, link workers, carers' groups: what they give lowers unmet need of the often lonely."""

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
        model = self.model
        people = model.people
        lonely = model.seen.lonely
        room = int(self.capacity["people_supported"] * model.service_factor(self, "staff"))
        chosen = lonely[np.argsort(-people["unmet_need"][lonely], kind="stable")[:room]]
        relief = model.catalogue.value("voluntary_unmet_relief")
        people["unmet_need"][chosen] *= 1 - relief
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
        older = (model.people["status"] == Status.RESIDENT) & (model.people["age"] >= 65)
        homes.capacity = {"places": float(older.sum()) / 1000 * per_1000}
        return [homes]

    def open(self) -> None:
        """Councils fill the places: they open again with as many as there are."""
        for council in self.model.organisations:
            if council.kind == "local_authority":
                council.open()
