"""Reading an experiment: find it, lay what it extends beneath and overrides upon it, check it."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from icsim.experiment.checks import check_parameters, check_place, check_whole, cut_to_run
from icsim.experiment.errors import ExperimentError, Problem, near
from icsim.experiment.explaining import problems_of
from icsim.experiment.reading import read_scalar, read_yaml
from icsim.experiment.schema import Experiment
from icsim.experiment.service_book import with_services
from icsim.experiment.sources import Source, find
from icsim.experiment.status_quo import laid_upon
from icsim.experiment.tree import Mark, Node, Path, dotted, from_python, merged

MAX_LAYERS = 50  # files in one chain of extends, repeats counted
NOT_INHERITED = ("name", "description", "extends")
SET = "--set"
DICT = Mark("dict", "dict")
APPEND = "+"
NAMELESS = Node(None, DICT)
_STEP = re.compile(r'"([^"]*)"|([^."\[\]]+)|\[(\d+)\]')

Written = str | FilePath | Mapping[str, Any] | Experiment


def load(source: Written, overrides: Iterable[str] | Mapping[str, Any] = ()) -> Experiment:
    """Read an experiment and check it.

    ``source`` is a shipped name ("salford", "places/salford"), the path of a YAML file, the name of any
    CCG, STP or local authority, a mapping as a file would hold it, or another experiment. ``overrides`` are
    "key=value" texts with dotted keys (values as YAML) or a mapping from dotted keys to values.
    Raises ``ExperimentError`` naming every problem with file, line, key, value and the nearest valid choice.
    """
    found = _source(source)
    layers = _Layers()
    tree = layers.gather(found, ())
    tree = _overridden(tree, overrides)
    name = found.name.replace("->", "-").strip()[:120] or "experiment"
    tree.value.setdefault("name", Node(name, Mark("default", "default")))
    tree = with_services(tree)
    experiment = _checked(tree)
    cut, warnings = cut_to_run(experiment, tree, layers.order())
    if cut is not tree:
        tree, experiment = cut, _validated(cut)
    return _with_origins(experiment, tree, [*warnings, *check_whole(experiment, tree)])


def _source(source: Written) -> Source:
    if isinstance(source, Experiment):
        source = source.to_dict()
    if isinstance(source, Mapping):
        return Source(from_python(source, DICT), "experiment", "dict", FilePath())
    if isinstance(source, str | FilePath):
        return find(str(source), FilePath(), place=isinstance(source, str))
    raise ExperimentError(
        Problem("", "", f"expected a name, a path, a mapping or an Experiment, got a {type(source).__name__}")
    )


class _Layers:
    """What an experiment extends, laid beneath it; remembers the order, lowest first."""

    def __init__(self) -> None:
        self.labels: list[str] = []

    def order(self) -> dict[str, int]:
        """Precedence of each file by its label: what lies higher wins."""
        return {label: rank for rank, label in enumerate([*self.labels, SET])}

    def gather(self, source: Source, chain: tuple[str, ...]) -> Node:
        tree = source.tree
        if not isinstance(tree.value, dict):
            raise ExperimentError(
                Problem(str(tree.mark), "", "expected keys and values, as in 'place: salford'", tree.plain())
            )
        beneath: Node | None = None
        for name in _extended(tree):
            mark = name.mark
            below = find(name.value, source.folder, mark)
            if below.identity in (*chain, source.identity):
                raise ExperimentError(
                    Problem(
                        str(mark),
                        "extends",
                        "goes round in a circle: this experiment extends itself",
                        name.value,
                    )
                )
            if len(self.labels) >= MAX_LAYERS:
                raise ExperimentError(
                    Problem(str(mark), "extends", f"more than {MAX_LAYERS} files extend one another")
                )
            gathered = self.gather(below, (*chain, source.identity))
            beneath = gathered if beneath is None else merged(beneath, gathered)
        self.labels.append(tree.mark.label)
        own = Node({key: node for key, node in tree.value.items() if key != "extends"}, tree.mark)
        if beneath is None:
            return own
        kept = {key: node for key, node in beneath.value.items() if key not in NOT_INHERITED}
        return merged(laid_upon(Node(kept, beneath.mark), own.value.get("programme")), own)


def _extended(tree: Node) -> list[Node]:
    """The names in ``extends``, as nodes so that errors find their line."""
    node = tree.value.get("extends")
    if node is None or node.value is None:
        return []
    names = node.value if isinstance(node.value, list) else [node]
    for name in names:
        if not isinstance(name.value, str):
            said = "expected the name of a shipped experiment, a path, or a list of these"
            raise ExperimentError(Problem(str(name.mark), "extends", said, name.plain()))
    return names


def _overridden(tree: Node, overrides: Iterable[str] | Mapping[str, Any]) -> Node:
    """The tree with every override upon it; all that cannot be read are told at once."""
    if isinstance(overrides, str):
        overrides = [overrides]
    pairs = overrides.items() if isinstance(overrides, Mapping) else [_split(text) for text in overrides]
    for key, value in pairs:
        mark = Mark(SET, SET)
        if not isinstance(value, _Unread):
            node = from_python(value, mark)
        elif value[:1] in ("[", "{", '"', "'"):
            node = read_yaml(value, Mark(f"{SET} {key}", SET, 0))
            node = from_python(node.plain(), mark)
        else:
            node = Node(read_scalar(value), mark)
        path = steps_of(key)
        if path == ("extends",):
            raise ExperimentError(
                Problem(SET, "extends", "cannot be overridden: name the experiment itself instead")
            )
        if path == ("programme",):
            tree = laid_upon(tree, node)
        tree = _put(tree, path, node, ())
    return tree


class _Unread(str):
    """The text of a value from the command line, still to be read as YAML."""

    __slots__ = ()


def _split(text: str) -> tuple[str, _Unread]:
    key, equals, value = str(text).partition("=")
    if not equals or not key.strip():
        raise ExperimentError(Problem(SET, "", "expected key=value, as in population.sample=0.1", text))
    return key.strip(), _Unread(value.strip())


def steps_of(key: str) -> Path:
    """The steps of a dotted key: names, "quoted names", positions in lists (0 or [0]), + to add to a list."""
    steps: list[str | int] = []
    rest = key
    while rest:
        match = _STEP.match(rest)
        if match is None:
            raise ExperimentError(Problem(SET, "", "not a dotted key such as population.sample", key))
        quoted, word, position = match.groups()
        steps.append(
            quoted if quoted is not None else word.strip() if word is not None else int(position[:9])
        )
        rest = rest[match.end() :]
        if rest.startswith(".") and len(rest) > 1 and rest[1] not in ".[":
            rest = rest[1:]
    return tuple(steps)


def _put(node: Node, path: Path, value: Node, done: Path) -> Node:
    """A copy of the tree with ``value`` at ``path``; items of lists go by position or by their name."""
    if not path:
        return merged(node, value, done)
    step, rest = path[0], path[1:]
    if isinstance(node.value, list):
        if step == APPEND and not rest:
            return Node([*node.value, value], node.mark)
        at = _position(node, step, done)
        items = list(node.value)
        items[at] = _put(items[at], rest, value, (*done, at))
        return Node(items, node.mark)
    below = node.value.get(str(step)) if isinstance(node.value, dict) else None
    if below is None or (rest and not isinstance(below.value, dict | list)):
        for later in reversed(rest):
            value = Node([value] if later == APPEND else {str(later): value}, value.mark)
        value = value if below is None else merged(below, value, (*done, str(step)))
    else:
        value = _put(below, rest, value, (*done, str(step)))
    kept = node.value if isinstance(node.value, dict) else {}
    return Node({**kept, str(step): value}, node.mark)


def _position(node: Node, step: str | int, done: Path) -> int:
    names = [
        (item.value.get("name") or item.value.get("use", NAMELESS)).value
        if isinstance(item.value, dict)
        else None
        for item in node.value
    ]
    if step in names:
        return names.index(step)
    numbered = isinstance(step, int) or (step.isascii() and step.isdigit() and len(step) < 9)
    if numbered and int(step) < len(names):
        return int(step)
    known = [name for name in names if isinstance(name, str)]
    said = f"no such item; the list has {len(names)}, numbered from 0" + (
        f": {', '.join(known[:5])}" if known else ""
    )
    raise ExperimentError(Problem(SET, dotted((*done, step)), said, choices=near(step, known)))


def _validated(tree: Node) -> Experiment:
    return Experiment.model_validate(tree.plain())


def _checked(tree: Node) -> Experiment:
    """The experiment, or every problem found: the schema's, and those of place and parameters beside them."""
    beside = [*check_place(tree), *check_parameters(tree)]
    try:
        experiment = _validated(tree)
    except ValidationError as error:
        raise ExperimentError([*problems_of(error, tree), *beside]) from None
    if beside:
        raise ExperimentError(beside)
    return experiment


def _with_origins(experiment: Experiment, tree: Node, warnings: list[str]) -> Experiment:
    origins = {}
    for path in leaves(experiment.to_dict()):
        node, exact = tree.find(path)
        origins[dotted(path)] = node.mark.origin if exact else "default"
    experiment._origins = origins
    experiment._warnings = tuple(warnings)
    return experiment


def leaves(value: Any, path: Path = ()) -> Iterable[Path]:
    """The paths of all values that are no mappings; a list counts as one value unless it holds mappings."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for at, below in enumerate(value):
            yield from leaves(below, (*path, at))
    else:
        yield path
