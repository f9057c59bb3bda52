"""What a day's work costs each kind of organisation, GBP in 2016/17 prices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.system.contracts import Activity

DAYS_OF_WEEK = 7
BED_DAYS_OF_YEAR = 365  # core beds are sized over a common year


class HospitalDay(NamedTuple):
    """What cost depends on in a trust's day; arrays (trusts,). Beds are everyone's, residents' or not."""

    activity: Activity
    outside_attendances: np.ndarray
    outside_admissions: np.ndarray
    beds_open: np.ndarray
    beds_occupied: np.ndarray
    escalation_beds: np.ndarray


class HospitalBill(NamedTuple):
    """A day's cost by account, GBP, arrays (trusts,)."""

    fixed: np.ndarray
    wards: np.ndarray
    agency: np.ndarray
    variable: np.ndarray


@dataclass(frozen=True)
class HospitalCosts:
    """A hospital's costs: fixed, semi-fixed by open bed, and variable by contact.

    *Variable* cost (drugs, tests) is a share of the 2016/17 reference cost of each contact. *Ward* cost
    falls due for each open bed, occupied or not. *Agency* cost is the premium on escalation beds, and on
    the share of shifts in other beds that wards cannot fill with their own staff once occupancy passes a
    threshold. *Fixed* cost is the rest: it is sized (``sized``) so that a year of the expected activity in
    the core beds, without agency, costs about what it earns. A trust fuller than the threshold therefore
    runs a deficit, and one that loses admissions under payment by activity saves only their variable cost.

    Attributes:
        fixed_per_year: GBP, (trusts,).
        open_bed_day: GBP for a bed open for a day.
        agency_premium: what agency staff cost beyond own staff, as a share.
        agency_above: occupancy of open beds from which agency staff are needed.
        agency_slope: share of shifts for each unit of occupancy above that.
        ae_attendance, emergency_spell, elective_spell, day_case, outpatient: variable GBP each.
    """

    fixed_per_year: np.ndarray
    open_bed_day: float
    agency_premium: float
    agency_above: float
    agency_slope: float
    ae_attendance: float
    emergency_spell: float
    elective_spell: float
    day_case: float
    outpatient: float

    @classmethod
    def sized(
        cls,
        catalogue: Catalogue,
        income: np.ndarray,
        expected: Activity,
        core_beds: np.ndarray,
        outside_attendances: np.ndarray | float = 0.0,
        outside_admissions: np.ndarray | float = 0.0,
    ) -> Self:
        """Costs that a year as expected just earns (times ``hospital_cost_to_income``).

        Args:
            catalogue: of the run.
            income: all income of such a year, other places' patients included, GBP, (trusts,).
            expected: residents' activity of the year.
            core_beds: beds open all year, (trusts,).
            outside_attendances, outside_admissions: of people from elsewhere, a year, (trusts,).
        """
        share = catalogue.value("hospital_variable_share")
        costs = cls(
            fixed_per_year=np.zeros(len(income)),
            open_bed_day=catalogue.value("hospital_open_bed_day"),
            agency_premium=catalogue.value("agency_premium"),
            agency_above=catalogue.value("agency_above_occupancy"),
            agency_slope=catalogue.value("agency_share_slope"),
            ae_attendance=share * catalogue.value("cost_ae"),
            emergency_spell=share * catalogue.value("cost_non_elective"),
            elective_spell=share * catalogue.value("cost_elective_inpatient"),
            day_case=share * catalogue.value("cost_day_case"),
            outpatient=share * catalogue.value("cost_outpatient"),
        )
        moving = costs.variable(expected, outside_attendances, outside_admissions)
        moving = moving + costs.open_bed_day * BED_DAYS_OF_YEAR * core_beds
        fixed = catalogue.value("hospital_cost_to_income") * income - moving
        return replace(costs, fixed_per_year=np.maximum(fixed, 0.0))

    def variable(
        self,
        activity: Activity,
        outside_attendances: np.ndarray | float = 0.0,
        outside_admissions: np.ndarray | float = 0.0,
    ) -> np.ndarray:
        """Variable cost of an activity, of a day or a year, GBP, (trusts,)."""
        return (
            self.ae_attendance * (activity.ae_attendances + outside_attendances)
            + self.emergency_spell * (activity.emergency_spells + outside_admissions)
            + self.elective_spell * activity.elective_spells
            + self.day_case * activity.day_cases
            + self.outpatient * (activity.first_outpatients + activity.follow_up_outpatients)
        )

    def agency(
        self, beds_open: np.ndarray, beds_occupied: np.ndarray, escalation_beds: np.ndarray
    ) -> np.ndarray:
        """Agency premium of a day, GBP, (trusts,)."""
        occupancy = beds_occupied / np.maximum(beds_open, 1.0)
        share = np.minimum(np.maximum(self.agency_slope * (occupancy - self.agency_above), 0.0), 1.0)
        shifts = escalation_beds + share * np.maximum(beds_open - escalation_beds, 0.0)
        return self.agency_premium * self.open_bed_day * shifts

    def of_day(self, day: HospitalDay, days_in_year: int) -> HospitalBill:
        """The cost of one day by account."""
        return HospitalBill(
            fixed=self.fixed_per_year / days_in_year,
            wards=self.open_bed_day * day.beds_open,
            agency=self.agency(day.beds_open, day.beds_occupied, day.escalation_beds),
            variable=self.variable(day.activity, day.outside_attendances, day.outside_admissions),
        )


