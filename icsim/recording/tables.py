"""A recorder's arrays as Arrow tables, ready for Parquet: one function for each table of a results folder."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from icsim.population.columns import AGE_BANDS
from icsim.recording.measures import table_columns
from icsim.recording.recorder import DECISIONS, N_FIFTHS, SERVICES, Recorder, financial_year

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def _texts(values: list[str], index: np.ndarray) -> "pa.Array":
    """``values[index]`` as an Arrow string column, without a Python object for each row."""
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(index, pa.int32()), pa.array(values, pa.string())).cast(
        pa.string()
    )


def _moments(days: np.ndarray) -> "pa.Array":
    """Days (datetime64[D]) as timestamps, which pandas reads as dates rather than objects."""
    import pyarrow as pa

    return pa.array(days.astype("datetime64[ms]"))


def _months(days: list) -> "pa.Array":
    """As :func:`_moments`, of dates."""
    import pyarrow as pa

    return pa.array(days, pa.date32()).cast(pa.timestamp("ms"))


def _measured(recorder: Recorder, kind: str, values: np.ndarray) -> dict[str, "pa.Array"]:
    """A column for each measure of any kind, null where this kind has none; values: (rows, measures)."""
    import pyarrow as pa

    own = {measure.name: position for position, measure in enumerate(recorder.measures[kind])}
    dtype = pa.from_numpy_dtype(values.dtype)
    return {
        name: pa.array(values[:, own[name]], dtype, from_pandas=True)
        if name in own
        else pa.nulls(len(values), dtype)
        for name in table_columns(recorder.measures)
    }


def _organisations(recorder: Recorder, kind: str, times: int) -> dict[str, "pa.Array"]:
    """Columns kind, organisation and code, each organisation of the kind repeated ``times``."""
    rows = recorder.rows(kind)
    which = np.repeat(np.arange(len(rows)), times)
    return {
        "kind": _texts([kind], np.zeros(len(which), dtype=np.int32)),
        "organisation": _texts([row.name for row in rows], which),
        "code": _texts([row.code for row in rows], which),
    }


def _table(replicate: int, columns: Mapping[str, "pa.Array"]) -> "pa.Table":
    import pyarrow as pa

    length = len(next(iter(columns.values())))
    return pa.table({"replicate": pa.array(np.full(length, replicate), pa.int32()), **columns})


def _recorded_kinds(recorder: Recorder) -> Iterator[str]:
    return (kind for kind in recorder.measures if recorder.rows(kind))


def daily(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each organisation and day, a table for each kind of organisation."""
    done = recorder.days_done
    for kind in _recorded_kinds(recorder):
        block = recorder.block(kind)[:done]
        n = block.shape[1]
        values = block.transpose(1, 0, 2).reshape(n * done, -1)
        yield _table(
            replicate,
            {
                "date": _moments(np.tile(recorder.dates[:done], n)),
                **_organisations(recorder, kind, done),
                **_measured(recorder, kind, values),
            },
        )


