"""What the model must show: patterns as data, with what takes each away."""

from functools import cache
from importlib.resources import files
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from icsim.validation import pattern_figures


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Check(_Data):
    """One figure of a pattern and what is expected of it.

    Attributes:
        figure: a function of ``pattern_figures``.
        unit: of the figure.
        above, below, between: where the figure must lie; one of them.
    """

    figure: str
    unit: str
    above: float | None = None
    below: float | None = None
    between: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if sum(bound is not None for bound in (self.above, self.below, self.between)) != 1:
            raise ValueError("give one of above, below and between")
        if not hasattr(pattern_figures, self.figure):
            raise ValueError(f"{self.figure} is not a figure of pattern_figures")
        return self

    def holds(self, low: float, high: float) -> bool:
        """Whether all of an interval is as asked; what is exactly on a bound is not above or below it."""
        if self.between is not None:
            return self.between[0] <= low and high <= self.between[1]
        return low > self.above if self.above is not None else high < (self.below or 0.0)

    def fails(self, low: float, high: float) -> bool:
        """Whether none of an interval is as asked."""
        if self.between is not None:
            return high < self.between[0] or low > self.between[1]
        return high <= self.above if self.above is not None else low >= (self.below or 0.0)

    def __str__(self) -> str:
        if self.between is not None:
            return f"{self.between[0]:g} to {self.between[1]:g}"
        return f"above {self.above:g}" if self.above is not None else f"below {self.below:g}"


class Ablation(_Data):
    """The mechanism taken away.

    Attributes:
        given: overrides, on top of every world's own.
        worlds: overrides of some worlds, on top of that.
        figures: other figures for checks, by name, where the ablation is of the figure.
        gone: checks that must fail here; left out, all.
    """

    title: str
    given: dict[str, Any] = Field(default_factory=dict)
    worlds: dict[str, dict[str, Any]] = Field(default_factory=dict)
    figures: dict[str, str] = Field(default_factory=dict)
    gone: tuple[str, ...] = ()


class Pattern(_Data):
    """A pattern with its source, its worlds and its ablation.

    Attributes:
        expected: in words.
        place: the place it was seen in and is run in; left out, the one that is asked for.
        given: overrides of the base experiment, by dotted key, in every world.
        worlds: overrides of each world that is compared; one world when left out.
        checks: by name.
        explained: why it fails, where it is known to.
    """

    id: str
    title: str
    source: str
    expected: str
    place: str | None = None
    given: dict[str, Any]
    worlds: dict[str, dict[str, Any]] = Field(default_factory=lambda: {"world": {}})
    checks: dict[str, Check] = Field(min_length=1)
    ablation: Ablation
    explained: str = ""

    @model_validator(mode="after")
    def _names_that_exist(self) -> Self:
        unknown = {*self.ablation.gone, *self.ablation.figures} - set(self.checks)
        if unknown:
            raise ValueError(f"{self.id}: no check is called {', '.join(sorted(unknown))}")
        if lost := set(self.ablation.worlds) - set(self.worlds):
            raise ValueError(f"{self.id}: no world is called {', '.join(sorted(lost))}")
        return self

    @property
    def years(self) -> float:
        """The longest that a world of it lasts; 3 where none says."""
        return max(float(self.overrides(world, False).get("years", 3)) for world in self.worlds)

    def overrides(self, world: str, ablated: bool) -> dict[str, Any]:
        """Overrides of the base experiment in one world."""
        usual = {**self.given, **self.worlds[world]}
        return {**usual, **self.ablation.given, **self.ablation.worlds.get(world, {})} if ablated else usual

    def figures(self, ablated: bool) -> dict[str, str]:
        """The figure of each check that is judged, by check."""
        figures = {name: check.figure for name, check in self.checks.items()}
        if not ablated:
            return figures
        gone = self.ablation.gone or tuple(figures)
        return {name: self.ablation.figures.get(name, figures[name]) for name in gone}


@cache
def patterns() -> dict[str, Pattern]:
    """Every pattern by its id, in the order of the file."""
    text = files("icsim.validation").joinpath("patterns.yaml").read_text(encoding="utf-8")
    found = YAML(typ="safe").load(text)
    return {name: Pattern(id=name, **entry) for name, entry in found.items()}
