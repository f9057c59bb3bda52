"""The arrays a run fills day by day, and the tables they become.

The kernel writes plain NumPy arrays: ``recorder.block(kind)[day]`` is today's row, shaped (organisations of
the kind, measures of the kind). Nothing here knows what a patient is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.compiling import compiled
from icsim.keeping import lay
from icsim.population.columns import AGE_BANDS
from icsim.recording.measures import (
    GROUP_MEASURES,
    KIND_LABELS,
    MEASURES,
    Measure,
    Measures,
    measures_of,
)

if TYPE_CHECKING:
    import pandas as pd

SYSTEM = "system"
DECISIONS = ("effort", "incentive", "pressure", "autonomy_loss", "trust_given", "trust_received", "maturity")
SERVICES = (
    "service", "site", "state", "cause", "coverage", "fidelity", "posts_filled", "posts_wanted",
    "people_reached", "taken_on", "need_found", "minds_seen", "spent_gbp",
)  # fmt: skip
"""Columns of the table of services after ``month``; the first four are text."""
N_FIFTHS = 5


@compiled
def add_counts(day: int, blocks: tuple[np.ndarray, ...], counts: tuple[np.ndarray, ...]) -> None:
    """Add what was counted to the rows of a day, and begin to count anew.

    Args:
        blocks: of each kind (days, organisations, measures), float32.
        counts: of each kind, its rows of organisations first and others after them, float64.
    """
    for k in range(len(blocks)):
        row, counted = blocks[k][day], counts[k]
        for i in range(row.shape[0]):
            for j in range(row.shape[1]):
                row[i, j] = row[i, j] + counted[i, j]
        counted[:] = 0.0


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One organisation of a run: unique name, kind (a key of ``MEASURES``), ODS or ONS code ("" if none)."""

    name: str
    kind: str
    code: str = ""


def financial_year(day: date) -> str:
    """The NHS financial year of a day, from 1 April: ``2015/16``."""
    first = day.year if day.month >= 4 else day.year - 1
    return f"{first}/{(first + 1) % 100:02d}"


class Ledger:
    """Named columns that grow row by row and become a table at the end."""

    def __init__(self, *names: str) -> None:
        self.columns: dict[str, list] = {name: [] for name in names}

    def add(self, *row: object) -> None:
        """Append one row, a value for each column."""
        for column, value in zip(self.columns.values(), row, strict=True):
            column.append(value)

    def extend(self, *columns: Iterable) -> None:
        """Append many rows, a sequence for each column."""
        for column, values in zip(self.columns.values(), columns, strict=True):
            column.extend(values)

    def state(self) -> dict[str, Any]:
        """The columns for a checkpoint: dates and numbers as arrays, texts as numbers of a list of texts."""
        return {name: _kept_column(values) for name, values in self.columns.items()}

    def put_back(self, state: Mapping[str, Any]) -> None:
        """The rows of a checkpoint in place of all."""
        if set(state) != set(self.columns):
            raise ValueError(
                f"a ledger with other columns: {', '.join(sorted(set(state) ^ set(self.columns)))}"
            )
        for name, kept in state.items():
            if isinstance(kept, Mapping):
                texts = kept["texts"]
                self.columns[name][:] = [texts[at] for at in kept["at"].tolist()]
            else:
                self.columns[name][:] = kept.tolist()


def _kept_column(values: list) -> Any:
    if values and isinstance(values[0], str):
        texts = {text: at for at, text in enumerate(dict.fromkeys(values))}
        return {"texts": list(texts), "at": np.array([texts[value] for value in values], np.int32)}
    dates = bool(values) and isinstance(values[0], date)
    return np.array(values, "datetime64[D]" if dates else np.float64)


