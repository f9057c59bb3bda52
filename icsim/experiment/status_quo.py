"""The same place without its programme: what goes with one when ``programme: none`` is laid over it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as File
from typing import Any

from icsim.experiment.errors import ExperimentError, Problem, near
from icsim.experiment.tree import Node, Path

STATUS_QUO = "status-quo"
"""In a comparison: the first experiment without programme, contract changes and interventions."""
GOES_WITH: tuple[Path, ...] = (
    ("nation",),
    ("spread",),
    ("joint_work",),
    ("contract", "steps"),
    ("relationships", "building"),
)
"""Keys of an experiment with a programme that its absence takes away too."""
NONE = "none"


def laid_upon(below: Node, programme: Node | None) -> Node:
    """A tree as it lies under a layer that says ``programme``: without what goes with one that it takes away.

    Anything else, and a tree that has no programme to take away, is given back as it is.
    """
    had = below.value.get("programme")
    if programme is None or programme.value != NONE or had is None or not isinstance(had.value, dict):
        return below
    for path in GOES_WITH:
        below = _without(below, path)
    return below


def _without(node: Node, path: Path) -> Node:
    step, *rest = path
    if not isinstance(node.value, dict) or step not in node.value:
        return node
    below = dict(node.value)
    if rest:
        below[step] = _without(below[step], tuple(rest))
    else:
        del below[step]
    return Node(below, node.mark)


def with_status_quo(
    sources: Sequence[Any], overrides: Iterable[str] | Mapping[str, Any]
) -> list[tuple[Any, list[str] | dict[str, Any]]]:
    """What a comparison is to load, each with its overrides.

    ``status-quo`` among the sources is the first of the others without programme, contract changes and
    interventions; it comes first, for it is what the others are compared with.

    Raises:
        ExperimentError: a name that is nearly ``status-quo``.
    """
    for one in sources:
        if isinstance(one, str) and one != STATUS_QUO and near(one, [STATUS_QUO]) and not File(one).exists():
            raise ExperimentError(Problem("compare", "", "no such experiment", one, [STATUS_QUO]))
    own = dict(overrides) if isinstance(overrides, Mapping) else list(overrides)
    named = [one for one in sources if one != STATUS_QUO]
    first = [(named[0], _off(own))] if named and len(named) < len(sources) else []
    return first + [(one, own) for one in named]


def _off(overrides: list[str] | dict[str, Any]) -> list[str] | dict[str, Any]:
    if isinstance(overrides, dict):
        return {**overrides, "programme": NONE, "interventions": [], "name": STATUS_QUO}
    return [*overrides, f"programme={NONE}", "interventions=[]", f"name={STATUS_QUO}"]