def care_home_price(catalogue: Catalogue, residential: str, nursing: str) -> float:
    """Mean weekly price over residential and nursing places, GBP, from two keys."""
    share = catalogue.value("care_home_nursing_share")
    return (1 - share) * catalogue.value(residential) + share * catalogue.value(nursing)


def _of(key: str) -> Callable[[Catalogue], float]:
    return lambda catalogue: catalogue.value(key)


def _weekly(key: str) -> Callable[[Catalogue], float]:
    return lambda catalogue: catalogue.value(key) / DAYS_OF_WEEK


def council_home_care_share(catalogue: Catalogue) -> float:
    """Share of home-care packages that councils pay for, 0-1; users pay for the rest."""
    return catalogue.value("home_care_older_users_la_funded") / catalogue.value("home_care_older_users")


def home_care_day(catalogue: Catalogue, price: str) -> float:
    """A package's cost a day, GBP, at the hourly price of this key."""
    return catalogue.value("home_care_hours_per_week") / DAYS_OF_WEEK * catalogue.value(price)


def _council_home_care_day(catalogue: Catalogue) -> float:
    return council_home_care_share(catalogue) * home_care_day(catalogue, "home_care_price_council")


# What each unit of a daily measure costs the organisation that did it, beyond its fixed costs. Care homes
# have their whole cost here; councils what assessments and their part of home care cost (fees are apart).
PRICES: Mapping[str, Mapping[str, Callable[[Catalogue], float]]] = {
    "gp_practice": {"appointments": _of("practice_variable_per_consultation")},
    "community_team": {
        "visits": _of("community_variable_per_visit"),
        "rapid_responses": _of("community_variable_per_visit"),
        "intermediate_care_in_use": _of("intermediate_care_place_day"),
    },
    "mental_health_trust": {
        "crisis_contacts": _of("crisis_contact_variable"),
        "beds_occupied": _of("mental_health_bed_day_variable"),
    },
    "urgent_care": {
        "calls_111": _of("call_111_variable"),
        "ambulance_calls": _of("ambulance_response_variable"),
        "conveyances": _of("conveyance_variable"),
        "out_of_hours_contacts": _of("out_of_hours_variable"),
    },
    "voluntary_sector": {"contacts": _of("voluntary_contact_variable")},
    "care_homes": {
        "places": _weekly("care_home_place_week"),
        "residents": _weekly("care_home_resident_week"),
    },
    "local_authority": {
        "home_care_in_use": _council_home_care_day,
        "assessments": _of("social_care_assessment"),
    },
}

# Share of a kind's income at the start that it spends whatever it does.
FIXED_SHARES: Mapping[str, str] = {
    "gp_practice": "practice_fixed_share",
    "community_team": "community_fixed_share",
    "mental_health_trust": "mental_health_fixed_share",
    "urgent_care": "urgent_fixed_share",
    "voluntary_sector": "voluntary_fixed_share",
}


@dataclass(frozen=True)
class ContactCosts:
    """Cost that moves with a kind's daily measures.

    Attributes:
        columns: positions of the priced measures in the kind's rows.
        prices: GBP for a unit of each.
    """

    columns: np.ndarray
    prices: np.ndarray

    @classmethod
    def of(cls, kind: str, catalogue: Catalogue, column: Callable[[str, str], int]) -> Self:
        """The prices of a kind (a key of ``PRICES``).

        Args:
            kind: of organisation.
            catalogue: of the run.
            column: finds a measure of a kind, as ``Recorder.column`` does.
        """
        measures = PRICES[kind]
        return cls(
            columns=np.array([column(kind, name) for name in measures]),
            prices=np.array([price(catalogue) for price in measures.values()]),
        )

    def of_day(self, rows: np.ndarray) -> np.ndarray:
        """Cost of a day, GBP, (..., organisations), from the kind's rows (..., organisations, measures)."""
        # not @: its order of adding depends on how many days there are
        return (rows[..., self.columns] * self.prices).sum(axis=-1)
