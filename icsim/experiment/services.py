"""A service as data: what it needs, whom it is for, which levers it turns, how it may fail; and its use.

Shipped entries are the files of ``experiments/services``; an experiment may add entries of its own, or change
parts of shipped ones, under its key ``services``.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from icsim.experiment.fields import (
    EXPECTED,
    Day,
    Flag,
    Name,
    NonNegative,
    Part,
    Positive,
    Share,
    Text,
    names_of,
    one_of,
    shape_of,
)
from icsim.experiment.happenings import Selection
from icsim.experiment.organisations import Kind
from icsim.population.columns import Lever

KINDS = tuple(str(kind) for kind in Kind)
KindName = Annotated[str, one_of(KINDS)]
LeverName = Annotated[str, one_of(names_of(Lever))]
Factor = Annotated[float, Field(gt=0, le=100, strict=True)]
ServiceId = Annotated[
    str,
    StringConstraints(strict=True, max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
    Field(examples=["social-prescribing"]),
]
ROLES = (
    "gp", "consultant", "nurse", "therapist", "pharmacist", "paramedic", "social_worker",
    "mental_health_worker", "health_coach", "link_worker", "coordinator", "analyst",
)  # fmt: skip
"""Staff of services; what each costs, how long it takes to find one and where they come from are rows."""
ADDED: dict[str, str] = {
    "appointments": "gp_practice",
    "visiting_staff": "community_team",
    "team_caseload": "community_team",
    "rapid_responses": "community_team",
    "intermediate_places": "community_team",
    "crisis_contacts": "mental_health_trust",
    "treatment_places": "mental_health_trust",
    "urgent_calls": "urgent_care",
    "out_of_hours_contacts": "urgent_care",
    "ambulance_journeys": "urgent_care",
    "voluntary_places": "voluntary_sector",
    "ae_attendances": "acute_trust",
    "clinic_attendances": "acute_trust",
    "home_care_packages": "local_authority",
}
"""Capacities that the staff of a service may add to, and the kind of organisation whose they are."""
Tie = Annotated[
    str,
    one_of(f"{one}->{other}" for one in KINDS for other in KINDS),
    Field(json_schema_extra={EXPECTED: "a pair of kinds such as gp_practice->acute_trust"}),
]


def effect_key(service: str, lever: str) -> str:
    """The row of the evidence catalogue with the effect of a service on a lever."""
    return f"service_{service.replace('-', '_')}_{lever}"


class Level(StrEnum):
    """Level of need in the framework's care model, or what makes the others possible."""

    WHOLE_POPULATION = "A"
    URGENT = "B"
    ONGOING = "C"
    HIGHEST = "D"
    ENABLER = "enabler"


class Evidence(StrEnum):
    """How far a number can be trusted."""

    MEASURED = "measured"
    REPORTED = "reported"
    ASSUMED = "assumed"


class Effect(Part):
    """What a service multiplies a lever by for a person fully reached, as an entry of one's own says it."""

    value: Factor = Field(description="Multiplier in full: 0.9 is a tenth less, 1 nothing, above 1 harm")
    low: Factor | None = Field(default=None, description="Least that is likely")
    high: Factor | None = Field(default=None, description="Most that is likely")
    source: Text = Field(default="", description="Where the number comes from")
    evidence: Evidence = Field(default=Evidence.ASSUMED, description="How far it can be trusted")

    @model_validator(mode="after")
    def _within_its_range(self) -> Self:
        low, high = self.low or self.value, self.high or self.value
        if not low <= self.value <= high:
            raise PydanticCustomError("range", "expected low <= value <= high")
        return self


EffectOf = Annotated[
    Annotated[Literal["evidence"], Tag("<word>")]
    | Annotated[Factor, Tag("<value>")]
    | Annotated[Effect, Tag("<map>")],
    Discriminator(lambda value: "<word>" if isinstance(value, str) else shape_of(value)),
    Field(json_schema_extra={EXPECTED: "evidence, a number above 0, or value, low, high, source, evidence"}),
]


