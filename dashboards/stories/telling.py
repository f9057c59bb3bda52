"""A story as data: worlds, steps, a question before each answer. The answer's numbers come from the run.

Stories are the YAML files beside this module. Nothing in the words of an answer may be a number: a name in
braces stands for a figure of the run, and what is said depends on what the model shows.
"""

import re
from functools import cache
from importlib import resources
from string import Formatter
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from icsim.dashboards.opening import told
from icsim.dashboards.steering import CONTROLS
from icsim.dashboards.stories.figures import FIGURES
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem, near
from icsim.experiment.fields import Count, Day, Name, NonNegative, Part, one_of
from icsim.experiment.reading import decoded, read_yaml
from icsim.experiment.tree import Mark, Node, dotted

FOLDER = "icsim.dashboards.stories"
OUTCOMES = ("lower", "same", "higher")
Outcome = Literal["lower", "same", "higher"]
Words = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=900)]
FigureName = Annotated[str, one_of(FIGURES)]
OWN = ("now", "twin", "before", "apart")
"""Of an answer's own figure: in the room's world, in the twin's, before the question, and how far apart."""
DIGIT = re.compile(r"\d")


def fields_of(words: str) -> list[str]:
    """The names in braces, in order.

    Raises:
        ValueError: braces that do not match.
    """
    return [name for _, name, _, _ in Formatter().parse(words) if name is not None]


def _told_by_the_run(words: str) -> str:
    """Words of an answer: no digits, and names in braces that a run can fill in."""
    try:
        names = fields_of(words)
    except ValueError as error:
        raise PydanticCustomError("braces", "{why}", {"why": str(error)}) from None
    for name in names:
        figure, _, part = name.partition(".")
        if name not in OWN and (figure not in FIGURES or part not in ("", *OWN)):
            said = (
                "unknown name {name} in braces: expected now, twin, before, apart or a figure such as ae.twin"
            )
            raise PydanticCustomError("braces", said, {"name": repr(name)})  # type: ignore[arg-type]
    if DIGIT.search("".join(text for text, _, _, _ in Formatter().parse(words))):
        raise PydanticCustomError("digits", "numbers of an answer come from the run: put a name in braces")
    return words


class Change(Part):
    """Something the story changes on the day of its question, as the room could by hand."""

    model_config = Part.model_config | {"extra": "allow"}
    control: Annotated[str, one_of(CONTROLS)] = Field(description="Which control of the page")
    both: bool = Field(default=False, description="In the twin too")


class Follow(Part):
    """People to be followed from the day of a question: those often admitted since the run began."""

    age: Count = Field(description="Youngest age")
    times: Count = Field(description="Least number of emergency admissions")


class Choices(Part):
    """What the room may think; two at least."""

    lower: Words | None = None
    same: Words | None = None
    higher: Words | None = None

    @model_validator(mode="after")
    def _two_at_least(self) -> Self:
        if len(self.offered) < 2:
            raise PydanticCustomError("choices", "expected two of lower, same and higher at least")
        return self

    @property
    def offered(self) -> list[tuple[str, str]]:
        """Outcome and words of each that is offered."""
        return [(one, getattr(self, one)) for one in OUTCOMES if getattr(self, one) is not None]


class Answer(Part):
    """What is looked at, and what is said of it."""

    figure: FigureName = Field(description="The figure")
    against: Literal["twin", "before"] = Field(
        default="twin", description="The twin over the same days, or as long before the question"
    )
    least: NonNegative = Field(description="Difference that counts as one, in the figure's unit")
    says: Outcome = Field(description="What the story would lead one to expect")
    lower: Words = Field(description="Said when the figure is lower")
    same: Words = Field(description="Said when it differs by less than counts")
    higher: Words = Field(description="Said when it is higher")

    @model_validator(mode="after")
    def _numbers_from_the_run(self) -> Self:
        for outcome in OUTCOMES:
            _told_by_the_run(getattr(self, outcome))
        return self

    def outcome(self, apart: float) -> Outcome:
        """Which of the three a difference is."""
        return "same" if not abs(apart) >= self.least else "lower" if apart < 0 else "higher"


