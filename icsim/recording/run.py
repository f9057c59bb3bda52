"""A finished run: what ``icsim.run()`` and ``icsim.open_run()`` return."""

from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim.recording.measures import Measure
from icsim.recording.store import ResultError, read_manifest

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from icsim.recording.summary import Summary


class Run:
    """The results folder of a run; its tables are read when first asked for, and kept.

    Every table has a column ``replicate``. Attributes that are tables raise ``ResultError`` when the run did
    not record them.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        self.manifest: dict[str, Any] = read_manifest(self.path)

    def __repr__(self) -> str:
        first, last = self.period
        return f"<Run {self.name}, {first} to {last}, replicates: {self.replicates}, in {self.path}>"

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        if name not in self.manifest["tables"]:
            recorded = ", ".join(self.manifest["tables"])
            raise ResultError(f"{self.path} has no table {name!r}: the run recorded {recorded}")
        return pd.read_parquet(self.path / f"{name}.parquet")

    @property
    def name(self) -> str:
        """What the run is of: the place."""
        return self.manifest.get("name") or self.path.name

    @property
    def replicates(self) -> int:
        """How many replicates the folder holds."""
        return len(self.manifest["replicates"])

    @property
    def period(self) -> tuple[date, date]:
        """First and last day recorded."""
        first = date.fromisoformat(self.manifest["start"])
        return first, first + timedelta(days=self.manifest["days"] - 1)

    @property
    def organisations(self) -> "pd.DataFrame":
        """Columns name, kind, code."""
        import pandas as pd

        return pd.DataFrame(self.manifest["organisations"], columns=["name", "kind", "code"])

    @property
    def measures(self) -> dict[str, list[Measure]]:
        """What was recorded for each kind of organisation."""
        return {kind: [Measure(**row) for row in rows] for kind, rows in self.manifest["measures"].items()}

    @cached_property
    def daily(self) -> "pd.DataFrame":
        """A row for each organisation and day: date, kind, organisation, code, measures (or null)."""
        return self._table("daily")

    @cached_property
    def monthly(self) -> "pd.DataFrame":
        """A row for each organisation and month: month, financial_year, days run, then as ``daily``."""
        return self._table("monthly")

    @cached_property
    def by_age_and_imd(self) -> "pd.DataFrame":
        """Counts and person_days by financial_year, age_band and imd_fifth (1 the most deprived)."""
        return self._table("by_age_and_imd")

    @cached_property
    def people(self) -> "pd.DataFrame":
        """Everyone who was ever in the place, as they are on the last day."""
        return self._table("people")

    @cached_property
    def money(self) -> "pd.DataFrame":
        """Payments: month, payer, payee, account, amount_gbp."""
        return self._table("money")

    @cached_property
    def relationships(self) -> "pd.DataFrame":
        """Directed ties: month, source, target, trust and contact, both in [0, 1]."""
        return self._table("relationships")

    @cached_property
    def decisions(self) -> "pd.DataFrame":
        """Each organisation's effort for joint work by month, and what bore on it."""
        return self._table("decisions")

    @cached_property
    def events(self) -> "pd.DataFrame":
        """Decisive events: date, organisation, event, cause."""
        return self._table("events")

    def summary(self) -> "Summary":
        """Indicators of each financial year, England's figure beside them; prints well anywhere."""
        from icsim.recording.summary import summarise

        return summarise(self)

    def plot(self, measure: str | None = None) -> "go.Figure":
        """Monthly charts as a Plotly figure: the system at a glance, or one measure by kind of organisation.

        Raises:
            ResultError: the run records no such measure.
        """
        from icsim.recording.plot import plot_measure, plot_overview

        return plot_overview(self) if measure is None else plot_measure(self, measure)


def open_run(path: str | Path) -> Run:
    """Open a results folder.

    Raises:
        ResultError: the folder does not exist, is not a run, is incomplete or damaged.
    """
    return Run(path)
