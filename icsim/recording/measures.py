"""What is counted every day, for each kind of organisation: one declarative table.

A measure added here appears in the recorder's arrays and in the daily and monthly tables; nothing else has to
change. Unless its label says otherwise a measure counts *residents of the place*; ``outside_*`` measures are
the background flow of people from elsewhere, and measures of beds count every bed of the trust.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import IntEnum
from functools import cache
from typing import Any, Literal

OverTime = Literal["sum", "mean", "last"]
OverOrganisations = Literal["sum", "mean"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One daily figure of one kind of organisation.

    Attributes:
        name: column in the tables, snake case.
        label: what an NHS analyst calls it.
        unit: of one day's figure.
        over_time: how days make a month: ``sum`` for activity, ``mean`` for levels, ``last`` for stocks.
        over_organisations: how organisations make a place: ``sum``, or ``mean`` for waits and shares.
    """

    name: str
    label: str
    unit: str
    over_time: OverTime = "sum"
    over_organisations: OverOrganisations = "sum"


def activity(name: str, label: str, unit: str) -> Measure:
    """Things that happen: added up over days and organisations."""
    return Measure(name, label, unit)


def level(name: str, label: str, unit: str) -> Measure:
    """How many there are on a day: averaged over days, added up over organisations."""
    return Measure(name, label, unit, "mean", "sum")


def average(name: str, label: str, unit: str) -> Measure:
    """A wait or a share: averaged over days and over organisations; NaN on a day without a value."""
    return Measure(name, label, unit, "mean", "mean")


def stock(name: str, label: str, unit: str) -> Measure:
    """How many there are at the end: a month's figure is its last day's; added up over organisations."""
    return Measure(name, label, unit, "last", "sum")


Measures = Mapping[str, Sequence[Measure]]

MEASURES: Measures = {
    "system": (
        level("population", "Residents", "people"),
        activity("births", "Births", "people"),
        activity("deaths", "Deaths", "people"),
        activity("arrivals", "Moved in", "people"),
        activity("departures", "Moved away", "people"),
        activity("needs_minor", "Minor illness or injury arising", "needs"),
        activity("needs_acsc", "Ambulatory-care-sensitive exacerbations arising", "needs"),
        activity("needs_mental_health", "Mental-health crises arising", "needs"),
        activity("needs_frailty", "Falls and frailty crises arising", "needs"),
        activity("needs_social", "Breakdowns of care or support arising", "needs"),
        activity("needs_acute", "Acute severe illness or injury arising", "needs"),
        activity("needs_planned", "Needs for planned care arising", "needs"),
        activity("self_care", "Needs met by self-care", "episodes"),
        activity("pharmacy", "Needs met by a pharmacy", "episodes"),
        activity("unmet", "Needs not met on the day", "episodes"),
        level("unmet_need", "Unmet need, sum over residents", "z"),
    ),
    "gp_practice": (
        level("list_size", "Registered patients", "people"),
        level("capacity", "Appointments offered", "appointments"),
        activity("appointments", "Consultations, GP and nurse", "consultations"),
        activity("same_day_appointments", "of which same day", "consultations"),
        activity("requests_refused", "Requests turned away", "requests"),
        average("routine_wait_days", "Wait for a routine appointment", "days"),
        level("backlog", "Patients waiting for a routine appointment", "people"),
        activity("referrals", "Referrals to hospital", "referrals"),
    ),
    "community_team": (
        level("caseload", "Patients on the caseload", "people"),
        activity("visits", "Visits", "contacts"),
        activity("rapid_responses", "Rapid responses", "contacts"),
        activity("rapid_refused", "Rapid responses turned away", "requests"),
        activity("need_uncovered", "First visits that uncover need", "people"),
        level("intermediate_care_in_use", "Intermediate-care places in use", "places"),
    ),
    "acute_trust": (
        activity("ae_attendances", "A&E attendances", "attendances"),
        activity("ae_breaches", "A&E attendances over four hours", "attendances"),
        activity("ambulance_arrivals", "Arrivals by ambulance", "attendances"),
        activity("emergency_admissions", "Emergency admissions", "admissions"),
        activity("admitted_from_ae", "of which through A&E", "admissions"),
        activity("zero_day_admissions", "of which discharged the same day", "admissions"),
        activity("readmissions_30d", "Emergency readmissions within 30 days", "admissions"),
        activity("elective_admissions", "Elective admissions, overnight", "admissions"),
        activity("day_cases", "Day cases", "admissions"),
        activity("electives_cancelled", "Elective admissions cancelled", "admissions"),
        activity("first_outpatients", "First outpatient attendances", "attendances"),
        activity("follow_up_outpatients", "Follow-up outpatient attendances", "attendances"),
        activity("discharges", "Discharges of inpatients", "discharges"),
        activity("bed_days", "Bed days of residents", "bed days"),
        activity("bed_days_after_7", "Nights beyond the 7th, of stays that ended", "bed days"),
        activity("bed_days_after_14", "Nights beyond the 14th, of stays that ended", "bed days"),
        activity("bed_days_after_21", "Nights beyond the 21st, of stays that ended", "bed days"),
        activity("delayed_transfers", "Delayed transfers of care", "bed days"),
        activity("became_delayed", "Became fit to leave and began to wait for support", "people"),
        activity("deaths_in_hospital", "Deaths in hospital", "people"),
        level("beds_open", "Beds open, core and escalation, everyone's", "beds"),
        level("beds_occupied", "Beds occupied, residents and others", "beds"),
        level("escalation_beds_used", "Escalation beds in use", "beds"),
        level("boarding", "Waiting in A&E for a bed", "people"),
        stock("elective_waiting", "Patients waiting for consultant-led treatment", "people"),
        stock("waiting_over_18_weeks", "of whom over 18 weeks", "people"),
        activity("outside_attendances", "A&E attendances of people from outside", "attendances"),
        activity("outside_admissions", "Admissions of people from outside", "admissions"),
        level("outside_beds", "Beds occupied by people from outside", "beds"),
    ),
    "local_authority": (
        level("home_care_in_use", "People with a home-care package", "people"),
        activity("home_care_starts", "Home-care packages started", "packages"),
        level("home_care_waiting", "People waiting for home care", "people"),
        level("care_home_places_in_use", "Care-home places in use", "places"),
        level("care_home_waiting", "People waiting for a care-home place", "people"),
        activity("assessments", "Care assessments", "assessments"),
        level("eligible_without_support", "People at home with eligible need and no support", "people"),
    ),
    "commissioner": (),
    "mental_health_trust": (
        activity("crisis_contacts", "Crisis-team contacts", "contacts"),
        activity("crisis_refused", "Crisis-team contacts turned away", "requests"),
        level("caseload", "Patients on the caseload", "people"),
        level("treatment_waiting", "People waiting for treatment", "people"),
        activity("treatments_started", "Treatments begun", "people"),
        activity("treatments_ended", "Treatments ended", "people"),
        activity("recovered", "of whom recovered", "people"),
        activity("admissions", "Admissions", "admissions"),
        level("beds_occupied", "Beds occupied", "beds"),
    ),
    "urgent_care": (
        activity("calls_111", "NHS 111 calls", "calls"),
        activity("calls_unanswered", "NHS 111 calls not answered", "calls"),
        activity("ambulance_calls", "999 calls for an ambulance", "calls"),
        activity("ambulances_delayed", "of which no crew was free for", "calls"),
        activity("conveyances", "Conveyed to A&E", "journeys"),
        activity("out_of_hours_contacts", "GP out-of-hours contacts", "contacts"),
    ),
    "voluntary_sector": (
        activity("contacts", "Contacts", "contacts"),
        level("people_supported", "People supported", "people"),
    ),
    "care_homes": (
        level("residents", "Care-home residents", "people"),
        level("places", "Care-home places", "places"),
        activity("moves_in", "Moved in", "people"),
        activity("attendances_of_residents", "A&E attendances of residents", "attendances"),
        activity("admissions_of_residents", "Emergency admissions of residents", "admissions"),
    ),
}