def month_values(recorder: Recorder, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Months of a kind of organisation.

    Returns:
        first day recorded of each month, shape (months,); days recorded in it, shape (months,); values, shape
        (months, organisations, measures), float64, aggregated as each measure's ``over_time`` says. A
        day that is NaN has no value and does not count.
    """
    done = recorder.days_done
    months = recorder.dates[:done].astype("datetime64[M]")
    starts = np.flatnonzero(np.r_[True, months[1:] != months[:-1]]) if done else np.zeros(0, dtype=np.int64)
    lengths = np.diff(np.r_[starts, done])
    block = recorder.block(kind)[:done].astype(np.float64)
    known = ~np.isnan(block)
    values = np.add.reduceat(np.where(known, block, 0.0), starts, axis=0)
    counted = np.add.reduceat(known.astype(np.int64), starts, axis=0)
    for position, measure in enumerate(recorder.measures[kind]):
        if measure.over_time == "mean":
            some = counted[..., position]
            mean = values[..., position] / np.maximum(some, 1)
            values[..., position] = np.where(some > 0, mean, np.nan)
        elif measure.over_time == "last":
            values[..., position] = block[starts + lengths - 1, :, position]
    return recorder.dates[starts], lengths, values


def monthly(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each organisation and month, a table for each kind of organisation."""
    import pyarrow as pa

    for kind in _recorded_kinds(recorder):
        firsts, lengths, values = month_values(recorder, kind)
        n, months = values.shape[1], len(firsts)
        years = [financial_year(day) for day in firsts.astype(object)]
        yield _table(
            replicate,
            {
                "month": _moments(np.tile(firsts.astype("datetime64[M]"), n)),
                "financial_year": _texts(years, np.tile(np.arange(months), n)),
                "days": pa.array(np.tile(lengths, n), pa.int32()),
                **_organisations(recorder, kind, months),
                **_measured(recorder, kind, values.transpose(1, 0, 2).reshape(n * months, -1)),
            },
        )


def by_age_and_imd(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each financial year, age band and fifth of deprivation (1 the most deprived)."""
    import pyarrow as pa

    year, age, fifth = (axis.ravel() for axis in np.indices(recorder.person_days.shape))
    counts = recorder.by_group.reshape(len(year), -1)
    yield _table(
        replicate,
        {
            "financial_year": _texts(list(recorder.financial_years), year),
            "age_band": _texts(list(AGE_BANDS), age),
            "imd_fifth": pa.array(fifth % N_FIFTHS + 1, pa.int8()),
            "person_days": pa.array(recorder.person_days.ravel()),
            **{
                measure.name: pa.array(counts[:, position])
                for position, measure in enumerate(recorder.group_measures)
            },
        },
    )


def people_table(people: "pd.DataFrame", replicate: int) -> "pa.Table":
    """The people at the end, with the replicate first; categories stay categories."""
    import pyarrow as pa

    table = pa.Table.from_pandas(people, preserve_index=False)
    return table.add_column(0, "replicate", pa.array(np.full(len(people), replicate), pa.int32()))


def people(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """The people at the end, when the model gave them."""
    if recorder.people is not None:
        yield people_table(recorder.people, replicate)


def money(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each payment of a month."""
    import pyarrow as pa

    columns = recorder.money.columns
    yield _table(
        replicate,
        {
            "month": _months(columns["month"]),
            **{name: pa.array(columns[name], pa.string()) for name in ("payer", "payee", "account")},
            "amount_gbp": pa.array(columns["amount_gbp"], pa.float64()),
        },
    )


def relationships(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each directed tie and month."""
    import pyarrow as pa

    columns = recorder.relationships.columns
    yield _table(
        replicate,
        {
            "month": _months(columns["month"]),
            **{name: pa.array(columns[name], pa.string()) for name in ("source", "target")},
            **{
                name: pa.array(columns[name], pa.float64()) for name in ("trust", "contact", "kept", "broken")
            },
        },
    )


def decisions(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each organisation and month: its effort for joint work and what bore on it."""
    import pyarrow as pa

    columns = recorder.decisions.columns
    yield _table(
        replicate,
        {
            "month": _months(columns["month"]),
            **{name: pa.array(columns[name], pa.string()) for name in ("organisation", "kind")},
            **{name: pa.array(columns[name], pa.float64()) for name in DECISIONS},
        },
    )


def services(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each service in use and month, and one for each practice or team where it is run."""
    import pyarrow as pa

    columns = recorder.services.columns
    texts = SERVICES[:4]
    yield _table(
        replicate,
        {
            "month": _months(columns["month"]),
            **{name: pa.array(columns[name], pa.string()) for name in texts},
            **{name: pa.array(columns[name], pa.float64()) for name in SERVICES[len(texts) :]},
        },
    )


def events(recorder: Recorder, replicate: int) -> Iterator["pa.Table"]:
    """One row for each decisive event."""
    import pyarrow as pa

    columns = recorder.events.columns
    yield _table(
        replicate,
        {
            "date": _moments(np.array(columns["date"], dtype="datetime64[D]")),
            **{name: pa.array(columns[name], pa.string()) for name in ("organisation", "event", "cause")},
        },
    )


TABLES: Mapping[str, Callable[[Recorder, int], Iterator["pa.Table"]]] = {
    "daily": daily,
    "monthly": monthly,
    "by_age_and_imd": by_age_and_imd,
    "people": people,
    "money": money,
    "relationships": relationships,
    "decisions": decisions,
    "services": services,
    "events": events,
}