class Posts(Part):
    """Staff of one role that a service needs."""

    role: Annotated[str, one_of(ROLES)] = Field(description="What they are")
    per_100_000: Annotated[NonNegative, Field(le=10_000)] = Field(
        description="Full-time equivalent posts per 100,000 residents"
    )


class Money(Part):
    """What a service costs beside its staff, in 2016/17 prices."""

    setup_gbp_per_head: Annotated[NonNegative, Field(le=10_000)] = Field(
        default=0.0, description="Once, for each resident of the place"
    )
    running_gbp_per_head: Annotated[NonNegative, Field(le=10_000)] = Field(
        default=0.0, description="A year, for each resident of the place"
    )


class Space(Part):
    """Rooms, vehicles or systems that must be found before a service starts."""

    what: Text = Field(description="What it is")
    months: Annotated[NonNegative, Field(le=120)] = Field(description="Months until it is there")


class Needs(Part):
    """What must be there before a service starts, and stay."""

    partners: tuple[KindName, ...] = Field(
        default=(), description="Kinds of organisation that must take part: one that holds back stops it"
    )
    trust: dict[Tie, Share] = Field(
        default_factory=dict, description="Least mean trust on ties between kinds, 0 to 1"
    )
    records: Share = Field(default=0.0, description="Least level of shared records, 0 to 1")
    staff: tuple[Posts, ...] = Field(default=(), max_length=50, description="Posts")
    money: Money = Field(default_factory=Money, description="What it costs beside its staff")
    space: Space | None = Field(default=None, description="What must be found first")


class Capacity(Part):
    """How many people a service reaches: a caseload of its staff, or a share of those it is for."""

    caseload_per_post: Annotated[Positive, Field(le=100_000)] | None = Field(
        default=None, description="People at a time for each post"
    )
    months: Annotated[Positive, Field(le=600)] | None = Field(
        default=None, description="Mean stay on the caseload in months; left out, for good"
    )
    reach: Share | None = Field(
        default=None, description="Share of those it is for whom it reaches, fully staffed, instead"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.caseload_per_post is None) == (self.reach is None):
            raise PydanticCustomError("capacity", "give either caseload_per_post or reach")
        if self.reach is not None and self.months is not None:
            raise PydanticCustomError("capacity", "months belongs to caseload_per_post")
        return self


class Pick(StrEnum):
    """How a service with a caseload chooses among those it is for."""

    RISK = "risk"
    LONELINESS = "loneliness"
    MENTAL_NEED = "mental_need"
    ANYBODY = "anybody"


class Site(StrEnum):
    """Where a service is run, and so where it is learnt."""

    PRACTICE = "practice"
    TEAM = "team"
    PLACE = "place"


class How(StrEnum):
    """How a service may fail."""

    CULTURE = "culture"
    DESIGN = "design"
    EFFORT = "effort"
    STAFF = "staff"
    MONEY = "money"
    RECORDS = "records"
    OVERWHELMED = "overwhelmed"


class Failure(Part):
    """One way to fail. Whether culture and design do is drawn; the rest follow from what happens."""

    how: How = Field(description="What goes wrong")
    said: Text = Field(default="", description="In words")
    between: tuple[KindName, KindName] | None = Field(
        default=None, description="culture: whose ways of working differ"
    )
    distance: Share | None = Field(default=None, description="culture: how much they differ, 0 to 1")

    @model_validator(mode="after")
    def _culture_between(self) -> Self:
        if (self.how is How.CULTURE) != (self.between is not None and self.distance is not None):
            raise PydanticCustomError(
                "failure", "between and distance belong to how: culture, which needs both"
            )
        return self


class Logic(Part):
    """The service's logic model in a few words."""

    inputs: Text = Field(description="What goes in")
    activity: Text = Field(description="What is done")
    output: Text = Field(description="What patients get")
    outcome: Text = Field(description="What should come of it")


class Voice(StrEnum):
    """Who should have a say in a design."""

    CLINICIANS = "clinicians"
    GPS = "gps"
    PUBLIC = "public"


class Gift(StrEnum):
    """What one service gives to others."""

    RECORDS = "records"
    ANALYTICS = "analytics"
    PUBLIC = "public"
    CAPABILITY = "capability"


