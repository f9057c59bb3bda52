"""The organisations of a place and their capacities, as an experiment file gives them.

A capacity left out (``null``) is sized by the model for the place's population from the evidence catalogue.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from icsim.experiment.fields import Code, Count, Name, NonNegative, Part, Positive, Share, evidenced


class Kind(StrEnum):
    """The kinds of organisation, as relationships and shocks name them."""

    ACUTE_TRUST = "acute_trust"
    GP_PRACTICE = "gp_practice"
    COMMUNITY_TEAM = "community_team"
    LOCAL_AUTHORITY = "local_authority"
    COMMISSIONER = "commissioner"
    MENTAL_HEALTH_TRUST = "mental_health_trust"
    URGENT_CARE = "urgent_care"
    VOLUNTARY_SECTOR = "voluntary_sector"
    CARE_HOMES = "care_homes"


class Eligibility(StrEnum):
    """The least social-care need that the council pays for."""

    SOME = "some"
    SUBSTANTIAL = "substantial"
    CRITICAL = "critical"


District = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=120)]


# What no place of England can exceed: bounds against slips of units, in each capacity's own.
BEDS, ATTENDANCES, PEOPLE, CLINICIANS, POUNDS_PER_HEAD = 1e6, 1e8, 1e8, 1e5, 1e6
IN_1000, IN_100_000 = 1e3, 1e5  # everybody at once
A_YEAR_IN_1000 = 1e6  # everybody more than twice a day
MULTIPLIER = 1e3


def _capacity(description: str, most: float) -> NonNegative | None:
    return Field(default=None, le=most, description=f"{description}; left out, sized for the place")


class AcuteTrust(Part):
    """One acute hospital trust."""

    name: Name = Field(description="Name of the trust, unique among organisations")
    code: Code | None = Field(
        default=None,
        description="Code of the trust (three characters, e.g. RM3), to find its published figures",
    )
    core_beds: NonNegative | None = _capacity(
        "General and acute beds open in 2015/16, for everybody it serves; later years as many more or fewer"
        " as were published (trust_beds_by_year)",
        BEDS,
    )
    escalation_beds: NonNegative | None = _capacity("Further beds that may be opened under pressure", BEDS)
    ae_attendances_per_year: NonNegative | None = _capacity(
        "A&E attendances the department is staffed for, a year, for everybody it serves", ATTENDANCES
    )
    emergency_admissions_per_year: NonNegative | None = Field(
        default=None,
        le=ATTENDANCES,
        description="Emergency admissions a year, of everybody it serves: how many come from outside"
        " the place where the code is not known; left out, as its A&E attendances say, else nobody",
    )
    elective_capacity: NonNegative = evidenced(
        "experiment_capacity_multiplier",
        "Multiplier of the planned inpatient capacity sized for it",
        le=MULTIPLIER,
    )
    day_case_capacity: NonNegative = evidenced(
        "experiment_capacity_multiplier", "Multiplier of the day-case capacity sized for it", le=MULTIPLIER
    )
    clinic_capacity: NonNegative = evidenced(
        "experiment_capacity_multiplier",
        "Multiplier of the outpatient clinic capacity sized for it",
        le=MULTIPLIER,
    )
    resident_share: Share | None = Field(
        default=None,
        description="Share of the residents' hospital use that goes to this trust; shares may sum to less "
        "than 1 (the rest goes elsewhere), never more; left out, an equal part of what the others leave",
    )


class Practice(Part):
    """One general practice."""

    name: Name = Field(description="Name of the practice, unique among organisations")
    code: Code | None = Field(default=None, description="Code of the practice, e.g. P87001")
    list_size: Positive | None = Field(
        default=None,
        le=PEOPLE,
        description="Registered patients; used as a weight, scaled to the place's population",
    )
    gp_fte: NonNegative | None = _capacity("Full-time equivalent GPs", CLINICIANS)


class GPPractices(Part):
    """The general practices of the place: a number of them, or each by name."""

    count: Count | None = Field(
        default=None, ge=1, le=2000, description="How many; left out, from published lists"
    )
    practices: tuple[Practice, ...] | None = Field(
        default=None, min_length=1, max_length=2000, description="Each practice, instead of a count"
    )
    gp_fte_per_1000: NonNegative | None = _capacity(
        "Full-time equivalent GPs per 1,000 registered patients", IN_1000
    )
    nurse_fte_per_1000: NonNegative | None = _capacity(
        "Full-time equivalent practice nurses per 1,000 registered patients", IN_1000
    )
    other_fte_per_1000: NonNegative | None = _capacity(
        "Full-time equivalent other clinicians (pharmacists, physiotherapists) per 1,000 registered patients",
        IN_1000,
    )

    @model_validator(mode="after")
    def _count_agrees(self) -> Self:
        if self.count is not None and self.practices is not None and self.count != len(self.practices):
            raise PydanticCustomError(
                "count",
                "count is {count} but {n} practices are listed",
                {"count": self.count, "n": len(self.practices)},
            )
        return self


class CommunityTeams(Part):
    """Neighbourhood (multidisciplinary) teams, one per neighbourhood."""

    population_per_team: Positive | None = _capacity("People per neighbourhood team", PEOPLE)
    staff_per_1000: NonNegative | None = _capacity(
        "Full-time equivalent clinical staff per 1,000 people", IN_1000
    )
    caseload_per_1000: NonNegative | None = _capacity(
        "People who can be on the teams' caseloads per 1,000 people", IN_1000
    )
    rapid_response_per_day_per_100_000: NonNegative | None = _capacity(
        "Rapid-response (two-hour) starts a day per 100,000 people", IN_100_000
    )
    discharge_slots_per_day_per_100_000: NonNegative | None = _capacity(
        "Community slots a day for people leaving hospital per 100,000 people", IN_100_000
    )


class Council(Part):
    """A council that runs adult social care."""

    name: Name = Field(description="Name of the council, unique among organisations")
    districts: tuple[District, ...] | None = Field(
        default=None,
        min_length=1,
        description="Districts of the place that it serves, by name or code; one council may leave them out "
        "and serves those of no other",
    )


class LocalAuthorities(Part):
    """Adult social care of the place's councils."""

    councils: tuple[Council, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=400,
        description="Each council and its districts; left out, the county and unitary councils of 2015-18 "
        "that the place lies in",
    )
    home_care_packages_per_1000_65plus: NonNegative | None = _capacity(
        "Home-care packages in place at any time per 1,000 people of 65 and over", IN_1000
    )
    home_care_starts_per_week_per_1000_65plus: NonNegative | None = _capacity(
        "Home-care packages started a week per 1,000 people of 65 and over", IN_1000
    )
    care_home_placements_per_week_per_1000_65plus: NonNegative | None = _capacity(
        "Care-home placements a week per 1,000 people of 65 and over", IN_1000
    )
    assessments_per_week_per_1000_65plus: NonNegative | None = _capacity(
        "Assessments of need a week per 1,000 people of 65 and over", IN_1000
    )
    eligibility: Eligibility = evidenced(
        "experiment_eligibility", "The least social-care need that the council pays for"
    )


