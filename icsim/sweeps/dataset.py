"""The dataset of a sweep as tables: what was run, what came of it."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from icsim.analysis.outcomes import ALL, KNOWN
from icsim.experiment.errors import near
from icsim.recording.store import ResultError
from icsim.sweeps import design as designs
from icsim.sweeps.design import Design
from icsim.sweeps.store import DESIGN, MANIFEST, RESULTS, SHARDS, Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Dataset:
    """A sweep's results, finished or not.

    Attributes:
        url: where it lies.
        design: every run, done or not.
    """

    url: str
    design: Design

    @cached_property
    def figures(self) -> "pd.DataFrame":
        """Every figure: columns ``icsim.sweeps.store.COLUMNS``, a row for each; failed runs have one row."""
        import pyarrow as pa

        store = Store(self.url)
        names = [one for one in [*store.names(RESULTS), *store.names(SHARDS)] if one.endswith(".parquet")]
        if not names:
            raise ResultError(f"{self.url} has no results yet: icsim sweep makes them")
        tables = [store.read_table(name) for name in names]
        return pa.concat_tables(tables).unify_dictionaries().to_pandas()

    @cached_property
    def runs(self) -> "pd.DataFrame":
        """A row for each run of the design, with ``done``, ``error`` and ``seconds``."""
        first = self.figures.drop_duplicates("run", keep="last").set_index("run")
        table = self.design.table.copy()
        table["error"] = table["run"].map(first["error"]).astype(object)
        table["seconds"] = table["run"].map(first["seconds"]).astype(float)
        table["done"] = table["run"].isin(first.index)
        return table

    def outcomes(self, financial_year: str = ALL) -> "pd.DataFrame":
        """A row for each run that succeeded: the design's columns and a column for each outcome of the place.

        Raises:
            ResultError: no run has this financial year.
        """
        figures: Any = self.figures
        years = sorted(figures["financial_year"].dropna().unique())
        if financial_year not in years:
            raise ResultError(
                f"no run has the financial year {financial_year!r}: expected {', '.join(years)}"
            )
        own = figures[(figures["dimension"] == "place") & (figures["financial_year"] == financial_year)]
        own = own.assign(run=own["run"].astype(str), outcome=own["outcome"].astype(str))
        wide = own.pivot_table(index="run", columns="outcome", values="value", aggfunc="last")
        order = [name for name in KNOWN if name in wide] + sorted(set(wide) - set(KNOWN))
        return self.design.table.merge(wide[order], left_on="run", right_index=True, how="inner")

    def outcome(self, name: str, financial_year: str = ALL) -> "pd.DataFrame":
        """Runs that succeeded with one outcome in the column ``value``.

        Raises:
            ResultError: there is no such outcome.
        """
        table = self.outcomes(financial_year)
        known = [str(column) for column in table if column not in self.design.table]
        if name not in known:
            nearest = near(name, known)
            hint = (
                f"did you mean {' or '.join(nearest)}?" if nearest else f"expected one of {', '.join(known)}"
            )
            raise ResultError(f"no outcome of this sweep is called {name!r}: {hint}")
        return table.drop(columns=[one for one in known if one != name]).rename(columns={name: "value"})


def open_dataset(url: str | os.PathLike[str]) -> Dataset:
    """Open what ``icsim sweep`` has made; raises ``ResultError`` where that is not there or damaged."""
    store = Store(url)
    manifest = store.read_json(MANIFEST)
    return Dataset(store.url, designs.opened(manifest, store.read_table(DESIGN).to_pandas()))