class Service(Part):
    """One entry of the catalogue of services."""

    title: Name = Field(description="Name in reports")
    level: Level = Field(description="A to D as in the framework, or enabler")
    source: Text = Field(description="Document and place: who describes it")
    seen_in: tuple[Name, ...] = Field(default=(), description="Places that had it")
    logic: Logic | None = Field(default=None, description="Inputs, activity, output, outcome")
    needs: Needs = Field(default_factory=Needs, description="What must be there")
    who: Selection = Field(default_factory=Selection, description="Whom it is for; left out, everybody")
    capacity: Capacity = Field(description="How many it reaches")
    pick: Pick = Field(default=Pick.RISK, description="How a caseload is chosen")
    site: Site = Field(default=Site.PLACE, description="Where it is run: practice, team or place")
    ramp_months: Annotated[Positive, Field(le=120)] = Field(
        description="Months from the first to the last site or part of the people"
    )
    levers: dict[LeverName, EffectOf] = Field(
        default_factory=dict,
        description="Multiplier for each person fully reached: 'evidence' for the row service_ID_LEVER, a "
        "number, or value, low, high, source",
    )
    adds: dict[Annotated[str, one_of(ADDED)], Annotated[NonNegative, Field(le=1e6)]] = Field(
        default_factory=dict, description="Capacity that each post adds, in the units of docs/services.md"
    )
    gives: dict[Annotated[str, one_of(str(gift) for gift in Gift)], Share] = Field(
        default_factory=dict, description="What it gives to other services, 0 to 1 in full"
    )
    finds_need: Flag = Field(
        default=False, description="First visits uncover unmet need, so that activity may rise first"
    )
    design_with: tuple[Voice, ...] = Field(default=(), description="Whose say in the design it needs to fit")
    ways_to_fail: tuple[Failure, ...] = Field(default=(), max_length=20, description="How it may fail")
    successor: ServiceId | None = Field(
        default=None, description="What those who learn from its failure try next"
    )

    @property
    def posts_per_100_000(self) -> float:
        """All posts together."""
        return sum(posts.per_100_000 for posts in self.needs.staff)

    @model_validator(mode="after")
    def _can_do_something(self) -> Self:
        if not (self.levers or self.adds or self.gives):
            raise PydanticCustomError("service", "it does nothing: give levers, adds or gives")
        if (self.adds or self.capacity.caseload_per_post) and not self.posts_per_100_000:
            raise PydanticCustomError("service", "adds and a caseload need posts: give needs.staff")
        return self


class Use(Part):
    """A service of the catalogue put to use, from a day on."""

    use: ServiceId = Field(description="The entry of the catalogue: icsim services lists them")
    name: Name = Field(description="Name, unique among interventions and services; left out, the entry's")
    start: Day | None = Field(default=None, description="First day; left out, the first day of the run")
    end: Day | None = Field(default=None, description="Last day; left out, the last day of the run")
    size: Annotated[NonNegative, Field(le=1000)] = Field(
        default=1.0, description="Multiple of the entry's posts and money"
    )
    coverage: Share = Field(default=1.0, description="Most of those it is for whom it may reach")
    effect: Annotated[NonNegative, Field(le=10)] = Field(
        default=1.0, description="Multiple of what the entry's levers change; 0 is no effect"
    )
    fidelity: Share | None = Field(
        default=None, description="How well it is done at the start; left out, as the catalogue says"
    )
    levers: dict[LeverName, Factor] = Field(
        default_factory=dict, description="Multipliers instead of the entry's"
    )
    who: Selection | None = Field(default=None, description="Whom it is for, instead of the entry's")
    practices: tuple[Name, ...] | None = Field(
        default=None, min_length=1, description="Practices that may take part, by name; left out, all"
    )
    neighbourhoods: tuple[Name, ...] | None = Field(
        default=None, min_length=1, description="Neighbourhoods served, by name; left out, all"
    )

    @model_validator(mode="before")
    @classmethod
    def _named_after_its_entry(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("name") is None and isinstance(data.get("use"), str):
            return {**data, "name": data["use"]}
        return data
