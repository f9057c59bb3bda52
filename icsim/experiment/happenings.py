"""What happens in an experiment: interventions that turn levers, and shocks from outside."""

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from icsim.experiment.fields import (
    Count,
    Day,
    Name,
    NonNegative,
    Part,
    default_of,
    names_of,
    one_of,
)
from icsim.population.columns import Condition, Frailty, Lever, Residence, Sex

LeverName = Annotated[str, one_of(names_of(Lever))]
ConditionName = Annotated[str, one_of(names_of(Condition))]
FrailtyName = Annotated[str, one_of(names_of(Frailty))]


class ShockKind(StrEnum):
    """What may befall a place from outside."""

    FLU = "flu"
    BED_CLOSURE = "bed_closure"
    LEADER_LEAVES = "leader_leaves"
    FUNDING_CUT = "funding_cut"
    FUNDING_RISE = "funding_rise"
    STAFF_LOSS = "staff_loss"
    SOCIAL_CARE_CUT = "social_care_cut"
    BAD_WINTER = "bad_winter"
    SPECIAL_MEASURES = "special_measures"
    DEFICIT = "deficit"


SEASONS = (ShockKind.FLU, ShockKind.BAD_WINTER)
"""Shocks that last a season unless the experiment says otherwise, and may be of any size."""


class Selection(Part):
    """Whom an intervention is for: people who meet every condition given; {} is everybody."""

    min_age: Count | None = Field(default=None, le=120, description="Youngest age in whole years")
    max_age: Count | None = Field(default=None, le=120, description="Oldest age in whole years")
    sex: Annotated[str, one_of(names_of(Sex))] | None = Field(default=None, description="Sex")
    imd_deciles: tuple[Annotated[int, Field(ge=1, le=10, strict=True)], ...] | None = Field(
        default=None, min_length=1, description="Deciles of deprivation, 1 most deprived"
    )
    conditions: tuple[ConditionName, ...] | None = Field(
        default=None, min_length=1, description="Has at least one of these long-term conditions"
    )
    min_conditions: Count | None = Field(
        default=None, le=16, description="Least number of long-term conditions"
    )
    frailty: tuple[FrailtyName, ...] | None = Field(default=None, min_length=1, description="Frailty groups")
    residence: Annotated[str, one_of(names_of(Residence))] | None = Field(
        default=None, description="Where people live"
    )
    min_mental_health_need: Count | None = Field(
        default=None, le=3, description="Least mental-health need: 1 low-level, 2 moderate, 3 severe"
    )
    min_social_care_need: Count | None = Field(
        default=None, le=3, description="Least social-care need: 1 some, 2 substantial, 3 critical"
    )
    min_loneliness: Count | None = Field(
        default=None, le=2, description="Least loneliness: 1 some of the time, 2 often"
    )

    @model_validator(mode="after")
    def _ages_in_order(self) -> Self:
        if self.min_age is not None and self.max_age is not None and self.min_age > self.max_age:
            raise PydanticCustomError(
                "ages", "min_age {low} is above max_age {high}", {"low": self.min_age, "high": self.max_age}
            )
        return self


class Intervention(Part):
    """A service that turns levers for some people, from a day on."""

    name: Name = Field(description="Name, unique among interventions")
    start: Day | None = Field(default=None, description="First day; left out, the first day of the run")
    end: Day | None = Field(default=None, description="Last day; left out, the last day of the run")
    levers: dict[LeverName, Annotated[float, Field(gt=0, le=100, strict=True)]] = Field(
        min_length=1, description="Multiplier of each lever: 0.9 is a tenth less, 1 changes nothing"
    )
    who: Selection = Field(default_factory=Selection, description="Whom it is for; left out, everybody")


class Shock(Part):
    """Something that befalls the place on a day."""

    kind: ShockKind = Field(description="What happens")
    date: Day = Field(description="The day it begins")
    end: Day | None = Field(
        default=None,
        description="Last day; left out with days, the rest of the run (flu and bad_winter: a season)",
    )
    days: Count | None = Field(
        default=None, ge=1, le=36525, description="How many days it lasts, instead of end"
    )
    size: NonNegative | None = Field(
        default=None,
        le=10,
        description="Proportional change: flu and bad_winter 0.3 are 30% more need; special_measures and "
        "deficit: pressure added, 0 to 1; funding_rise: the share added; all others the share lost, 0 to 1; "
        "left out, the catalogue's size",
    )
    organisation: Name | None = Field(
        default=None, description="Kind or name of the organisation it strikes; left out, all it can strike"
    )

    @model_validator(mode="before")
    @classmethod
    def _catalogue_values(cls, data: Any) -> Any:
        """Fill in the size of the kind, and how long a flu season lasts, from the catalogue."""
        if not isinstance(data, dict) or data.get("kind") not in tuple(ShockKind):
            return data
        filled = dict(data)
        if filled.get("size") is None:
            filled["size"] = default_of(f"experiment_shock_{filled['kind']}_size")
        if filled["kind"] in SEASONS and filled.get("end") is None and filled.get("days") is None:
            filled["days"] = int(default_of(f"experiment_shock_{filled['kind']}_days"))
        return filled

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.end is not None and self.days is not None:
            raise PydanticCustomError("shock", "give either end or days, not both")
        if self.end is not None and self.end < self.date:
            raise PydanticCustomError("shock", "the shock ends before it begins")
        if self.kind is ShockKind.LEADER_LEAVES and (self.end or self.days):
            raise PydanticCustomError("shock", "leader_leaves is a moment: give neither end nor days")
        if self.kind not in SEASONS and self.size is not None and self.size > 1:
            way = "added" if self.kind is ShockKind.FUNDING_RISE else "lost"
            raise PydanticCustomError(
                "shock", "size is the share {way} by {kind}: at most 1", {"way": way, "kind": str(self.kind)}
            )
        return self