# Counts by financial year, age band and fifth of deprivation; person days, their denominator, are separate.
GROUP_MEASURES: Sequence[Measure] = (
    activity("deaths", "Deaths", "people"),
    activity("gp_appointments", "Consultations, GP and nurse", "consultations"),
    activity("ae_attendances", "A&E attendances", "attendances"),
    activity("emergency_admissions", "Emergency admissions", "admissions"),
    activity("acsc_admissions", "Emergency admissions, ambulatory care sensitive", "admissions"),
    activity("zero_day_admissions", "Emergency admissions discharged the same day", "admissions"),
    activity("elective_admissions", "Elective admissions, overnight", "admissions"),
    activity("day_cases", "Day cases", "admissions"),
    activity("first_outpatients", "First outpatient attendances", "attendances"),
    activity("bed_days", "Bed days", "bed days"),
    activity("emergency_bed_days", "Bed days of emergency admissions to acute wards", "bed days"),
    activity("delayed_transfers", "Delayed transfers of care", "bed days"),
)

KIND_LABELS: Mapping[str, str] = {
    "system": "Whole place",
    "gp_practice": "General practice",
    "community_team": "Community teams",
    "acute_trust": "Acute hospital",
    "local_authority": "Adult social care",
    "commissioner": "Commissioner",
    "mental_health_trust": "Mental health",
    "urgent_care": "111, 999 and out of hours",
    "voluntary_sector": "Voluntary sector",
    "care_homes": "Care homes",
}


def measures_of(kind: str, measures: Measures = MEASURES) -> Sequence[Measure]:
    """The measures of a kind of organisation; raises ``ValueError`` naming the nearest kind if unknown."""
    if kind not in measures:
        near = get_close_matches(kind, measures, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; expected one of {', '.join(measures)}"
        raise ValueError(f"unknown kind of organisation {kind!r}{hint}")
    return measures[kind]


def column_enum(title: str, measures: Iterable[Measure]) -> Any:
    """The measures as an ``IntEnum`` of columns (``AE_ATTENDANCES`` = 0 ...), constants to Numba."""
    return IntEnum(title, [measure.name.upper() for measure in measures], start=0)


@cache
def columns(kind: str) -> Any:
    """``IntEnum`` of the last axis of ``Recorder.block(kind)``: ``columns("acute_trust").AE_ATTENDANCES``."""
    return column_enum(f"{kind}_columns", measures_of(kind))


@cache
def group_columns() -> Any:
    """``IntEnum`` of the last axis of ``Recorder.by_group``."""
    return column_enum("group_columns", GROUP_MEASURES)


def table_columns(measures: Measures = MEASURES) -> list[str]:
    """Names of all measures in order of first appearance: the columns of the daily and monthly tables."""
    return list(dict.fromkeys(measure.name for kind in measures.values() for measure in kind))
