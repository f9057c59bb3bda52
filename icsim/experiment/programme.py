"""The change programme of a place: its team, who decides, how it learns, and the services it runs."""

from typing import Annotated

from pydantic import Discriminator, Field, StringConstraints, Tag

from icsim.experiment.fields import Day, Name, NonNegative, Part, Share, evidenced, shape_of
from icsim.experiment.services import Use

FinancialYear = Annotated[
    str, StringConstraints(strict=True, pattern=r"^20\d\d/\d\d$"), Field(examples=["2015/16"])
]
Pounds = Annotated[NonNegative, Field(le=1e12)]
MoneyByYear = Annotated[
    Annotated[Pounds, Tag("<value>")] | Annotated[dict[FinancialYear, Pounds], Tag("<map>")],
    Discriminator(shape_of),
]


class EngineRoom(Part):
    """The team that runs the change: its time, and how good it is at improvement."""

    team_per_100_000: Annotated[NonNegative, Field(le=1000)] = evidenced(
        "experiment_programme_team", "Full-time equivalent staff per 100,000 residents"
    )
    capability: Share = evidenced(
        "experiment_programme_capability", "Skill in improvement, of which cycles of change make use, 0 to 1"
    )


class Forum(Part):
    """The forum that decides: shares of its seats; the rest are managers of organisations."""

    clinicians: Share = evidenced(
        "experiment_programme_clinicians", "Seats held by hospital and other clinicians"
    )
    gps: Share = evidenced("experiment_programme_gps", "Seats held by GPs")
    public: Share = evidenced("experiment_programme_public", "Seats held by patients and the public")


class Programme(Part):
    """The change programme of the place."""

    name: Name = Field(description="Name of the programme")
    start: Day | None = Field(default=None, description="First day; left out, the first day of the run")
    end: Day | None = Field(default=None, description="Last day; left out, the last day of the run")
    funding_gbp_per_year: MoneyByYear | None = Field(
        default=None,
        description="Transformation money a year in pounds: a number, or by financial year ('2015/16': ...)",
    )
    setup_share: Share = evidenced(
        "experiment_programme_setup_share",
        "Share of the money that sets services up: it pays for those of the programme, or without any joint "
        "work matures sooner; the rest is backfill, paid time that takes away pressure",
    )
    engine_room: EngineRoom = Field(default_factory=EngineRoom, description="The team that runs the change")
    forum: Forum = Field(default_factory=Forum, description="Who sits where decisions are made")
    evaluation: Share = evidenced(
        "experiment_programme_evaluation", "How well it learns what works, cycle by cycle, 0 to 1"
    )
    distributed_decisions: Share = evidenced(
        "experiment_programme_distributed",
        "How far practices and teams decide for themselves, 0 (all at the centre) to 1",
    )
    follow_energy: Share = evidenced(
        "experiment_programme_energy", "How far it starts where effort is highest, 0 (in any order) to 1"
    )
    co_design: Share = evidenced(
        "experiment_programme_co_design", "How far services are designed with those who use them, 0 to 1"
    )
    citizens_board: Share = evidenced(
        "experiment_programme_citizens_board", "Standing of a board of citizens, 0 (none) to 1"
    )
    workforce_development: Share = evidenced(
        "experiment_programme_workforce", "Training of staff for new roles, which fills posts sooner, 0 to 1"
    )
    focus: Annotated[int, Field(ge=1, le=1000, strict=True)] = evidenced(
        "experiment_programme_focus", "Most services that it builds up at a time"
    )
    services: tuple[Use, ...] = Field(
        default=(), max_length=1000, description="Services that belong to it and go with it"
    )

    def funding_in(self, financial_year: str) -> float:
        """Transformation money of a financial year ("2015/16"), GBP."""
        given = self.funding_gbp_per_year
        if isinstance(given, dict):
            return given.get(financial_year, 0.0)
        return given or 0.0