class Step(Part):
    """A question and its answer."""

    title: Name = Field(description="Heading")
    to: Day | None = Field(default=None, description="Day played to before the question; left out, at once")
    say: Words = Field(description="What there is to know")
    ask: Words = Field(description="The question")
    choices: Choices = Field(description="What the room may think")
    change: tuple[Change, ...] = Field(default=(), max_length=8, description="Made when the answer is played")
    follow: Follow | None = Field(default=None, description="People to follow from the question on")
    until: Day = Field(description="Day played to before the answer")
    since: Day | None = Field(
        default=None, description="Day that the answer looks back to; left out, the day of the question"
    )
    answer: Answer = Field(description="What the model shows")
    beside: tuple[FigureName, ...] = Field(default=(), max_length=4, description="Other figures to show")


class Story(Part):
    """A story."""

    title: Name = Field(description="Heading")
    about: Words = Field(description="What it is about, in a sentence or two")
    minutes: Count = Field(description="How long a facilitator needs for it, roughly")
    order: Count = Field(description="Where it stands in the list")
    world: dict[str, Any] = Field(description="The experiment both worlds share, as in a file")
    room: dict[str, Any] = Field(default_factory=dict, description="Dotted keys of the room's own world")
    twin: dict[str, Any] | None = Field(default=None, description="Dotted keys of the twin's; left out, none")
    steps: tuple[Step, ...] = Field(min_length=2, max_length=10, description="Questions and answers")
    home: Words = Field(description="What to take home, whatever the numbers")
    rests: Words = Field(description="What it rests on, and what it leaves out")

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        last = None
        for step in self.steps:
            for day in (step.to, step.until):
                if day is not None and last is not None and day < last:
                    raise PydanticCustomError("days", "days of the steps go back in time")
                last = day or last
        return self

    def worlds(self, sample: float = 1.0, seed: int = 1) -> tuple[Experiment, Experiment]:
        """The experiments of the room and of its twin.

        Raises:
            ExperimentError: as of an experiment file.
        """
        size = {"population.sample": sample, "seed": seed}
        common = told({"name": _slug(self.title), **self.world}, self.title)
        return load(common, self.room | size), load(common, (self.twin or {}) | size)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")


@cache
def shipped() -> dict[str, Story]:
    """The stories that come with icsim, by name, in their order.

    Raises:
        ExperimentError: one of them is wrong; the message names file, line and key.
    """
    files = [entry for entry in resources.files(FOLDER).iterdir() if entry.name.endswith(".yaml")]
    found = {entry.name.removesuffix(".yaml"): read(entry.read_bytes(), entry.name) for entry in files}
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def read(raw: bytes, label: str) -> Story:
    """A story from YAML.

    Raises:
        ExperimentError: not a story.
    """
    mark = Mark(label, label)
    tree = read_yaml(decoded(raw, mark), mark)
    if not isinstance(tree.value, dict):
        raise ExperimentError(Problem(label, "", "expected a story: title, world, steps"))
    try:
        return Story.model_validate(tree.plain())
    except ValidationError as error:
        raise ExperimentError(_problems(error, tree)) from None


def _problems(error: ValidationError, tree: Node) -> list[Problem]:
    """One for each thing wrong, with its line."""
    found = []
    for each in error.errors(include_url=False):
        node, _ = tree.find(each["loc"])
        found.append(Problem(str(node.mark), dotted(each["loc"]), each["msg"]))
    return found


def named(name: str) -> Story:
    """A shipped story.

    Raises:
        ExperimentError: none of this name.
    """
    if name not in shipped():
        said = f"no story of this name: expected one of {', '.join(shipped())}"
        raise ExperimentError(Problem("", "story", said, name, choices=near(name, shipped())))
    return shipped()[name]
