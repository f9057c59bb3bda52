"""A finished run: what ``icsim.run()`` and ``icsim.open_run()`` return."""

from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim.recording.measures import Measure
from icsim.recording.store import ResultError, read_manifest

if TYPE_CHECKING:
    import networkx as nx
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
        """Directed ties by month: source, target, trust and contact in [0, 1], promises kept and broken."""
        return self._table("relationships")

    def network(self, month: str | date | None = None, replicate: int = 0) -> "nx.DiGraph":
        """The ties of a month as a NetworkX graph: nodes with kind, edges with trust, contact, kept, broken.

        Args:
            month: any day of it, as a date or ``2016-03``; left out, the last.
            replicate: of a run with several.

        Raises:
            ResultError: the run has no such month or replicate.
        """
        import networkx as nx
        import pandas as pd

        ties = self.relationships
        ties = ties[ties["replicate"] == replicate]
        try:
            asked = ties["month"].max() if month is None else pd.Timestamp(month).replace(day=1)
        except ValueError:
            raise ResultError(f"{month!r} is no month; expected one such as 2016-03") from None
        here: Any = ties[ties["month"] == asked]
        if here.empty:
            first, last = self.period
            raise ResultError(
                f"{self.path} has no ties for month {month} of replicate {replicate}; it runs from {first} "
                f"to {last} with {self.replicates} replicates"
            )
        graph = nx.from_pandas_edgelist(
            here, "source", "target", ["trust", "contact", "kept", "broken"], create_using=nx.DiGraph
        )
        kinds = self.organisations.set_index("name")["kind"].to_dict()
        nx.set_node_attributes(graph, {name: kinds.get(name, name) for name in graph}, "kind")
        return graph

    @cached_property
    def decisions(self) -> "pd.DataFrame":
        """Each organisation's effort for joint work by month, and what bore on it."""
        return self._table("decisions")

    @cached_property
    def services(self) -> "pd.DataFrame":
        """Services of the catalogue in use by month and site: state, coverage, fidelity, posts, people, GBP.

        A row without a site is the whole service.
        """
        return self._table("services")

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
