"""The attributes of people: the columns of ``PERSON``, what follows from them, and those a modeller adds."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from icsim.evidence.nearest import nearest
from icsim.population.columns import (
    AGE_BAND_OF_AGE,
    MORTALITY,
    PERSON,
    Condition,
    Frailty,
    Lever,
    Need,
    Residence,
    Sex,
    Status,
    frailty_group,
)
from icsim.population.selecting import holds

LUCK = frozenset(
    ("key", "next_need", "next_care", "next_planned", "next_life", "need_count", "need_scale", "rate")
)
"""Columns that hold or follow from a person's luck: the same in every world, so nobody may set them."""

_POSITIVE = (float(np.finfo(np.float32).tiny), np.inf)
_SCALES: dict[str, tuple[float, float]] = {
    "sex": (min(Sex), max(Sex)),
    "mental_health_need": (0, 3),
    "social_care_need": (0, 3),
    "loneliness": (0, 2),
    "conditions": (0, sum(Condition)),
    "activation": (0, 100),
    "frailty": (_POSITIVE[0], 1),
    "susceptibility": _POSITIVE,
    "trust_gp": (0, 1),
    "trust_ae": (0, 1),
    "trust_community": (0, 1),
    "care_plan": (0, np.iinfo(np.uint8).max),
    **{f"lever_{lever.name.lower()}": _POSITIVE for lever in Lever},
}
"""The columns that may be set, each with the least and the greatest value of its scale (``columns.py``)."""

_PARTS: dict[str, tuple[str, int]] = {
    **{f"lever_{lever.name.lower()}": ("lever", lever.value) for lever in Lever},
    **{f"rate_{need.name.lower()}": ("rate", need.value) for need in Need},
    "rate_death": ("rate", MORTALITY),
}
_ENUMS = {"status": Status, "sex": Sex, "residence": Residence, "frailty_group": Frailty}
_DERIVED: dict[str, Callable[[np.ndarray, Any], Any]] = {
    "unique_id": lambda people, rows: rows + 1,
    "is_resident": lambda people, rows: people["status"][rows] == Status.RESIDENT.value,
    "age_band": lambda people, rows: AGE_BAND_OF_AGE[people["age"][rows]],
    "frailty_group": lambda people, rows: frailty_group(people["frailty"][rows]),
    "n_conditions": lambda people, rows: np.bitwise_count(people["conditions"][rows]),
}
_COLUMNS = tuple(name for name in PERSON.names or () if PERSON[name].shape == ())
_KNOWN = frozenset((*_COLUMNS, *_PARTS, *_DERIVED, "lever", "rate"))


class Attributes:
    """Reads and writes the attributes of any rows; shared by the model's patients and every selection.

    ``people``: records of ``PERSON``, shape (n,). ``extra``: columns a modeller added, by name, each (n,).
    ``altered``: who was written to since services last looked, bool, (n,); part of the world.
    """

    def __init__(self, people: np.ndarray) -> None:
        self.people = people
        self.altered = np.zeros(len(people), np.bool_)
        self.extra: dict[str, np.ndarray] = {}
        self.shuffled: tuple[int, int] = (
            0,
            0,
        )  # day, and how many times people were put in random order on it

    def __contains__(self, name: object) -> bool:
        return name in _KNOWN or name in self.extra

    def __iter__(self) -> Iterator[str]:
        """The names of columns of one value a person, without luck and without what follows from others."""
        yield from (name for name in _COLUMNS if name not in LUCK)
        yield from (name for name, (column, _) in _PARTS.items() if column not in LUCK)
        yield from self.extra

    def stored(self, name: str, rows: Any) -> np.ndarray:
        """The values of one attribute as stored, shape of ``rows``; AttributeError with the nearest names."""
        if name in self.extra:
            return self.extra[name][rows]
        if name in _PARTS:
            column, part = _PARTS[name]
            return self.people[column][rows, part]
        if name in _DERIVED:
            return _DERIVED[name](self.people, rows)
        if name in _KNOWN:
            return self.people[name][rows]
        raise AttributeError(self._unknown(name))

    def column(self, name: str, rows: np.ndarray) -> np.ndarray:
        """The values of one attribute, shape (len(rows),), a copy.

        Small integers come as int64: ``age - 70`` in the eight bits they are stored in would wrap around.
        """
        values = self.stored(name, rows)
        narrow = values.dtype.kind in "ui" and values.dtype.itemsize < 8
        return values.astype(np.int64) if narrow else values

    def of(self, name: str, row: int) -> Any:
        """The value of one attribute of one person: an enum where there is one, else as in a column."""
        value = self.stored(name, row)
        if name == "conditions":
            return Condition(int(value))
        if name in _ENUMS:
            return _ENUMS[name]._value2member_map_.get(int(value), int(value))
        if isinstance(value, np.ndarray) and value.ndim:
            value = value.copy()
            value.flags.writeable = False  # writing to a copy would change nobody
            return value
        if getattr(value, "dtype", np.dtype(object)).kind in "ui":
            return int(value)
        return value

    def write(self, name: str, rows: Any, value: Any) -> None:
        """Set one attribute of a row or of rows to one value, or to a value each.

        Raises AttributeError where there is no such attribute or it may not be set, and ValueError, before
        anything is changed, where a value does not fit.
        """
        if name in self.extra:
            target = self.extra[name]
            target[rows] = _fitting(name, value, target.dtype, None, np.shape(rows))
            return
        if name not in _SCALES:
            raise AttributeError(self._unknown(name) if name not in _KNOWN else _refusal(name))
        column, part = _PARTS.get(name, (name, None))
        values = _fitting(name, value, PERSON[column].base, _SCALES[name], np.shape(rows))
        self.altered[rows] = True
        if part is None:
            self.people[column][rows] = values
        else:
            self.people[column][rows, part] = values

    def add(self, name: str, values: Any, rows: np.ndarray, default: Any, taken: frozenset[str]) -> None:
        """Add a column: ``values`` for ``rows``, ``default`` for everyone else who is or will be there."""
        if not name.isidentifier() or name.startswith("_"):
            raise ValueError(f"a column needs a name that is a Python identifier, not {name!r}")
        if name in self.extra:
            raise ValueError(f"the column {name!r} exists already: change it with set({name!r}, values)")
        if name in _KNOWN or name in taken:
            raise ValueError(f"the name {name!r} is taken: choose another for the column")
        given = np.asarray(values)
        if given.dtype.kind in "US":  # text of any length must fit later
            given = given.astype(object)
        if default is None:
            default = given.item() if given.ndim == 0 else _nothing(given.dtype)
        whole = np.full(len(self.people), default, dtype=_roomy(given.dtype, default))
        whole[rows] = _fitting(name, given, whole.dtype, None, np.shape(rows))
        self.extra[name] = whole

    def _unknown(self, name: str) -> str:
        near = nearest(name, (*_KNOWN, *self.extra))
        hint = f"; nearest: {', '.join(near)}" if near else ""
        return f"a patient has no attribute {name!r}{hint} (patients.add_column({name!r}, values) adds one)"


