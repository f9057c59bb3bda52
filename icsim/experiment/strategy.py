"""What an experiment says of joint work: time for it, what partners share, how a contract is agreed."""

from enum import StrEnum
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from icsim.experiment.fields import Day, NonNegative, Part, Share, evidenced, one_of, shape_of
from icsim.experiment.happenings import Selection
from icsim.experiment.organisations import Kind


class HeldBy(StrEnum):
    """Who holds the trust between organisations."""

    PEOPLE = "people"
    OFFICES = "offices"


class Source(StrEnum):
    """What brings organisations together."""

    JOINT_POSTS = "joint_posts"
    CO_LOCATION = "co_location"
    SHARED_RECORDS = "shared_records"


KindName = Annotated[str, one_of(str(kind) for kind in Kind)]


class Building(Part):
    """A time of investment in relationships themselves."""

    how: Source = evidenced(
        "experiment_building_how",
        "By what: joint posts (and time spent together), working in one building, shared records",
    )
    level: Share = Field(description="Share of full investment, 0 to 1")
    start: Day | None = Field(default=None, description="First day; left out, the first day of the run")
    end: Day | None = Field(default=None, description="Last day; left out, the last day of the run")
    kinds: tuple[KindName, ...] | None = Field(
        default=None, min_length=2, description="Kinds whose ties are built; left out, all"
    )


class JointWork(Part):
    """Work that organisations do together for patients: avoiding crises, shortening stays, not repeating."""

    start: Day | None = Field(default=None, description="First day; left out, the first day of the run")
    end: Day | None = Field(default=None, description="Last day; left out, the last day of the run")
    who: Selection = Field(default_factory=Selection, description="Whom it is for; left out, everybody")
    slack: Share = evidenced(
        "experiment_slack",
        "Share of the pressure on organisations that paid time (backfill) takes away while it lasts, 0 to 1",
    )


class Sharing(Part):
    """Gain and risk share; what is left out follows the contract form."""

    pooled: Share | None = Field(default=None, description="Share of each member's result that is pooled")
    members: tuple[KindName, ...] | None = Field(
        default=None, min_length=2, description="Kinds of organisation that take part"
    )
    parts: Annotated[Annotated[dict[KindName, NonNegative], Tag("<map>")], Discriminator(shape_of)] | None = (
        Field(
            default=None,
            description="How the pool is divided, by kind in proportion; left out, by income",
        )
    )
    threshold: Share = evidenced(
        "experiment_sharing_threshold", "Pooled result below which nothing is shared, as a share of income"
    )
    cap: NonNegative = evidenced(
        "experiment_sharing_cap", "Most a member may gain by sharing, as a share of its income"
    )
    collar: NonNegative = evidenced(
        "experiment_sharing_collar", "Most a member may lose by sharing, as a share of its income"
    )


class OrganisationalForm(StrEnum):
    """What holds a partially or fully integrated contract."""

    ALLIANCE = "alliance"
    LEAD_PROVIDER_TRUST = "lead_provider_trust"
    JOINT_VENTURE = "joint_venture"
    COMMUNITY_INTEREST_COMPANY = "community_interest_company"


class GPRelation(StrEnum):
    """How practices stand to the holder of a fully integrated contract."""

    PARTNER = "partner"
    SUBCONTRACTOR = "subcontractor"
    EMPLOYEE = "employee"
    MUTUAL = "mutual"


class GPContracts(StrEnum):
    """What becomes of practices' own contracts under a fully integrated one."""

    GIVEN_UP = "given_up"
    SUSPENDED = "suspended"


class Frictions(Part):
    """What stands in the way of a new contract form, as multiples of the catalogue; 0 takes it away."""

    negotiation: NonNegative = evidenced("experiment_friction_negotiation", "Time that negotiating takes")
    readiness: NonNegative = evidenced("experiment_friction_readiness", "Trust that is needed to sign")
    cost: NonNegative = evidenced("experiment_friction_cost", "Money that negotiating costs")
    autonomy: NonNegative = evidenced(
        "experiment_friction_autonomy", "Independence that practices give up by joining"
    )
    vat: NonNegative = evidenced(
        "experiment_friction_vat",
        "Time for VAT rulings, and VAT that a joint venture or company cannot reclaim",
    )
    pensions: NonNegative = evidenced(
        "experiment_friction_pensions", "Time for pension rulings, and pensions that practices put at risk"
    )
    procurement: NonNegative = evidenced(
        "experiment_friction_procurement", "Time and money that procuring a new contract takes"
    )
    information_governance: NonNegative = evidenced(
        "experiment_friction_information_governance",
        "Time for agreements on records, and what joint services cannot do while they are new",
    )
