"""A run of one replicate as plain arrays, from its files or its recorder: what figures are taken from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.compiling import compiled
from icsim.recording.measures import Measure
from icsim.recording.recorder import Recorder, financial_year
from icsim.recording.tables import month_values

if TYPE_CHECKING:
    from icsim.recording.run import Run


@dataclass(frozen=True)
class KindMonths:
    """The months of one kind of organisation.

    Attributes:
        first: first day of each month recorded, shape (months,), datetime64.
        days: recorded in it, shape (months,).
        organisations: their names.
        values: shape (months, organisations, measures), float64; NaN is no value.
    """

    first: np.ndarray
    days: np.ndarray
    organisations: Sequence[str]
    values: np.ndarray


@dataclass(frozen=True)
class Arrays:
    """What figures of a run are taken from.

    Attributes:
        measures: by kind of organisation.
        kinds: of organisations by name.
        months: by kind, of those there are.
        financial_years: names, in order.
        group_measures: names of what is counted by age and deprivation.
        by_group: shape (financial years, 10 age bands, 5 fifths, group measures).
        person_days: shape (financial years, 10, 5).
        money, decisions, services: columns of those tables by name; ``month`` holds dates.
    """

    measures: Mapping[str, Sequence[Measure]]
    kinds: Mapping[str, str]
    months: Mapping[str, KindMonths]
    financial_years: Sequence[str]
    group_measures: Sequence[str]
    by_group: np.ndarray
    person_days: np.ndarray
    money: Mapping[str, Sequence[Any]]
    decisions: Mapping[str, Sequence[Any]]
    services: Mapping[str, Sequence[Any]]


def of_recorder(recorder: Recorder) -> Arrays:
    """What a run that is over has recorded."""
    months = {}
    for kind in recorder.measures:
        rows = recorder.rows(kind)
        if rows:
            first, days, values = month_values(recorder, kind)
            months[kind] = KindMonths(first, days, [row.name for row in rows], values)
    return Arrays(
        measures=recorder.measures,
        kinds={row.name: row.kind for row in recorder.organisations},
        months=months,
        financial_years=recorder.financial_years,
        group_measures=[measure.name for measure in recorder.group_measures],
        by_group=recorder.by_group,
        person_days=recorder.person_days,
        money=recorder.money.columns,
        decisions=recorder.decisions.columns,
        services=recorder.services.columns,
    )


def of_run(run: "Run") -> Arrays:
    """What the tables of a run hold; raises ``ResultError`` where it did not record one of them."""
    monthly: Any = run.monthly
    months = {}
    for kind, measures in run.measures.items():
        own = monthly[monthly["kind"] == kind]
        names = list(dict.fromkeys(own["organisation"]))
        if names:
            count = len(own) // len(names)
            values = own[[measure.name for measure in measures]].to_numpy(np.float64)
            first, days = own["month"].to_numpy()[:count], own["days"].to_numpy()[:count]
            shaped = values.reshape(len(names), count, len(measures)).transpose(1, 0, 2)
            months[kind] = KindMonths(first, days, names, shaped)
    groups: Any = run.by_age_and_imd
    years = list(dict.fromkeys(groups["financial_year"]))
    shape = (len(years), groups["age_band"].nunique(), groups["imd_fifth"].nunique())
    known = ("replicate", "financial_year", "age_band", "imd_fifth", "person_days")
    counted = [name for name in groups.columns if name not in known]
    organisations: Any = run.organisations
    return Arrays(
        measures=run.measures,
        kinds=dict(zip(organisations["name"], organisations["kind"], strict=True)),
        months=months,
        financial_years=years,
        group_measures=counted,
        by_group=groups[counted].to_numpy(np.float64).reshape(*shape, len(counted)),
        person_days=groups["person_days"].to_numpy(np.float64).reshape(shape),
        money=_columns(run.money),
        decisions=_columns(run.decisions),
        services=_columns(run.services),
    )


def _columns(table: Any) -> dict[str, list[Any]]:
    columns = {name: table[name].tolist() for name in table.columns if name != "month"}
    return {"month": table["month"].dt.date.tolist(), **columns}


def years_of_months(months: Iterable[Any]) -> list[str]:
    """The financial year of each date."""
    known = {month: financial_year(month) for month in dict.fromkeys(months)}
    return [known[month] for month in months]


def sums_by(of: np.ndarray, values: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of rows by group, and how many were known.

    Args:
        of: the group of each row, from 0, shape (rows,).
        values: shape (rows, columns); NaN counts for nothing.
        n: how many groups there are.

    Returns:
        sums and counts, each (n, columns); added up in the order of rows with Kahan's correction, as pandas
        does, so that a figure is the same by either.
    """
    return _sums_by(of.astype(np.int64), np.ascontiguousarray(values, np.float64), n)


@compiled
def _sums_by(of: np.ndarray, values: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    columns = values.shape[1]
    sums, lost = np.zeros((n, columns)), np.zeros((n, columns))
    known = np.zeros((n, columns))
    for i in range(len(of)):
        group = of[i]
        for j in range(columns):
            value = values[i, j]
            if np.isnan(value):
                continue
            known[group, j] += 1
            more = value - lost[group, j]
            total = sums[group, j] + more
            slip = total - sums[group, j] - more
            lost[group, j] = slip if slip == slip else 0.0  # of infinite sums
            sums[group, j] = total
    return sums, known
