"""The evidence catalogue: every default value with its range, unit, source and class, read once from CSV.

A row says what a number is, where it comes from and how far it can be trusted. The class is one of
``measured`` (published data), ``reported`` (said by participants) and ``assumed`` (nobody has measured it, or
the figure is recalled and unchecked). The rows live in ``icsim/evidence/catalogue/*.csv``; no other place
holds numbers.
"""

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import numpy as np

from icsim.evidence.nearest import nearest

T = TypeVar("T")

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["measured", "reported", "assumed"]
KINDS: tuple[Kind, ...] = ("measured", "reported", "assumed")
COLUMNS = ("key", "value", "low", "high", "unit", "year", "topic", "source", "url", "class", "note")
AGE_BANDS = ("0-4", "5-14", "15-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75-84", "85+")
FOLDER = Path(__file__).parent / "catalogue"


class CatalogueError(ValueError):
    """A catalogue file is not as it should be: the message names file, line, key and what was expected."""


class UnknownParameter(KeyError):  # noqa: N818 - the name is part of the interface
    """No parameter has this key; ``nearest`` holds the keys most like it."""

    def __init__(self, key: str, keys: Iterable[str]):
        self.key = key
        self.nearest = nearest(key, keys)
        super().__init__(key)

    def __str__(self) -> str:
        hint = f"; did you mean {' or '.join(self.nearest)}?" if self.nearest else ""
        return f"the evidence catalogue has no parameter {self.key!r}{hint}"

    def __reduce__(self) -> tuple[type, tuple[str, list[str]]]:
        return (type(self), (self.key, self.nearest))


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the catalogue.

    ``value`` is a float where the row holds a number and text otherwise; ``low`` and ``high`` bound it where
    known; ``kind`` is the row's class. ``year`` is text ("2016/17").
    """

    key: str
    value: float | str
    low: float | None
    high: float | None
    unit: str
    year: str
    topic: str
    source: str
    url: str
    kind: Kind
    note: str

    @property
    def is_number(self) -> bool:
        """Whether the value is a number."""
        return isinstance(self.value, float)


class Catalogue:
    """Parameters by key, remembering which were read (``used``): a report can say what a run rests on."""

    def __init__(self, parameters: Iterable[Parameter]):
        self._parameters = {parameter.key: parameter for parameter in parameters}
        self._used: set[str] = set()
        self._lately: set[str] = set()

    def __getitem__(self, key: str) -> Parameter:
        """The parameter of this key, marked as used; raises ``UnknownParameter``."""
        try:
            parameter = self._parameters[key]
        except KeyError:
            raise UnknownParameter(key, self._parameters) from None
        self._used.add(key)
        self._lately.add(key)
        return parameter

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Parameter]:
        return iter(self._parameters.values())

    def __repr__(self) -> str:
        return f"Catalogue({len(self)} parameters)"

    @property
    def used(self) -> set[str]:
        """Keys read so far through this catalogue (a copy)."""
        return set(self._used)

    @property
    def lately(self) -> set[str]:
        """Keys read since the last :meth:`turn_page` (a copy)."""
        return set(self._lately)

    def apart(self) -> "Watched":
        """The same parameters, nothing read yet: what is read of it says what some work rests on."""
        return Watched(self)

    def reads_as(self, values: Mapping[str, float | str | None]) -> bool:
        """Whether all these parameters have these values (None: are not there); if so they count as read."""
        known = self._parameters
        for key, value in values.items():
            parameter = known.get(key)
            if (None if parameter is None else parameter.value) != value:
                return False
        read = values.keys() & known.keys()
        self._used |= read
        self._lately |= read
        return True

    def turn_page(self) -> None:
        """From now on ``lately`` holds what is read after this moment."""
        self._lately.clear()

    def mark(self, used: Iterable[str], lately: Iterable[str]) -> None:
        """Take these keys as read before, and these as read lately."""
        self._used |= set(used) & set(self._parameters)
        self._lately = set(lately) & set(self._parameters)

    def value(self, key: str) -> float:
        """The number of this key; raises ``UnknownParameter``, or ``ValueError`` where the row holds text."""
        value = self[key].value
        if isinstance(value, str):
            raise ValueError(f"parameter {key!r} holds text ({value!r}), not a number")
        return value

    def by_age(self, prefix: str) -> np.ndarray:
        """Values of ``prefix_0-4`` ... ``prefix_85+`` in the order of ``AGE_BANDS``, shape (10,), float64."""
        return np.array([self.value(f"{prefix}_{band}") for band in AGE_BANDS])

    def filled(self, kind: type[T], prefix: str) -> T:
        """A dataclass ``kind`` each of whose fields is the row ``prefix_field``."""
        names = [field.name for field in fields(cast(Any, kind))]
        return kind(**{name: self.value(f"{prefix}_{name}") for name in names})

    def with_values(self, values: Mapping[str, float]) -> "Catalogue":
        """A copy with some values replaced, as an experiment's ``parameters:`` ask, and nothing used yet.

        A replaced row keeps its key, unit and range; its class becomes ``assumed`` and its source says so,
        for the catalogue's evidence no longer stands behind it. Raises ``UnknownParameter`` for a key that
        does not exist, ``ValueError`` for a value that is no finite number (text is accepted where the row
        holds text).
        """
        parameters = dict(self._parameters)
        for key, value in values.items():
            if key not in parameters:
                raise UnknownParameter(key, parameters)
            parameters[key] = _replaced(parameters[key], value)
        return Catalogue(parameters.values())

    def search(self, word: str = "") -> list[Parameter]:
        """Parameters in which every word of ``word`` occurs, in catalogue order; all of them for ""."""
        from icsim.evidence.search import search

        return search(self, word)

    def to_frame(self) -> "pd.DataFrame":
        """One row a parameter, columns as in the files; ``value`` holds floats and text."""
        import pandas as pd

        rows = [
            [p.key, p.value, p.low, p.high, p.unit, p.year, p.topic, p.source, p.url, p.kind, p.note]
            for p in self
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"low": float, "high": float})


class Watched(Catalogue):
    """A catalogue that knows what it was asked for, whether there or not; from :meth:`Catalogue.apart`."""

    def __init__(self, catalogue: Catalogue):
        super().__init__(())
        self._parameters = catalogue._parameters
        self._missed: set[str] = set()

    def __contains__(self, key: object) -> bool:
        there = super().__contains__(key)
        if not there:
            self._missed.add(str(key))
        return there

    @property
    def values_read(self) -> dict[str, float | str | None]:
        """The value of every parameter read so far; None of those asked for that there are not."""
        values: dict[str, float | str | None] = {key: self._parameters[key].value for key in self._used}
        return {**values, **dict.fromkeys(self._missed)}


def _replaced(parameter: Parameter, value: object) -> Parameter:
    if isinstance(value, str) and not parameter.is_number:
        new: float | str = value
    elif isinstance(value, bool | str) or not isinstance(value, int | float | np.number):
        raise ValueError(f"parameter {parameter.key!r}: expected a number, got {value!r}")
    elif not math.isfinite(float(value)):
        raise ValueError(f"parameter {parameter.key!r}: expected a finite number, got {value!r}")
    else:
        new = float(value)
    if new == parameter.value:
        return parameter
    note = f"catalogue value {parameter.value} ({parameter.kind}; {parameter.source})"
    return replace(parameter, value=new, kind="assumed", source="set by the experiment", url="", note=note)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _parameter(row: dict[str, str], where: str) -> Parameter:
    """A checked parameter from one CSV row; ``where`` is "file.csv line n" for messages."""
    key = row["key"]
    here = f"{where}, {key or 'row without a key'}"
    if not key or key != key.strip():
        raise CatalogueError(f"{here}: expected a key without spaces around it")
    if not row["value"]:
        raise CatalogueError(f"{here}: value is empty")
    if row["class"] not in KINDS:
        raise CatalogueError(f"{here}: class {row['class']!r}, expected one of {', '.join(KINDS)}")
    if not row["source"]:
        raise CatalogueError(f"{here}: source is empty; every row says where its value comes from")
    bounds: dict[str, float | None] = {}
    for bound in ("low", "high"):
        bounds[bound] = _number(row[bound])
        if row[bound] and bounds[bound] is None:
            raise CatalogueError(f"{here}: {bound} {row[bound]!r}, expected a number or nothing")
    low, high, number = bounds["low"], bounds["high"], _number(row["value"])
    inside = low is None or high is None or low <= high
    if number is not None:
        inside = inside and (low is None or low <= number) and (high is None or number <= high)
    if not inside:
        raise CatalogueError(f"{here}: expected low <= value <= high, got {low}, {row['value']}, {high}")
    return Parameter(
        key,
        row["value"] if number is None else number,
        low,
        high,
        row["unit"],
        row["year"],
        row["topic"],
        row["source"],
        row["url"],
        cast(Kind, row["class"]),
        row["note"],
    )


def read_catalogue(folder: Path = FOLDER) -> Catalogue:
    """Read and check every ``*.csv`` of ``folder`` in sorted order; raises ``CatalogueError``."""
    parameters: dict[str, Parameter] = {}
    origin: dict[str, str] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            if tuple(header) != COLUMNS:
                raise CatalogueError(
                    f"{path.name} line 1: expected the columns {','.join(COLUMNS)}, got {header}"
                )
            for cells in rows:
                where = f"{path.name} line {rows.line_num}"
                if len(cells) != len(COLUMNS):
                    raise CatalogueError(
                        f"{where}: expected {len(COLUMNS)} cells, got {len(cells)}: {cells[:2]}"
                    )
                parameter = _parameter(dict(zip(COLUMNS, cells, strict=True)), where)
                if parameter.key in parameters:
                    raise CatalogueError(
                        f"{where}: key {parameter.key!r} is already in {origin[parameter.key]}"
                    )
                parameters[parameter.key] = parameter
                origin[parameter.key] = where
    return Catalogue(parameters.values())


@cache
def load() -> Catalogue:
    """The project's catalogue, read once a process.

    Everybody shares it, so its ``used`` grows with every reader: a run takes ``load().with_values({})`` for a
    catalogue of its own.
    """
    return read_catalogue()