class Columns:
    """What a function sees in place of a patient, to answer for everyone at once: arrays, shape (n,)."""

    __slots__ = ("_attributes", "_rows")

    def __init__(self, attributes: Attributes, rows: np.ndarray) -> None:
        self._attributes = attributes
        self._rows = rows

    def __getattr__(self, name: str) -> np.ndarray:
        values = self._attributes.column(name, self._rows)
        if values.ndim != 1:
            raise AttributeError(f"{name!r} has several values a patient")
        values.flags.writeable = False  # a filter that sets things is meant for one patient at a time
        return values

    def has(self, *conditions: Condition) -> np.ndarray:
        """Whether each patient has at least one of these long-term conditions, bool."""
        return holds(self._attributes.people["conditions"][self._rows], *conditions)


def over_columns(
    function: Callable[[Any], Any], attributes: Attributes, rows: np.ndarray
) -> np.ndarray | None:
    """What a function makes of whole columns, shape (n,), or None where it wants one patient at a time."""
    if len(rows) < 2:  # an array of one passes for a number
        return None
    try:
        values = function(Columns(attributes, rows))
    except Exception:  # whatever it is, a patient shows whether the function itself is wrong
        return None
    fits = isinstance(values, np.ndarray) and values.shape == rows.shape and values.dtype.kind != "O"
    return values if fits else None


def _refusal(name: str) -> str:
    column = _PARTS.get(name, (name, 0))[0]
    if column in LUCK:
        why = "it is part of the person's luck, which is the same in every world"
    elif name in _DERIVED:
        why = "it follows from other attributes"
    elif name == "lever":
        why = "set one of its parts, such as lever_admission"
    else:
        why = "the day of care keeps it in step with calendars, lists, queues and beds"
    return f"{name!r} may not be set: {why}; these may: {', '.join(_SCALES)}"


def _fitting(
    name: str, value: Any, dtype: np.dtype, scale: tuple[float, float] | None, shape: tuple[int, ...]
) -> np.ndarray:
    """The value or values as the column stores them, or ValueError that says what was expected."""
    if dtype.kind == "O":
        given = np.asarray(value, dtype=object)
    else:
        given = np.asarray(value)
        if given.dtype.kind not in "biuf":
            raise ValueError(f"{name!r} holds numbers, not {value!r}")
    if given.ndim and given.shape != shape:
        people = shape[0] if shape else 1
        raise ValueError(f"{name!r}: {given.shape} values for {people} people; give one value or one each")
    if scale is not None:
        low, high = scale
        fits = (given >= low) & (given <= high) & (given < np.inf)
        if not fits.all():
            wrong = np.atleast_1d(given)[~np.atleast_1d(fits)][0]
            lowest = "above 0" if low == _POSITIVE[0] else f"from {low:g}"
            upper = f" to {high:g}" if high < np.inf else ""
            raise ValueError(f"{name!r} takes values {lowest}{upper}, not {wrong}")
    with np.errstate(invalid="ignore"):
        cast = given.astype(dtype)
    if dtype.kind in "biu" and not (cast == given).all():
        kind = "true or false" if dtype.kind == "b" else f"whole numbers ({dtype})"
        raise ValueError(f"{name!r} holds {kind}; {value!r} does not fit")
    return cast


def _nothing(dtype: np.dtype) -> Any:
    return None if dtype.kind == "O" else dtype.type(0)


def _roomy(dtype: np.dtype, default: Any) -> np.dtype:
    """A type that holds the values and the default: float where one of them is, else as given."""
    other = np.asarray(default).dtype
    if dtype.kind == "O" or other.kind in "OUS":
        return np.dtype(object)
    return dtype if dtype == other else np.result_type(dtype, other)
