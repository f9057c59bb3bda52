"""What a researcher may write in an experiment: every key, its meaning, its limits and its default.

Defaults that are numbers, dates or choices are rows of the evidence catalogue (topic ``experiment``).
Use ``icsim.experiment.load`` to read one: it also checks what needs the whole experiment (dates within
the run, names that exist, the place, the parameters).
"""

import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, PrivateAttr, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from icsim.experiment.choosing import ChoiceOfPractice
from icsim.experiment.fields import (
    EXPECTED,
    Day,
    Flag,
    Name,
    NonNegative,
    Number,
    Part,
    Positive,
    Share,
    Text,
    default_of,
    evidenced,
    shape_of,
)
from icsim.experiment.happenings import Intervention, Shock
from icsim.experiment.nation import Nation, Spread
from icsim.experiment.organisations import Kind, Organisations
from icsim.experiment.payment import CarriedDeficits, ControlTotals, PerformancePayment, PooledBudget
from icsim.experiment.programme import Programme
from icsim.experiment.services import Service, ServiceId, Use
from icsim.experiment.strategy import (
    Building,
    Frictions,
    GPContracts,
    GPRelation,
    HeldBy,
    JointWork,
    OrganisationalForm,
    Sharing,
)

DAYS_PER_YEAR = 365.25
FAR = 1440
"""Minutes of a day: nobody lives further from care."""
MOST_RATIO = 1000
PlaceText = Annotated[
    str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200)
]
PlaceSpec = Annotated[
    Annotated[PlaceText, Tag("<value>")]
    | Annotated[list[PlaceText], Field(min_length=1), Tag("<list>")]
    | Annotated[
        dict[Literal["lsoas"], Annotated[list[PlaceText], Field(min_length=1)]],
        Field(min_length=1),
        Tag("<map>"),
    ],
    Discriminator(shape_of),
]
ShareByPair = Annotated[
    Annotated[Share, Tag("<value>")] | Annotated[dict[str, Share], Tag("<map>")], Discriminator(shape_of)
]
Ratio = Annotated[float, Field(ge=0, le=10, strict=True)]
RatioByPair = Annotated[
    Annotated[Ratio, Tag("<value>")] | Annotated[dict[str, Ratio], Tag("<map>")], Discriminator(shape_of)
]


def _inline_or_used(value: Any) -> str:
    """Which form an intervention has: the tag of the union."""
    used = isinstance(value, Use) or (isinstance(value, dict) and "use" in value)
    return "<use>" if used else "<map>"


InterventionOrUse = Annotated[
    Annotated[Intervention, Tag("<map>")] | Annotated[Use, Tag("<use>")], Discriminator(_inline_or_used)
]


class Form(StrEnum):
    """Contract forms of the vanguards."""

    TRADITIONAL = "traditional"
    VIRTUAL = "virtual"
    PARTIAL = "partial"
    FULL = "full"


class Payment(StrEnum):
    """How the acute trust is paid."""

    ACTIVITY = "activity"
    BLOCK = "block"
    CAPITATION = "capitation"


class Population(Part):
    """Whose lives are simulated."""

    sample: Annotated[float, Field(gt=0, le=1, strict=True)] = evidenced(
        "experiment_sample", "Share of the residents simulated, above 0 and up to 1 (everybody)"
    )


class Travel(Part):
    """How far the people of the place live from care, on average; areas differ around it."""

    ae_minutes: NonNegative = evidenced("travel_ae_minutes", "Mean minutes by car from home to A&E", le=FAR)
    gp_minutes: NonNegative = evidenced(
        "travel_gp_minutes", "Mean minutes by car from home to a practice", le=FAR
    )


