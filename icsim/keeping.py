"""What an object keeps in a checkpoint: its class names its state, and puts it back.

A class lists in ``STATE`` the attributes that a run changes; those of its bases come first. What is not
listed is made anew from the experiment when a model is restored. Values are arrays, numbers, texts, None, and
lists and mappings of these; ``icsim.checkpoint`` refuses anything else.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np


def names_of(kind: type) -> tuple[str, ...]:
    """The attributes that a class and its bases keep, those of the bases first, each once."""
    listed = [name for base in reversed(kind.__mro__) for name in vars(base).get("STATE", ())]
    return tuple(dict.fromkeys(listed))


def state_of(one: Any) -> dict[str, Any]:
    """The values of an object's ``STATE``, as they are: not copied."""
    return {name: getattr(one, name) for name in names_of(type(one))}


def put_back(one: Any, state: Mapping[str, Any]) -> None:
    """Give an object the values of its ``STATE``; arrays are copied.

    Raises ValueError when the names are not those the class keeps.
    """
    names = names_of(type(one))
    if set(names) != set(state):
        different = ", ".join(sorted(set(names) ^ set(state)))
        raise ValueError(f"{type(one).__name__} keeps other state: {different}")
    for name in names:
        setattr(one, name, own(state[name]))


def own(value: Any) -> Any:
    """A copy that may be changed, of arrays at any depth of lists and mappings."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: own(below) for key, below in value.items()}
    return [own(below) for below in value] if isinstance(value, list) else value


def lay(onto: np.ndarray, kept: np.ndarray, what: str) -> None:
    """Write kept values into an array in place: all of them, or the part that both have where lengths differ.

    Raises ValueError where the layout of a record, the type or the number of dimensions is another.
    """
    if onto.dtype != kept.dtype or onto.ndim != kept.ndim:
        raise ValueError(f"{what}: laid out as {kept.ndim} x {kept.dtype}, not {onto.ndim} x {onto.dtype}")
    if onto.shape == kept.shape and onto.flags.c_contiguous and kept.flags.c_contiguous and onto.ndim:
        onto.view(np.ndarray).view(np.uint8)[...] = kept.view(np.ndarray).view(np.uint8)
        return
    both = tuple(slice(0, min(one, other)) for one, other in zip(onto.shape, kept.shape, strict=True))
    onto[both] = kept[both]