class Commissioners(Part):
    """The clinical commissioning groups of the place."""

    names: tuple[Name, ...] | None = Field(
        default=None, min_length=1, description="Names; left out, the CCGs the place lies in"
    )
    allocation_gbp_per_head: NonNegative | None = _capacity(
        "Yearly allocation per resident, pounds", POUNDS_PER_HEAD
    )


class MentalHealthTrusts(Part):
    """The mental health trusts of the place."""

    names: tuple[Name, ...] | None = Field(
        default=None, min_length=1, description="Names; left out, one trust"
    )
    crisis_contacts_per_day_per_100_000: NonNegative | None = _capacity(
        "Crisis-team contacts a day per 100,000 people", IN_100_000
    )
    community_caseload_per_1000: NonNegative | None = _capacity(
        "Community caseload places per 1,000 people", IN_1000
    )


class UrgentCare(Part):
    """NHS 111, the ambulance service (999) and out-of-hours general practice."""

    name: Name | None = Field(default=None, description="Name; left out, named by the model")
    nhs_111_calls_per_1000_per_year: NonNegative | None = _capacity(
        "NHS 111 calls answered a year per 1,000 people", A_YEAR_IN_1000
    )
    ambulance_responses_per_1000_per_year: NonNegative | None = _capacity(
        "Ambulance responses a year per 1,000 people", A_YEAR_IN_1000
    )
    out_of_hours_contacts_per_1000_per_year: NonNegative | None = _capacity(
        "Out-of-hours GP contacts a year per 1,000 people", A_YEAR_IN_1000
    )


class VoluntarySector(Part):
    """Voluntary and community organisations."""

    name: Name | None = Field(default=None, description="Name; left out, named by the model")
    link_workers_per_100_000: NonNegative | None = _capacity(
        "Full-time equivalent link workers per 100,000 people", IN_100_000
    )
    places_per_1000: NonNegative | None = _capacity("People supported at any time per 1,000 people", IN_1000)


class CareHomes(Part):
    """Care homes for older people."""

    places_per_1000_65plus: NonNegative | None = _capacity(
        "Care-home places per 1,000 people of 65 and over", IN_1000
    )
    count: Count | None = Field(
        default=None, ge=1, le=5000, description="How many homes; left out, from places"
    )


class Organisations(Part):
    """Who provides and pays for care."""

    acute_trusts: tuple[AcuteTrust, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=20,
        description="Acute hospital trusts; left out, one sized for the place",
    )
    gp_practices: GPPractices = Field(default_factory=GPPractices, description="General practices")
    community_teams: CommunityTeams = Field(default_factory=CommunityTeams, description="Neighbourhood teams")
    local_authorities: LocalAuthorities = Field(
        default_factory=LocalAuthorities, description="Councils' adult social care"
    )
    commissioners: Commissioners = Field(
        default_factory=Commissioners, description="Clinical commissioning groups"
    )
    mental_health_trusts: MentalHealthTrusts = Field(
        default_factory=MentalHealthTrusts, description="Mental health trusts"
    )
    urgent_care: UrgentCare = Field(
        default_factory=UrgentCare, description="111, 999 and out-of-hours services"
    )
    voluntary_sector: VoluntarySector = Field(
        default_factory=VoluntarySector, description="Voluntary organisations"
    )
    care_homes: CareHomes = Field(default_factory=CareHomes, description="Care homes")

    def named(self) -> list[str]:
        """Every organisation the experiment names, in the order of the schema (repeats kept)."""
        names = [trust.name for trust in self.acute_trusts or ()]
        names += [practice.name for practice in self.gp_practices.practices or ()]
        names += [council.name for council in self.local_authorities.councils or ()]
        for group in (self.commissioners, self.mental_health_trusts):
            names += group.names or ()
        names += [one.name for one in (self.urgent_care, self.voluntary_sector) if one.name is not None]
        return names
