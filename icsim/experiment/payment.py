"""What an experiment says of money between organisations beyond contracts: pools, rewards, totals, debt."""

from enum import StrEnum
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from icsim.experiment.fields import Day, NonNegative, Part, Share, evidenced, one_of, shape_of

MOST_GBP = 1e12
FROM = "First month is the first that begins on this day or later; left out, the run's first"
UNTIL = "Last month is the one this day lies in; left out, the run's last"


class PooledService(StrEnum):
    """What a pooled budget may pay for."""

    ACUTE = "acute"
    COMMUNITY = "community"
    MENTAL_HEALTH = "mental_health"
    SOCIAL_CARE = "social_care"
    CONTINUING_CARE = "continuing_care"
    PRESCRIBING = "prescribing"
    VOLUNTARY_SECTOR = "voluntary_sector"


class PerformanceMeasure(StrEnum):
    """What a performance payment may look at; all of it is counted in the run."""

    FOUR_HOURS = "four_hours"
    EIGHTEEN_WEEKS = "eighteen_weeks"
    DELAYED_DAYS = "delayed_days"
    ACSC_ADMISSIONS = "acsc_admissions"
    REQUESTS_MET = "requests_met"


Partner = Annotated[str, one_of(("commissioner", "local_authority"))]
Measure = Annotated[str, one_of(str(measure) for measure in PerformanceMeasure)]
Service = Annotated[str, one_of(str(service) for service in PooledService)]
AtMost = Annotated[NonNegative, Field(le=MOST_GBP)]
SurplusShare = Annotated[float, Field(ge=-1, le=1, strict=True)]


class Agreement(Part):
    """Something agreed for a time; it holds for whole months."""

    start: Day | None = Field(default=None, description=FROM)
    end: Day | None = Field(default=None, description=UNTIL)


class PooledBudget(Agreement):
    """One budget of commissioners and councils, from which the services it covers are paid."""

    covers: tuple[Service, ...] = Field(
        default=("community", "social_care", "continuing_care"),
        min_length=1,
        description="Services that the pool pays for in place of commissioners and councils",
    )
    contributions_gbp_per_year: (
        Annotated[
            Annotated[dict[Partner, AtMost], Field(min_length=1), Tag("<map>")], Discriminator(shape_of)
        ]
        | None
    ) = Field(
        default=None,
        description="Pounds a year of all commissioners and of all councils together; left out, what "
        "each spent on these services before",
    )
    overspend_parts: (
        Annotated[
            Annotated[dict[Partner, NonNegative], Field(min_length=1), Tag("<map>")], Discriminator(shape_of)
        ]
        | None
    ) = Field(
        default=None,
        description="Who bears what the pool over- or underspends, in proportion; left out, as they pay in",
    )


class PerformancePayment(Agreement):
    """Part of the income of trusts and practices that measured performance earns, for CQUIN and QOF."""

    trust_share: Share = evidenced(
        "experiment_performance_trust_share", "Share of the acute contract that is paid by performance"
    )
    practice_share: Share = evidenced(
        "experiment_performance_practice_share",
        "Share of practices' quality payments that is paid by performance",
    )
    weights: (
        Annotated[
            Annotated[dict[Measure, NonNegative], Field(min_length=1), Tag("<map>")], Discriminator(shape_of)
        ]
        | None
    ) = Field(default=None, description="What each measure counts for, in proportion; left out, all alike")


class ControlTotals(Agreement):
    """Results agreed with the national bodies, and a fund by the quarter for trusts that keep to them."""

    surplus_shares: Annotated[Annotated[dict[str, SurplusShare], Tag("<map>")], Discriminator(shape_of)] = (
        Field(
            default_factory=dict,
            description="Agreed surplus as a share of income, a deficit negative: by acute_trust, "
            "commissioner or the name of one; left out, balance",
        )
    )
    fund_share: Share = evidenced(
        "experiment_sustainability_fund_share",
        "Sustainability fund of a trust, as a share of its income; a quarter's part is lost when the year so "
        "far falls short",
    )


class CarriedDeficits(Part):
    """Deficits of trusts and commissioners that stay with them from one financial year to the next."""

    interest_share: Share = evidenced(
        "experiment_deficit_interest", "Interest that trusts pay on deficits carried, a year"
    )
    recovered_share: Share = evidenced(
        "experiment_deficit_recovered",
        "Share of a commissioner's carried deficit that is taken from its next allocation",
    )
