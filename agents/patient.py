"""Patients as Mesa agents: a light view of a row, and Mesa's verbs over the columns of all rows at once.

``model.patients`` is a :class:`Patients` over everyone who lives in the place at the time of asking; what
``select`` and its like return is a snapshot of rows. The verbs and their arguments follow Mesa's AgentSet;
docstrings say where they differ (arrays for lists, a value each in ``set``, a filter over columns).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import mesa
import numpy as np

from icsim.agents.attributes import Attributes, Columns, over_columns
from icsim.agents.groups import Groups, call
from icsim.population.columns import Condition, Status
from icsim.population.selecting import holds, matching, random_order

if TYPE_CHECKING:
    import pandas as pd

    from icsim.experiment.happenings import Selection

_IN_ONE_GO: dict[Any, Callable[[np.ndarray], Any]] = {sum: np.sum, min: np.min, max: np.max}
_RUN_IN = 1 << 20  # days before day 0 that the index of a shuffle allows for


class Patient(mesa.Agent):
    """One person: attributes are those of the columns (``patient.age``, ``patient.frailty = 0.2``).

    A view, made when asked for and equal to any other of the same row; the model does not register it.
    ``unique_id`` is the row + 1, in every world. Besides the columns of ``PERSON`` and those added by a
    modeller: ``is_resident``, ``frailty_group``, ``age_band``, ``n_conditions``, each lever
    (``lever_admission``) and each rate (``rate_acsc``, a day). Status, sex, residence, frailty group and
    conditions come as their enums.
    There is no ``pos``; ``step`` is Mesa's method, not the column.
    """

    __slots__ = ("_attributes", "_row")

    def __init__(self, model: Any, row: int, attributes: Attributes | None = None) -> None:
        # Agent.__init__ is not called: it would register the object with the model.
        if attributes is None:
            attributes = model.patients.attributes
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "_row", int(row))
        object.__setattr__(self, "_attributes", attributes)

    @property
    def row(self) -> int:
        """Row of the person in every column."""
        return self._row

    def has(self, *conditions: Condition) -> bool:
        """Whether the person has at least one of these long-term conditions."""
        return bool(holds(self._attributes.people["conditions"][self._row], *conditions))

    def remove(self) -> None:
        """Refused: people leave by dying or moving away, and their row stays theirs."""
        raise TypeError("a patient cannot be removed: people leave the place by dying or moving away")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._attributes.of(name, self._row)

    def __setattr__(self, name: str, value: Any) -> None:
        self._attributes.write(name, self._row, value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Patient):
            return NotImplemented
        return self._row == other._row and self._attributes is other._attributes

    def __hash__(self) -> int:
        return hash(self._row)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.model, self._row, self._attributes)

    def __repr__(self) -> str:
        status = self.status.name.lower() if isinstance(self.status, Status) else self.status
        sex = getattr(self.sex, "name", "person").lower()
        return f"<Patient {self._row + 1}: {sex}, {self.age}, {status}, frailty {self.frailty:.2f}>"


class Patients:
    """People in an order, with the verbs of Mesa's AgentSet over columns.

    ``Patients(model, people)`` is everyone resident whenever it is asked; with ``rows`` (int, shape (n,))
    exactly these. ``people``: records of ``PERSON``. A column is an attribute: ``patients.age`` is an array,
    read only.
    """

    def __init__(
        self,
        model: Any,
        people: np.ndarray | None = None,
        rows: np.ndarray | Sequence[int] | None = None,
        *,
        attributes: Attributes | None = None,
    ) -> None:
        if attributes is None:
            attributes = Attributes(model.people if people is None else people)
        self.model = model
        self.attributes = attributes
        self._rows = None if rows is None else _kept(rows)
        self._members: np.ndarray | None = None

    # who is meant

    @property
    def rows(self) -> np.ndarray:
        """Rows of these people in their order, int64, shape (n,), read only."""
        if self._rows is not None:
            return self._rows
        return _kept(np.flatnonzero(self.attributes.people["status"] == Status.RESIDENT.value))

    @property
    def extra(self) -> dict[str, np.ndarray]:
        """Columns added with ``add_column``, by name: arrays over everyone who ever lives in the place."""
        return self.attributes.extra

    @property
    def random(self) -> Any:
        """The model's generator, as in Mesa; ``shuffle`` does not draw from it."""
        return self.model.random

    def __len__(self) -> int:
        if self._rows is not None:
            return len(self._rows)
        return int(np.count_nonzero(self.attributes.people["status"] == Status.RESIDENT.value))

    def __iter__(self) -> Iterator[Patient]:
        for row in self.rows.tolist():
            yield Patient(self.model, row, self.attributes)

    def __contains__(self, patient: object) -> bool:
        if not isinstance(patient, Patient) or patient._attributes is not self.attributes:
            return False
        if self._rows is None:
            return bool(patient.is_resident)
        if self._members is None:
            self._members = np.zeros(len(self.attributes.people), dtype=bool)
            self._members[self._rows] = True
        return bool(self._members[patient.row])

    def __getitem__(self, item: slice) -> "Patients":
        if not isinstance(item, slice):
            raise TypeError("patients take a slice, as in patients[:10]; for one, patients.to_list()[0]")
        return self._of(self.rows[item])

    def __and__(self, other: "Patients") -> "Patients":
        return self._of(self.rows[np.isin(self.rows, other.rows)])

    def __or__(self, other: "Patients") -> "Patients":
        rows = self.rows
        return self._of(np.concatenate([rows, other.rows[~np.isin(other.rows, rows)]]))

    def __sub__(self, other: "Patients") -> "Patients":
        return self._of(self.rows[~np.isin(self.rows, other.rows)])

    def __repr__(self) -> str:
        return f"<Patients: {len(self):,}{' resident' if self._rows is None else ' selected'}>"

    def __getattr__(self, name: str) -> np.ndarray:
        if name.startswith("_") or name == "attributes":
            raise AttributeError(name)
        values = self.attributes.column(name, self.rows)
        values.flags.writeable = False  # writing to a copy would change nobody
        return values

    def to_list(self) -> list[Patient]:
        """The patients one by one, in order."""
        return list(self)

    # choosing and ordering

    def select(
        self,
        filter_func: "np.ndarray | Callable[[Any], Any] | Selection | None" = None,
        at_most: float = float("inf"),
        inplace: bool = False,
        agent_type: type[mesa.Agent] | None = None,
    ) -> "Patients":
        """Those whom a filter admits, in the present order.

        ``filter_func``: bool array, shape (len(self),); a ``Selection`` of an experiment; or a function of a
        patient. A function is first tried on whole columns, ``lambda p: (p.age >= 65) & (p.frailty > 0.24)``,
        which takes milliseconds, and where that fails (``and``, ``if``, a chained comparison) on each
        patient, which takes seconds. What such a function draws at random on columns is drawn once for all.
        ``at_most``: the first so many admitted; a float up to 1.0 is a share of these people, rounded down.
        ``inplace`` narrows this selection itself; ``model.patients`` cannot be narrowed (ValueError).
        """
        rows = self.rows
        if agent_type is not None and not issubclass(Patient, agent_type):
            rows = rows[:0]
        elif filter_func is not None:
            rows = rows[self._mask(filter_func, rows)]
        if isinstance(at_most, float) and at_most <= 1.0:
            at_most = int(len(self) * at_most)
        if at_most < len(rows):
            rows = rows[: max(0, int(at_most))]
        return self._result(rows, inplace)

    def shuffle(self, inplace: bool = False) -> "Patients":
        """The same people in random order.

        Unlike Mesa's, the order is addressed by person, day and how many shuffles the day has seen, and takes
        nothing from ``model.random``: people in two worlds stand in the same order among themselves.
        """
        rows = self.rows
        day = int(getattr(self.model, "day", 0))
        before, times = self.attributes.shuffled
        times = times + 1 if before == day else 0
        self.attributes.shuffled = (day, times)
        index = (day + _RUN_IN << 16) + times
        return self._result(rows[random_order(self.attributes.people["key"][rows], index)], inplace)

    def sort(
        self, key: Callable[[Any], Any] | str, ascending: bool = False, inplace: bool = False
    ) -> "Patients":
        """The same people by a column or a function of a patient; greatest first unless ``ascending``."""
        rows = self.rows
        values = self._values(key, rows)
        if isinstance(values, list) or values.dtype == object:
            order = sorted(range(len(rows)), key=values.__getitem__, reverse=not ascending)
        elif ascending:
            order = np.argsort(values, kind="stable")
        else:
            order = len(rows) - 1 - np.argsort(values[::-1], kind="stable")[::-1]
        return self._result(rows[order], inplace)

    def groupby(
        self, by: Callable[[Any], Any] | str, result_type: Literal["agentset", "list"] = "agentset"
    ) -> Groups:
        """Groups of people with the same value of a column or of a function of a patient, in ascending order.

        ``result_type="list"`` makes each group a list of patients in place of ``Patients``.
        """
        rows = self.rows
        values = self._values(by, rows)
        found: dict[Any, Any] = {}
        if isinstance(values, list) or values.dtype == object:
            for row, value in zip(rows.tolist(), values, strict=True):
                found.setdefault(value, []).append(row)
        elif len(rows):
            order = np.argsort(values, kind="stable")
            ordered = values[order]
            starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
            found = dict(
                zip(ordered[starts].tolist(), np.split(rows[order], starts[1:].tolist()), strict=True)
            )
        groups = {value: self._of(members) for value, members in found.items()}
        if result_type == "list":
            return Groups({value: members.to_list() for value, members in groups.items()})
        return Groups(groups)

    # reading and writing

    def get(
        self,
        attr_names: str | Sequence[str],
        handle_missing: Literal["error", "default"] = "error",
        default_value: Any = None,
    ) -> np.ndarray:
        """The values of an attribute, shape (n,), or of several, (n, k): an array where Mesa has a list.

        A missing attribute raises AttributeError, or with ``handle_missing="default"`` is ``default_value``.
        """
        if handle_missing not in ("error", "default"):
            raise ValueError(f"handle_missing is 'error' or 'default', not {handle_missing!r}")
        rows = self.rows

        def one(name: str) -> np.ndarray:
            if handle_missing == "default" and name not in self.attributes:
                return np.full(len(rows), default_value)
            return self.attributes.column(name, rows)

        if isinstance(attr_names, str):
            return one(attr_names)
        return np.column_stack([one(name) for name in attr_names])

    def set(self, attr_name: str, value: Any) -> Self:
        """Set an attribute of everyone here to one value, or to an array of one each (Mesa: one value).

        Raises AttributeError for luck and for what the day of care keeps in step, ValueError for a value off
        the scale; then nobody has changed. Conditions, frailty, susceptibility and loneliness change how
        often needs arise from the next birthday; a lever (``lever_need_acsc``) does so from today.
        """
        self.attributes.write(attr_name, self.rows, value)
        return self

    def agg(self, attribute: str, func: Any) -> Any:
        """A function of the values of an attribute: one function, a list of them, or a dict of them by name.

        Functions take an array, shape (n,), floating point as float64. A list gives a list, a dict a dict.
        """
        values = self.get(attribute)
        if values.dtype.kind == "f":
            values = values.astype(np.float64)
        if callable(func):
            return _applied(func, values)
        if isinstance(func, dict):
            return {name: _applied(one, values) for name, one in func.items()}
        return [_applied(one, values) for one in func]

    def count(self, filter_func: "np.ndarray | Callable[[Any], Any] | Selection | None" = None) -> int:
        """How many a filter admits (``select`` says what a filter is); without one, how many there are."""
        if filter_func is None:
            return len(self)
        return int(np.count_nonzero(self._mask(filter_func, self.rows)))

    def has(self, *conditions: Condition) -> np.ndarray:
        """Whether each has at least one of these long-term conditions, bool, shape (n,)."""
        return Columns(self.attributes, self.rows).has(*conditions)

    def add_column(self, name: str, values: Any, default: Any = None) -> Self:
        """Add an attribute to everyone who ever lives in the place.

        ``values``: for the people here, one or one each, or a function as ``select`` takes. ``default``: for
        all others, such as those who arrive later; left out, the one value given, else zero, False or None.
        Raises ValueError where the name is taken.
        """
        rows = self.rows
        if callable(values):
            values = np.asarray(self._values(values, rows))
        taken = frozenset((*dir(Patient), *dir(Patients), "model", "pos", "attributes"))
        self.attributes.add(name, values, rows, default, taken)
        return self

    def to_frame(self, columns: Sequence[str] | None = None) -> "pd.DataFrame":
        """A row a person (index ``unique_id``), a column for each attribute named; left out, all but luck."""
        import pandas as pd

        rows = self.rows
        names = list(self.attributes) if columns is None else list(columns)
        data = {name: self.attributes.stored(name, rows) for name in names}
        return pd.DataFrame(data, index=pd.Index(rows + 1, name="unique_id"))

    # acting one by one

    def do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Self:
        """Call a function with each patient, or a method of each by name, in order."""
        for patient in self:
            call(patient, method)(*args, **kwargs)
        return self

    def shuffle_do(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Self:
        """``do`` in the order of ``shuffle``; the order of these people stays."""
        self.shuffle().do(method, *args, **kwargs)
        return self

    def map(self, method: str | Callable[..., Any], *args: Any, **kwargs: Any) -> list[Any]:
        """What a function of each patient, or a method of each by name, returns, in order."""
        return [call(patient, method)(*args, **kwargs) for patient in self]

    def _of(self, rows: Any) -> "Patients":
        return Patients(self.model, rows=rows, attributes=self.attributes)

    def _result(self, rows: np.ndarray, inplace: bool) -> "Patients":
        if not inplace:
            return self._of(rows)
        if self._rows is None:
            raise ValueError("model.patients is always everyone: keep the result in place of inplace=True")
        self._rows, self._members = _kept(rows), None
        return self

    def _mask(self, given: Any, rows: np.ndarray) -> np.ndarray:
        """A filter of any kind as a bool array over ``rows``."""
        if callable(given):
            values = over_columns(given, self.attributes, rows)
            if values is None:
                return np.fromiter((bool(given(p)) for p in self._of(rows)), dtype=bool, count=len(rows))
            return values.astype(bool)
        if hasattr(given, "min_age"):
            return matching(self.attributes.people, given)[rows]
        mask = np.asarray(given)
        if mask.dtype != bool or mask.shape != rows.shape:
            raise ValueError(
                f"a filter is a function of a patient, or a bool array with a value for each of the "
                f"{len(rows)} people, not {mask.dtype} of shape {mask.shape}"
            )
        return mask

    def _values(self, by: Callable[[Any], Any] | str, rows: np.ndarray) -> np.ndarray | list[Any]:
        """The values of a column, or of a function over columns or of each patient."""
        if isinstance(by, str):
            values = self.attributes.stored(by, rows)  # eight bits sort faster than sixty-four
            if values.ndim != 1:
                raise ValueError(f"{by!r} has several values a patient: name one, such as lever_admission")
            return values
        values = over_columns(by, self.attributes, rows)
        return [by(patient) for patient in self._of(rows)] if values is None else values


class PatientsByType(mesa.Model):
    """A Mesa model that counts ``self.patients`` among its agents by type, without an object for each.

    ``agents_by_type[Patient]`` and ``agent_types`` find them, so DataCollector's ``agenttype_reporters`` do;
    ``agents`` holds the organisations alone.
    """

    patients: Patients

    @property
    def agents_by_type(self) -> dict[type[mesa.Agent], Any]:
        """Agents by type: those registered, and the patients."""
        registered: dict[type[mesa.Agent], Any] = dict(super().agents_by_type)
        return {**registered, Patient: self.patients} if "patients" in vars(self) else registered

    @property
    def agent_types(self) -> list[type]:
        """The types in ``agents_by_type``."""
        return list(self.agents_by_type)


def _kept(rows: Any) -> np.ndarray:
    kept = np.array(rows, dtype=np.int64, ndmin=1)
    kept.flags.writeable = False
    return kept


def _applied(function: Callable[[Any], Any], values: np.ndarray) -> Any:
    value = _IN_ONE_GO.get(function, function)(values)
    return value.item() if isinstance(value, np.generic) else value