class Recorder:
    """Everything one replicate records.

    Args:
        start: first day of the run.
        days: days of the run.
        organisations: every organisation; a ``system`` row for the whole place is added when none is given.
        measures: what is counted for each kind; the shipped table unless a modeller brings their own.
        group_measures: what is counted by age and deprivation.

    Attributes:
        dates: days of the run, shape (days,), datetime64[D].
        financial_years: names of the financial years the run touches, in order.
        year_of_day: index into ``financial_years`` of each day, shape (days,), int64.
        by_group: counts, shape (financial years, 10 age bands, 5 fifths, group measures), float64; fifth 0
            is the most deprived.
        person_days: days lived in the place, shape (financial years, 10, 5), float64.
        people: the people at the end, set by the model; None records no table of people.
        money: payments of each month (``pay``).
        relationships: trust, contact and promises remembered of each month (``relate``).
        decisions: what each organisation chose each month, and why (``icsim.system.strategy``).
        services: each service of the catalogue in use, month by month (``icsim.system.services``).
        events: decisive days: a leader leaves, a contract is signed or given up.
        days_done: days recorded so far; tables stop there. The whole run unless the model says otherwise.

    Raises:
        ValueError: no days, an unknown kind, or two organisations of one name.
    """

    def __init__(
        self,
        start: date,
        days: int,
        organisations: Sequence[OrganisationRow],
        measures: Measures = MEASURES,
        group_measures: Sequence[Measure] = GROUP_MEASURES,
    ) -> None:
        if days < 1:
            raise ValueError(f"a run has at least one day; got {days}")
        if not any(row.kind == SYSTEM for row in organisations):
            organisations = [OrganisationRow(KIND_LABELS[SYSTEM], SYSTEM), *organisations]
        names = [row.name for row in organisations]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"organisations need different names; more than one is called {twice[0]!r}")
        self.start = start
        self.days = self.days_done = days
        self.organisations = tuple(organisations)
        self.measures = measures
        self.group_measures = tuple(group_measures)
        self.dates = np.datetime64(start, "D") + np.arange(days)
        years = [financial_year(start + timedelta(days=day)) for day in range(days)]
        self.financial_years = tuple(dict.fromkeys(years))
        self.year_of_day = np.array([self.financial_years.index(year) for year in years], dtype=np.int64)
        self._rows = {kind: [row for row in organisations if row.kind == kind] for kind in measures}
        for row in organisations:
            measures_of(row.kind, measures)
        self._blocks = {
            kind: np.zeros((days, len(self._rows[kind]), len(table)), dtype=np.float32)
            for kind, table in measures.items()
        }
        shape = (len(self.financial_years), len(AGE_BANDS), N_FIFTHS)
        self.by_group = np.zeros((*shape, len(self.group_measures)))
        self.person_days = np.zeros(shape)
        self.people: pd.DataFrame | None = None
        self.money = Ledger("month", "payer", "payee", "account", "amount_gbp")
        self.relationships = Ledger("month", "source", "target", "trust", "contact", "kept", "broken")
        self.decisions = Ledger("month", "organisation", "kind", *DECISIONS)
        self.services = Ledger("month", *SERVICES)
        self.events = Ledger("date", "organisation", "event", "cause")

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: the days and months so far. Counts by group are handed over at the end."""
        return {
            "blocks": self._blocks,
            "money": self.money.state(),
            "relationships": self.relationships.state(),
            "decisions": self.decisions.state(),
            "services": self.services.state(),
            "events": self.events.state(),
        }

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Write what was kept into a recorder of the same organisations, of a run of any length.

        What was last seen stands until it is seen again, so days beyond the kept ones get the last one's row.
        """
        if set(state["blocks"]) != set(self._blocks):
            raise ValueError("a recorder of other kinds of organisations")
        for kind, block in self._blocks.items():
            kept = state["blocks"][kind]
            lay(block, kept, kind)
            if len(block) > len(kept):
                block[len(kept) :] = kept[-1]
        self.money.put_back(state["money"])
        self.relationships.put_back(state["relationships"])
        self.decisions.put_back(state["decisions"])
        self.services.put_back(state["services"])
        self.events.put_back(state["events"])

    def block(self, kind: str) -> np.ndarray:
        """The array of a kind: (days, its organisations, its measures), float32, zeros at first.

        Organisations keep the order in which the constructor was given them; ``measures.columns(kind)`` names
        the last axis. Writing into it is recording.
        """
        measures_of(kind, self.measures)
        return self._blocks[kind]

    def rows(self, kind: str) -> list[OrganisationRow]:
        """The organisations of a kind, in the order of the second axis of its block."""
        measures_of(kind, self.measures)
        return self._rows[kind]

    def column(self, kind: str, name: str) -> int:
        """Position of a measure in the last axis of ``block(kind)``; raises ``KeyError`` if not recorded."""
        for position, measure in enumerate(measures_of(kind, self.measures)):
            if measure.name == name:
                return position
        raise KeyError(f"{kind} does not record {name!r}")

    def pay(self, month: date, payer: str, payee: str, account: str, amount_gbp: float) -> None:
        """Enter one payment of a month (its first day) into the ledger; names are organisations' names."""
        self.money.add(month, payer, payee, account, float(amount_gbp))

    def relate(
        self,
        month: date,
        sources: Sequence[str],
        targets: Sequence[str],
        trust: Sequence[float],
        contact: Sequence[float],
        kept: Sequence[float],
        broken: Sequence[float],
    ) -> None:
        """Enter a month's relationships: sequences of one length, trust and contact in [0, 1]."""
        values = (trust, contact, kept, broken)
        if any(len(each) != len(sources) for each in (targets, *values)):
            raise ValueError("sources, targets, trust and the others need one value for each relationship")
        self.relationships.extend(
            [month] * len(sources), sources, targets, *(map(float, each) for each in values)
        )
