"""What an experiment says of the choices of patients among providers."""

from pydantic import Field

from icsim.experiment.fields import Day, Part, Share, evidenced


class ChoiceOfPractice(Part):
    """Residents may register with another practice, as their experience and what others say lead them."""

    start: Day | None = Field(default=None, description="First day; left out, the first day of the run")
    end: Day | None = Field(default=None, description="Last day; left out, the last day of the run")
    looking: Share = evidenced(
        "experiment_choice_looking", "Share of residents who look around in a year, 0 to 1"
    )
