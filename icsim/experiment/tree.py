"""An experiment before it is checked: plain values that each know where they were written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from icsim.experiment.errors import ExperimentError, Problem

Path = tuple[str | int, ...]
MAX_NODES = 50_000  # values in one experiment, aliases counted each time they are used
MAX_DEPTH = 20
NUMBER_OR_PAIRS = {
    ("relationships", key)
    for key in ("initial_trust", "contact", "joint_posts", "co_location", "shared_records", "learning")
}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value was written: ``label`` is for messages (a path), ``short`` for origins (a name)."""

    label: str
    short: str
    line: int | None = None

    def __str__(self) -> str:
        return self.label if self.line is None else f"{self.label}:{self.line}"

    @property
    def origin(self) -> str:
        """The place of writing as ``Experiment.origins`` shows it."""
        return self.short if self.line is None else f"{self.short}:{self.line}"


@dataclass(slots=True)
class Node:
    """A value and its mark; ``value`` is a scalar, a dict of nodes or a list of nodes."""

    value: Any
    mark: Mark

    def plain(self) -> Any:
        """The value without marks."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def find(self, path: Iterable[str | int]) -> tuple["Node", bool]:
        """The node at ``path`` or its nearest ancestor, and whether it is the node itself."""
        node = self
        for step in path:
            below = None
            if isinstance(node.value, dict):
                below = node.value.get(step)
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                below = node.value[step]
            if below is None:
                return node, False
            node = below
        return node, True

    def __iter__(self) -> Iterator["Node"]:
        """Every node, itself first."""
        yield self
        if isinstance(self.value, dict | list):
            for node in self.value.values() if isinstance(self.value, dict) else self.value:
                yield from node


def merged(base: Node, over: Node, path: Path = ()) -> Node:
    """``over`` upon ``base``: mappings key by key, everything else (lists too) replaced whole."""
    if not isinstance(over.value, dict):
        return over
    below = base.value
    if path in NUMBER_OR_PAIRS and isinstance(below, int | float):
        below = {"default": base}  # pairs written upon one number for all
    if not isinstance(below, dict):
        return over
    value = dict(below)
    for key, node in over.value.items():
        value[key] = merged(value[key], node, (*path, key)) if key in value else node
    return Node(value, over.mark)


def from_python(value: Any, mark: Mark) -> Node:
    """A tree from Python values (mappings, sequences, NumPy scalars, enums, dates)."""
    return _Growing(mark).grow(value, (), 0)


class _Growing:
    """Counts nodes while a tree grows, so that a self-containing list cannot grow for ever."""

    def __init__(self, mark: Mark):
        self.mark = mark
        self.count = 0

    def grow(self, value: Any, path: Path, depth: int) -> Node:
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise ExperimentError(
                Problem(str(self.mark), dotted(path), "too deep or too large for an experiment")
            )
        if isinstance(value, Mapping):
            return Node(
                {self._key(k, path): self.grow(v, (*path, k), depth + 1) for k, v in value.items()}, self.mark
            )
        if isinstance(value, list | tuple):
            return Node([self.grow(v, (*path, i), depth + 1) for i, v in enumerate(value)], self.mark)
        if isinstance(value, Enum):
            value = value.value
        elif hasattr(value, "item") and getattr(value, "ndim", None) == 0:
            value = value.item()  # a NumPy scalar
        if value is None or isinstance(value, str | int | float | bool | date):
            return Node(value, self.mark)
        kind = type(value).__name__
        raise ExperimentError(
            Problem(str(self.mark), dotted(path), f"a {kind} is not a value that an experiment can hold")
        )

    def _key(self, key: Any, path: Path) -> str:
        if isinstance(key, str):
            return str(key)
        raise ExperimentError(Problem(str(self.mark), dotted(path), "keys must be text", key))


def dotted(path: Iterable[str | int]) -> str:
    """A path as one dotted key; a step that holds a dot is quoted."""
    return ".".join(f'"{step}"' if isinstance(step, str) and "." in step else str(step) for step in path)