class RelationshipStep(Part):
    """A dated change from outside of how organisations stand to one another; a key left out stays so."""

    date: Day = Field(description="The day, at whose start it changes")
    trust: ShareByPair | None = Field(
        default=None,
        description="Trust from this day, 0 to 1: a number for all, or pairs; pairs not given keep theirs",
    )
    leader_turnover: NonNegative | None = Field(
        default=None, le=12, description="Leaders of an organisation who leave, a year, from this day"
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.trust is None and self.leader_turnover is None:
            raise PydanticCustomError("step", "the step changes nothing: give trust or leader_turnover")
        return self

    def trust_between(
        self, kind: str, name: str | None, other_kind: str, other_name: str | None
    ) -> float | None:
        """The trust that it sets of one organisation in another, 0-1; None where it leaves it as it is."""
        return None if self.trust is None else _given(self.trust, (kind, name), (other_kind, other_name))


class Relationships(Part):
    """How organisations stand to one another at the start, and what changes that from outside.

    Each key takes one number for all pairs, or a mapping from pairs to numbers:
    ``'gp_practice->acute_trust': 0.3`` by kind, ``'Salford Royal->NHS Salford CCG': 0.7`` by name, and
    ``default`` for the rest.
    """

    initial_trust: ShareByPair = evidenced(
        "experiment_initial_trust",
        "Trust of one organisation in another at the start, 0 to 1: a number or pairs",
    )
    contact: ShareByPair = evidenced(
        "experiment_contact", "How closely two organisations work side by side, 0 to 1: a number or pairs"
    )
    joint_posts: ShareByPair = evidenced(
        "experiment_joint_posts",
        "Joint posts and time spent together through the run, as a share of all one could, 0 to 1: a number "
        "or pairs",
    )
    co_location: ShareByPair = evidenced(
        "experiment_co_location",
        "Share of those concerned who work in one building through the run, 0 to 1: a number or pairs",
    )
    shared_records: ShareByPair = evidenced(
        "experiment_shared_records",
        "Share of records that both can read through the run, 0 to 1: a number or pairs",
    )
    learning: RatioByPair = evidenced(
        "experiment_learning",
        "How fast the trust of one in another changes, as a multiple of the catalogue, 0 to 10: a number or "
        "pairs",
    )
    building: tuple[Building, ...] = Field(
        default=(), max_length=100, description="Times of investment in relationships, on top of joint posts"
    )
    leader_turnover: NonNegative = evidenced(
        "experiment_leader_turnover", "Leaders of an organisation who leave, a year", le=12
    )
    held_by: HeldBy = evidenced(
        "experiment_trust_held_by", "Who holds trust: people, so that part goes with a leader, or offices"
    )
    fixed: Flag = Field(default=False, description="Keep trust as it is at the start")
    steps: tuple[RelationshipStep, ...] = Field(
        default=(), max_length=1000, description="Dated changes from outside, in order of date"
    )

    def leader_turnover_on(self, day: date) -> float:
        """Leaders of an organisation who leave, a year, as it stands on a day."""
        given = [one.leader_turnover for one in self.steps if one.date <= day]
        return next((rate for rate in reversed(given) if rate is not None), self.leader_turnover)

    BY_PAIR: ClassVar[tuple[str, ...]] = (
        "initial_trust", "contact", "joint_posts", "co_location", "shared_records", "learning",
    )  # fmt: skip
    """Keys that may differ from pair to pair."""

    def value_between(self, key: str) -> Callable[[str, str | None, str, str | None], float]:
        """What a key of ``BY_PAIR`` is for a pair, from (kind, name, kind, name); names beat kinds."""
        values = getattr(self, key)
        return lambda kind, name, other_kind, other_name: _pair_value(
            values, f"experiment_{key}", (kind, name), (other_kind, other_name)
        )


def _pair_value(
    values: float | dict[str, float], key: str, one: tuple[str, str | None], other: tuple[str, str | None]
) -> float:
    """What is given, or else the catalogue's."""
    given = _given(values, one, other)
    return float(default_of(key)) if given is None else given


def _given(
    values: float | dict[str, float], one: tuple[str, str | None], other: tuple[str, str | None]
) -> float | None:
    """Name->name, then name->kind, kind->name, kind->kind, then ``default``, then None."""
    if not isinstance(values, dict):
        return values
    (kind, name), (other_kind, other_name) = one, other
    for pair in ((name, other_name), (name, other_kind), (kind, other_name), (kind, other_kind)):
        if None not in pair and f"{pair[0]}->{pair[1]}" in values:
            return values[f"{pair[0]}->{pair[1]}"]
    return values.get("default")


class ContractStep(Part):
    """A dated change of the contract; a key left out stays as it was."""

    date: Day = Field(description="First day of the changed contract")
    form: Form | None = Field(default=None, description="Contract form from this day")
    talks_since: Day | None = Field(
        default=None,
        description="Day on which talks about the form began; left out, they begin on the date",
    )
    payment: Payment | None = Field(default=None, description="Payment of the acute trust from this day")
    marginal_emergency_rate: Share | None = Field(
        default=None,
        description="Share of the tariff paid for emergency admissions above the baseline from this day",
    )
    emergency_baseline: Positive | None = Field(
        default=None, le=MOST_RATIO, description="Baseline ratio from this day"
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if all(value is None for key, value in self if key not in ("date", "talks_since")):
            raise PydanticCustomError(
                "step", "the step changes nothing: give form, payment, or another key of contract"
            )
        if self.talks_since is not None and (self.form is None or self.talks_since > self.date):
            raise PydanticCustomError(
                "step", "talks are about a form, and begin on the date of the step or before"
            )
        return self

    @property
    def begins(self) -> Day:
        """Day on which it begins to be talked over, or else holds."""
        return self.talks_since or self.date


class Contract(Part):
    """Who is paid by whom, and how."""

    form: Form = evidenced("experiment_contract_form", "Contract form at the start")
    payment: Payment = evidenced("experiment_payment", "Payment of the acute trust at the start")
    marginal_emergency_rate: Share = evidenced(
        "experiment_marginal_emergency_rate",
        "Share of the tariff paid for emergency admissions above the baseline, under payment by activity",
    )
    emergency_baseline: Positive = evidenced(
        "experiment_emergency_baseline",
        "Emergency admissions paid in full, as a ratio to those expected in the first year",
        le=MOST_RATIO,
    )
    sharing: Sharing = Field(default_factory=Sharing, description="Gain and risk share between partners")
    frictions: Frictions = Field(
        default_factory=Frictions, description="What stands in the way of a new contract form"
    )
    holder: Name | None = Field(
        default=None,
        description="Who holds an integrated contract, by name; left out, the trust of most residents",
    )
    organisational_form: OrganisationalForm = evidenced(
        "experiment_organisational_form", "What holds a partially or fully integrated contract"
    )
    gp_relation: GPRelation = evidenced(
        "experiment_gp_relation", "How practices stand to the holder of a fully integrated contract"
    )
    gp_contracts: GPContracts = evidenced(
        "experiment_gp_contracts",
        "Practices' own contracts under a fully integrated one: given up, or suspended, with a way back",
    )
    break_after_years: Positive | None = Field(
        default=None,
        le=25,
        description="Years after which an integrated contract ends unless its members trust one another as "
        "much as was needed to sign it; left out, no break point",
    )
    covered_income_share: Share | None = Field(
        default=None,
        description="Share of an acute trust's income that gain and risk share covers; left out, what it "
        "earns from residents of the place",
    )
    pooled_budget: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[PooledBudget, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="One budget of commissioners and councils, or none")
    performance: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[PerformancePayment, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="Income that measured performance earns, or none")
    control_totals: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[ControlTotals, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="Agreed results and the fund that goes with them, or none")
    carried_deficits: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[CarriedDeficits, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="Deficits that stay from one year to the next, or none")
    steps: tuple[ContractStep, ...] = Field(
        default=(), max_length=100, description="Dated changes, in order of date"
    )


class Record(Part):
    """What a run keeps."""

    daily: Flag = Field(default=True, description="Daily counts by organisation")
    monthly: Flag = Field(default=True, description="Monthly counts by organisation")
    by_age_and_imd: Flag = Field(
        default=True, description="Yearly activity by age band and deprivation decile"
    )
    money: Flag = Field(default=True, description="Income and cost by organisation")
    people: Flag = Field(default=True, description="Every person at the end of the run")


class Experiment(Part):
    """One experiment: a place, its people and organisations, and what happens to them."""

    name: Name = Field(default="experiment", description="Name in results; left out, the file's name")
    description: Text = Field(default="", description="What the experiment asks")
    extends: str | tuple[str, ...] | None = Field(
        default=None,
        exclude=True,
        description="What this one builds on: shipped names or paths relative to this file; later ones win",
    )
    place: PlaceSpec = Field(
        description="One of the nine places, any CCG, STP or local authority of England by name or code, a "
        "list of them, or {lsoas: [codes]}",
        json_schema_extra={
            EXPECTED: "a place such as salford, 'NHS Bolton CCG', lad:Leeds or E38000016, a list of these, "
            "or lsoas: [codes]"
        },
    )
    start: Day = evidenced("experiment_start", "First day of the run")
    years: Annotated[float, Field(gt=0, le=25, strict=True)] = evidenced(
        "experiment_years",
        "Length of the run in years, above 0 and up to 25; fractions count 365.25 days a year",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63, strict=True)] = evidenced(
        "experiment_seed", "Seed of all luck; replicates take the numbers that follow"
    )
    replicates: Annotated[int, Field(ge=1, le=10_000, strict=True)] = evidenced(
        "experiment_replicates", "How many runs, each with its own seed"
    )
    population: Population = Field(default_factory=Population, description="Whose lives are simulated")
    travel: Travel = Field(default_factory=Travel, description="How far people live from care")
    organisations: Organisations = Field(
        default_factory=Organisations, description="Organisations and their capacities"
    )
    relationships: Relationships = Field(
        default_factory=Relationships, description="How organisations stand to one another at the start"
    )
    contract: Contract = Field(default_factory=Contract, description="Contract form and payment")
    programme: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[Programme, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="The change programme, or none")
    nation: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[Nation, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="What national bodies do for the programme and ask of it, or none")
    spread: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[Spread, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(
        default="none",
        description="How practices take up services, one after another; none: as fast as each is set up",
    )
    choice_of_practice: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[ChoiceOfPractice, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="Patients may change their practice, or none do")
    joint_work: Annotated[
        Annotated[Literal["none"], Tag("<value>")] | Annotated[JointWork, Tag("<map>")],
        Discriminator(shape_of),
    ] = Field(default="none", description="Joint work of the organisations for patients, or none")
    interventions: tuple[InterventionOrUse, ...] = Field(
        default=(),
        max_length=1000,
        description="Services: use an entry of the catalogue (use: ID), or turn levers directly",
    )
    services: dict[ServiceId, Service] = Field(
        default_factory=dict,
        max_length=1000,
        description="Entries of the catalogue of services that are used, changed or added here",
    )
    shocks: tuple[Shock, ...] = Field(default=(), max_length=1000, description="What befalls the place")
    parameters: dict[str, Number] = Field(
        default_factory=dict, description="Values of the evidence catalogue to use instead of its own, by key"
    )
    record: Record = Field(default_factory=Record, description="What a run keeps")

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @property
    def origins(self) -> dict[str, str]:
        """Where each value comes from, by dotted key: ``default``, ``salford.yaml:12``, ``--set``."""
        return dict(self._origins)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed but worth knowing, one sentence each."""
        return self._warnings

    @property
    def turned(self) -> tuple[Intervention, ...]:
        """Interventions that turn levers directly."""
        return tuple(one for one in self.interventions if isinstance(one, Intervention))

    @property
    def used(self) -> tuple[tuple[Use, Programme | None], ...]:
        """Services of the catalogue put to use, with the programme that each belongs to, if any."""
        own: list[tuple[Use, Programme | None]] = [
            (one, None) for one in self.interventions if isinstance(one, Use)
        ]
        if not isinstance(self.programme, str):
            own += [(one, self.programme) for one in self.programme.services]
        return tuple(own)

    @property
    def days(self) -> int:
        """Length of the run in days."""
        return (self.end - self.start).days

    @property
    def end(self) -> date:
        """The day after the last: whole years by the calendar, a fraction of a year in days of 1/365.25."""
        whole = int(self.years)
        year = self.start.year + whole
        try:
            anniversary = self.start.replace(year=year)
        except ValueError:  # 29 February
            anniversary = date(year, 3, 1)
        end = anniversary + timedelta(days=round((self.years - whole) * DAYS_PER_YEAR))
        return max(end, self.start + timedelta(days=1))

    def to_dict(self) -> dict[str, Any]:
        """The resolved experiment as plain values (dates as ISO text); ``load`` of it equals this one."""
        return self.model_dump(mode="json")

    def digest(self) -> str:
        """A SHA-256 of the resolved content, the same in every process and on every machine."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Equal when the content is, wherever its values came from."""
        return isinstance(other, Experiment) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.digest())


ORGANISATION_KINDS = tuple(str(kind) for kind in Kind)
