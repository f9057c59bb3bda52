"""What an experiment says of the nation around a place, and of how practices take up what others do."""

from datetime import date
from typing import Annotated

from pydantic import Discriminator, Field, StringConstraints, Tag

from icsim.experiment.fields import Day, NonNegative, Part, Share, evidenced, shape_of

Year = Annotated[str, StringConstraints(strict=True, pattern=r"^20\d\d/\d\d$"), Field(examples=["2015/16"])]
ShareByYear = Annotated[
    Annotated[Share, Tag("<value>")] | Annotated[dict[Year, Share], Tag("<map>")], Discriminator(shape_of)
]
BY_YEAR = ("support", "community_of_practice", "reporting", "metric_focus", "mixed_signals")


class Nation(Part):
    """What national bodies do for a programme and ask of it, each a number or by financial year.

    A financial year that a mapping leaves out has none of it.
    """

    start: Day | None = Field(default=None, description="First day; left out, the first day of the run")
    end: Day | None = Field(
        default=None, description="Last day of the national programme; left out, the last day of the run"
    )
    support: ShareByYear = evidenced(
        "experiment_nation_support",
        "Expert help and permission to try things, 0 to 1: a number or by financial year",
    )
    community_of_practice: ShareByYear = evidenced(
        "experiment_nation_community",
        "How closely places learn from one another, 0 to 1: a number or by financial year",
    )
    reporting: ShareByYear = evidenced(
        "experiment_nation_reporting",
        "Burden of reporting, 0 to 1: a number or by financial year",
    )
    metric_focus: ShareByYear = evidenced(
        "experiment_nation_metric_focus",
        "How far success means hospital activity alone, 0 to 1: a number or by financial year",
    )
    mixed_signals: ShareByYear = evidenced(
        "experiment_nation_mixed_signals",
        "How far regulators ask each organisation for its own result instead, 0 to 1: a number or by "
        "financial year",
    )

    def runs_on(self, day: date) -> bool:
        """Whether the national programme is there on a day."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def level(self, key: str, financial_year: str) -> float:
        """One of ``BY_YEAR`` in a financial year such as 2015/16, 0-1."""
        given = getattr(self, key)
        return float(given.get(financial_year, 0.0) if isinstance(given, dict) else given)


class Spread(Part):
    """Practices take up a service one by one: some by themselves, most after peers they trust."""

    imitation: NonNegative = evidenced(
        "experiment_spread_imitation", "Learning from peers, as a multiple of the catalogue", le=100
    )
    dissemination: NonNegative = evidenced(
        "experiment_spread_dissemination",
        "The programme's going round to practices, as a multiple of the catalogue",
        le=100,
    )
    edict: Share = evidenced("experiment_spread_edict", "How far practices are told to, 0 to 1")
