"""Acute hospital trusts, and the hospitals elsewhere that residents also use."""

from typing import TYPE_CHECKING

from icsim.agents.organisation import Organisation, whole_beds
from icsim.agents.winter_beds import WinterBeds, of_england, of_trust
from icsim.evidence.places import trusts
from icsim.experiment.organisations import AcuteTrust as GivenTrust
from icsim.population.demand import Demand

if TYPE_CHECKING:
    from icsim.model import ICSModel

WORKING_DAYS = 253
"""Working days of a year in England."""
ELSEWHERE = "Hospitals elsewhere"


class AcuteTrust(Organisation):
    """A hospital trust: beds, A&E, clinics, the waiting list, and the load from outside the place.

    Attributes:
        resident_share: share of the residents' hospital use that goes there.
        capacity: ``core_beds``, ``escalation_beds``, ``ae_attendances_per_day``, ``day_cases_per_day``,
            ``inpatients_per_day``, ``clinic_attendances_per_day`` (a working day), at the scale of the
            sample. Beds are those of 2015/16 and change by the year (``winter_beds``).
        outside: mean ``attendances_per_day`` and ``beds`` of people from outside the place, in 2015/16.
    """

    kind = "acute_trust"
    STATE = ("outside",)

    def __init__(
        self,
        model: "ICSModel",
        *,
        name: str,
        index: int,
        code: str,
        resident_share: float,
        capacity: dict[str, float],
        outside: dict[str, float],
    ) -> None:
        super().__init__(model, name=name, index=index, code=code)
        self.resident_share = resident_share
        self.capacity = capacity
        self.outside = outside
        self._own_winters = of_trust(code, model.catalogue)
        self.winters: WinterBeds = self._own_winters or of_england(model.catalogue)

    @classmethod
    def found(cls, model: "ICSModel") -> list["AcuteTrust"]:
        """The experiment's trusts, or one sized for the place, and hospitals elsewhere if any are used."""
        given = model.experiment.organisations.acute_trusts or (
            GivenTrust(name=f"{model.place.name} hospital"),
        )
        stated = sum(trust.resident_share or 0.0 for trust in given)
        silent = sum(trust.resident_share is None for trust in given)
        founded = []
        for k, trust in enumerate(given):
            share = trust.resident_share
            if share is None:
                share = max(0.0, 1.0 - stated) / silent
            founded.append(cls._sized(model, k, trust, share))
        rest = 1.0 - sum(trust.resident_share for trust in founded)
        if rest > 1e-6:
            founded.append(cls._elsewhere(model, len(founded), rest))
        return founded

    @classmethod
    def _sized(cls, model: "ICSModel", index: int, given: GivenTrust, share: float) -> "AcuteTrust":
        """Capacities as given, else as published for the trust's code, else for the residents who use it."""
        v = model.catalogue.value
        demand, scale = model.demand, model.scale
        beds_here = demand.bed_days * share / 365.25
        attendances_here = demand.ae_attendances * share
        beds = given.core_beds
        used = None  # beds in use: where published, not moved by an experiment that changes the beds
        staffed = came = given.ae_attendances_per_year
        if given.code:
            table = trusts()
            table = table.loc[table["code"] == given.code]
            if len(table):
                first = table.iloc[0]
                beds = float(first["beds"]) if beds is None else beds
                used = float(first["beds"]) * (float(first["occupancy"]) - v("winter_occupancy_excess"))
                came = float(table["attendances"].dropna().iloc[0])
                staffed = came if staffed is None else staffed
        if used is None:  # as many patients as stated, staying as long as residents; beds do not bring any
            times, spells = 0.0, given.emergency_admissions_per_year
            if spells is not None:
                times = spells / max(demand.emergency_spells, 1e-9)
            elif came is not None:
                times = came / max(demand.ae_attendances, 1e-9)
            used = times * demand.bed_days / 365.25
        outside_beds = max(0.0, used * scale - beds_here)
        core = (beds_here + outside_beds) / v("trust_occupancy_planned") if beds is None else beds * scale
        attendances = attendances_here if came is None else came * scale
        staff_for = attendances if staffed is None else staffed * scale
        escalation = given.escalation_beds
        capacity = {
            "core_beds": core,
            "escalation_beds": core * v("trust_escalation_share")
            if escalation is None
            else escalation * scale,
            "ae_attendances_per_day": staff_for / 365.25 * v("trust_ed_headroom"),
            **cls._planned(model, demand, share, given),
        }
        outside = {
            "attendances_per_day": max(0.0, attendances - attendances_here) / 365.25,
            "beds": outside_beds,
        }
        return cls(
            model, name=given.name, index=index, code=given.code or "", resident_share=share,
            capacity=capacity, outside=outside,
        )  # fmt: skip

    @classmethod
    def _elsewhere(cls, model: "ICSModel", index: int, share: float) -> "AcuteTrust":
        """Hospitals elsewhere: as busy as the average, and mostly with other people."""
        v = model.catalogue.value
        beds = model.demand.bed_days * share / 365.25
        attendances = model.demand.ae_attendances * share / 365.25
        others = v("elsewhere_outside_ratio")
        core = beds * (1 + others) / v("trust_occupancy_planned")
        capacity = {
            "core_beds": core,
            "escalation_beds": core * v("trust_escalation_share"),
            "ae_attendances_per_day": attendances * (1 + others) * v("trust_ed_headroom"),
            **cls._planned(model, model.demand, share, GivenTrust(name=ELSEWHERE)),
        }
        outside = {"attendances_per_day": attendances * others, "beds": beds * others}
        return cls(
            model,
            name=ELSEWHERE,
            index=index,
            code="",
            resident_share=share,
            capacity=capacity,
            outside=outside,
        )

    @staticmethod
    def _planned(model: "ICSModel", demand: Demand, share: float, given: GivenTrust) -> dict[str, float]:
        v = model.catalogue.value
        clinic = (demand.first_outpatients + demand.follow_up_outpatients) * share / WORKING_DAYS
        listed = v("trust_list_headroom") * share / WORKING_DAYS
        return {
            "clinic_attendances_per_day": clinic * v("trust_clinic_headroom") * given.clinic_capacity,
            "day_cases_per_day": demand.day_cases * listed * given.day_case_capacity,
            "inpatients_per_day": demand.elective_inpatients * listed * given.elective_capacity,
        }

    @property
    def covered(self) -> bool:
        """Whether it is a partner of the place: hospitals elsewhere are not."""
        return self.name != ELSEWHERE

    @property
    def pressure(self) -> float:
        """Occupancy of its core beds this month, from ease (0) to the limit (1)."""
        v = self.model.catalogue.value
        least, most = v("pressure_occupancy_from"), v("pressure_occupancy_to")
        beds = self.capacity["core_beds"] * self.winters.open_over_first(self.model.date)
        occupancy = self.activity_of("beds_occupied").get("beds_occupied", 0.0) / max(beds, 1.0)
        return min(max((occupancy - least) / max(most - least, 1e-9), 0.0), 1.0)

    def open(self) -> None:
        """Hand over beds, A&E, clinic and theatre capacity, and the load from outside."""
        h, k, model = self.model.world.hospitals, self.index, self.model
        v = model.catalogue.value
        beds = model.service_factor(self, "beds") * self.winters.open_over_first(model.date)
        staff = model.service_factor(self, "staff")
        h.core_beds[k] = whole_beds(self.capacity["core_beds"] * beds)
        h.escalation_beds[k] = whole_beds(self.capacity["escalation_beds"] * beds)
        added = model.added
        h.ed_capacity[k] = self.capacity["ae_attendances_per_day"] * staff + added(self, "ae_attendances")
        h.clinic_slots[k] = self.capacity["clinic_attendances_per_day"] * staff + added(
            self, "clinic_attendances"
        )
        h.day_case_slots[k] = self.capacity["day_cases_per_day"] * staff
        h.inpatient_slots[k] = self.capacity["inpatients_per_day"] * staff
        h.cancel_above[k] = v("trust_cancel_above")
        h.outside_stay[k] = v("trust_outside_stay")
        h.outside_attendances[k] = self.outside["attendances_per_day"]
        h.outside_admissions[k] = self.outside_beds() / v("trust_outside_stay")

    def outside_beds(self) -> float:
        """Beds that people from outside use this year: as published, what its residents do not explain."""
        if self._own_winters is None:
            return self.outside["beds"] * self.winters.used_over_first(self.model.date)
        more = self.winters.more_used(self.model.date) * self.model.scale
        return max(0.0, self.outside["beds"] + more)
