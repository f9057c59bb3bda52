"""What a sweep file may hold, and how it is read: one clear problem for each mistake, by file and line."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, ValidationError

from icsim.experiment.errors import ExperimentError, Problem, near
from icsim.experiment.fields import Name, Number, Part, Text, shape_of
from icsim.experiment.reading import MAX_BYTES, decoded, read_yaml
from icsim.experiment.tree import Mark, Node, dotted

SUFFIXES = (".yaml", ".yml")
DIMENSIONS = ("place", "kind", "age_band", "imd_fifth", "organisation", "party")
EVERY = ("ccg", "lad", "stp", "vanguard")
Design = Literal["grid", "lhs", "sobol", "morris", "list"]
Dimension = Literal["place", "kind", "age_band", "imd_fifth", "organisation", "party"]


class Range(Part):
    """A factor that takes any number of a range; what is left out comes from the evidence catalogue."""

    low: Number | None = None
    high: Number | None = None
    distribution: Literal["uniform", "loguniform", "triangular"] = "uniform"
    mode: Number | None = None
    levels: Annotated[int, Field(ge=2, le=1000, strict=True)] | None = None


class Every(Part):
    """A factor that takes the name of every place of one kind."""

    every: Literal["ccg", "lad", "stp", "vanguard"]


def _form(value: Any) -> str:
    if isinstance(value, str):
        return "<evidence>"
    if isinstance(value, dict):
        return "<every>" if "every" in value else "<range>"
    return "<every>" if isinstance(value, Every) else "<range>" if isinstance(value, Range) else "<values>"


Given = Annotated[
    Annotated[Literal["evidence"], Tag("<evidence>")]
    | Annotated[Every, Tag("<every>")]
    | Annotated[Range, Tag("<range>")]
    | Annotated[list[Any], Field(min_length=1), Tag("<values>")],
    Discriminator(_form),
]
Keys = dict[str, Any]
Points = Annotated[
    Annotated[int, Field(ge=1, le=1_000_000, strict=True), Tag("<value>")]
    | Annotated[list[Keys], Field(min_length=1), Tag("<list>")],
    Discriminator(shape_of),
]


class SweepFile(Part):
    """One sweep: an experiment, what is fixed in it, what varies, and how often each point is run."""

    name: Name = "sweep"
    description: Text = ""
    base: Any
    set: Keys = Field(default_factory=dict)
    factors: dict[str, Given] = Field(default_factory=dict)
    policies: dict[str, Keys] = Field(default_factory=dict)
    design: Design = "grid"
    points: Points | None = None
    levels: Annotated[int, Field(ge=2, le=1000, strict=True)] | None = None
    replicates: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 1
    twins: bool = True
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)] = 1
    keep: tuple[Dimension, ...] = ("place", "kind", "age_band", "imd_fifth")


WORDS: dict[str, str] = {
    "name": "text of 1 to 120 characters",
    "description": "text",
    "base": "an experiment: a shipped name, a file, a place, or a mapping as an experiment file holds it",
    "set": "a mapping from keys of an experiment to values",
    "factors": "a mapping from keys of an experiment to a list of values, to 'evidence', to low and high, or "
    "to every: ccg",
    "policies": "a mapping from names to mappings of keys and values",
    "design": "one of grid, lhs, sobol, morris, list",
    "points": "a whole number of 1 or more, or a list of mappings for design: list",
    "levels": "a whole number of 2 or more",
    "replicates": "a whole number from 1 to 10,000",
    "twins": "true (every point has the same seeds) or false",
    "seed": "a whole number of 0 or more and below 2**31",
    "keep": f"a list of {', '.join(DIMENSIONS)}",
    "low": "a number",
    "high": "a number",
    "mode": "a number",
    "distribution": "one of uniform, loguniform, triangular",
    "every": f"one of {', '.join(EVERY)}",
}
CHOICES: dict[str, tuple[str, ...]] = {
    "design": ("grid", "lhs", "sobol", "morris", "list"),
    "distribution": ("uniform", "loguniform", "triangular"),
    "keep": DIMENSIONS,
    "every": EVERY,
}


@dataclass(frozen=True)
class Written:
    """A sweep file as read: its content, its tree (for lines), and the folder its names are relative to."""

    spec: SweepFile
    tree: Node
    folder: Path

    def where(self, *path: str | int) -> str:
        """File and line of a key, for messages."""
        return str(self.tree.find(path)[0].mark)


def shipped() -> dict[str, Any]:
    """The sweeps that come with icsim, by name."""
    folder = resources.files("icsim.experiments") / "sweeps"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(SUFFIXES)]
    return {entry.name.rsplit(".", 1)[0]: entry for entry in sorted(found, key=lambda one: one.name)}


def read(source: str | Path) -> Written:
    """Read a sweep file, or the shipped sweep of this name; raises ``ExperimentError``."""
    text = str(source)
    path = Path(text).expanduser()
    name = text.removeprefix("sweeps/")
    if not text.endswith(SUFFIXES) and name in shipped():
        path = Path(str(shipped()[name]))
    mark = Mark(text if text.endswith(SUFFIXES) else f"{name}.yaml", path.name)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        said = "no such sweep: expected a file, or the name of a shipped sweep"
        known = [*shipped(), *(str(one) for one in path.parent.glob("*.yaml"))]
        raise ExperimentError(Problem("", "", said, text, near(text, known))) from None
    except OSError as error:
        raise ExperimentError(Problem(text, "", f"cannot be read: {error.strerror}")) from None
    return checked(read_yaml(decoded(raw, mark), mark), path.parent, path.stem)


def checked(tree: Node, folder: Path, name: str) -> Written:
    """The sweep that a tree holds; raises ``ExperimentError`` with a line for each mistake."""
    if not isinstance(tree.value, dict):
        said = "expected keys and values, as in 'base: salford'"
        raise ExperimentError(Problem(str(tree.mark), "", said, tree.plain()))
    try:
        spec = SweepFile.model_validate({"name": name, **tree.plain()})
    except ValidationError as error:
        raise ExperimentError(_problems(error, tree)) from None
    written = Written(spec, tree, folder)
    if problems := list(_contradictions(written)):
        raise ExperimentError(problems)
    return written


def _problems(error: ValidationError, tree: Node) -> Iterable[Problem]:
    found: dict[str, Problem] = {}
    for details in error.errors(include_url=False):
        path = tuple(step for step in details["loc"] if not (isinstance(step, str) and step[:1] == "<"))
        where, key, last = str(tree.find(path)[0].mark), dotted(path), str(path[-1]) if path else ""
        words = [step for step in path if isinstance(step, str)]
        known = next((word for word in reversed(words) if word in WORDS), "factors")
        if details["type"] == "extra_forbidden":
            fields = Range.model_fields if path[0] == "factors" else SweepFile.model_fields
            choices = near(last, fields)
            said = "unknown key" + ("" if choices else f"; the keys here are {', '.join(fields)}")
            problem = Problem(where, key, said, choices=choices)
        elif details["type"] == "missing":
            problem = Problem(where, key, f"missing; expected {WORDS[known]}")
        else:
            value = details["input"]
            said = f"expected {WORDS[known]}"
            problem = Problem(where, key, said, value, near(value, CHOICES.get(known, ())))
        found.setdefault(str(problem), problem)
    return list(found.values())


def _contradictions(written: Written) -> Iterable[Problem]:
    """What no single key is wrong about."""
    spec, where = written.spec, written.where
    if spec.base is None or spec.base == "":
        yield Problem(where("base"), "base", f"expected {WORDS['base']}", spec.base)
    if spec.design == "list":
        if not isinstance(spec.points, list):
            said = "design: list needs points: a list of mappings from keys of an experiment to values"
            yield Problem(where("points"), "points", said)
        if spec.factors:
            yield Problem(where("factors"), "factors", "design: list takes its keys from points")
    elif isinstance(spec.points, list):
        said = f"a list of points is for design: list; {spec.design} takes a number"
        yield Problem(where("points"), "points", said)
    elif spec.design == "grid":
        if spec.points is not None:
            said = "design: grid makes as many points as the factors' values multiply to"
            yield Problem(where("points"), "points", said, spec.points)
    elif not spec.factors:
        yield Problem(where("design"), "factors", f"design: {spec.design} needs factors")
    elif spec.points is None:
        said = f"missing; design: {spec.design} needs {_what_points_are(spec.design)}"
        yield Problem(where("design"), "points", said)
    elif spec.design == "sobol" and spec.points & (spec.points - 1):
        lower = 1 << (spec.points.bit_length() - 1)
        said = f"expected a power of 2 for design: sobol, such as {lower} or {2 * lower}"
        yield Problem(where("points"), "points", said, spec.points)
    for section, banned in (("set", ("replicates",)), ("factors", ("seed", "replicates"))):
        for key in banned:
            if key in getattr(spec, section):
                said = "every point has the sweep's own seeds: give replicates: beside factors"
                yield Problem(where(section, key), f"{section}.{key}", said)


def _what_points_are(design: str) -> str:
    return {
        "lhs": "points: how many",
        "sobol": "points: a power of 2, run once for each factor and twice more",
        "morris": "points: how many trajectories",
    }[design]
