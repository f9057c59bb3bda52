"""The figures of a run that sections share: indicators by financial year and replicate, rates by "
"age and fifth."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from icsim.evidence.catalogue import load
from icsim.population.columns import AGE_BANDS
from icsim.recording.indicators import Year, year_length
from icsim.recording.run import Run
from icsim.recording.summary import Line, Summary, years_of
from icsim.reporting.drawing import number

FIFTHS = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Spread:
    """A figure over replicates: mean, lowest and highest."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Any) -> "Spread":
        """The spread of figures, NaN left out."""
        known = np.asarray(values, float)
        known = known[~np.isnan(known)]
        if not len(known):
            return cls(np.nan, np.nan, np.nan)
        return cls(float(known.mean()), float(known.min()), float(known.max()))

    def text(self, decimals: int | None = None) -> str:
        """``12.3``, or ``12.3 (11.9 to 12.8)`` where replicates differ as shown; by default about "
        "three digits."""
        mean, low, high = (
            number(value) if decimals is None else f"{value:,.{decimals}f}"
            for value in (self.mean, self.low, self.high)
        )
        return mean if low == high else f"{mean} ({low} to {high})"

    def __str__(self) -> str:
        return self.text()


class Figures:
    """What a report says of a run, read once.

    Attributes:
        run: the run.
        parameters: the catalogue's rows by key, for figures to compare with.
        years: replicates of each financial year.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        # Iterating, unlike looking up, does not count as resting on a value.
        self.parameters: dict[str, Any] = {row.key: row for row in load()}
        self.years: dict[str, list[Year]] = years_of(run)

    @cached_property
    def summary(self) -> Summary:
        """The run's summary."""
        return self.run.summary()

    @cached_property
    def whole_years(self) -> list[str]:
        """Financial years that were run from the first day to the last."""
        return [name for name, same in self.years.items() if same[0].days == year_length(name)]

    @property
    def year(self) -> str:
        """The year a report speaks of: the last whole one, or else the last."""
        return (self.whole_years or list(self.years))[-1]

    @property
    def in_year(self) -> str:
        """``in 2017/18``, with its days where it was not run whole."""
        days = self.years[self.year][0].days
        return f"in {self.year}" + ("" if self.year in self.whole_years else f" ({days} days)")

    def has(self, table: str) -> bool:
        """Whether the run recorded a table."""
        return table in self.run.manifest["tables"]

    def value(self, indicator: str, year: str | None = None) -> Spread:
        """An indicator of the summary over replicates, by default in the year the report speaks of."""
        return Spread.of(self.values(indicator, year))

    def values(self, indicator: str, year: str | None = None) -> list[float]:
        """The same for each replicate; empty where the run cannot tell."""
        line = self.line(indicator)
        return [line.indicator.value(each) for each in self.years[year or self.year]] if line else []

    def line(self, indicator: str) -> Line | None:
        """The summary's line of an indicator: its title, decimals and England's figure."""
        return next((each for each in self.summary.lines if each.indicator.name == indicator), None)

    def standard(self, key: str) -> float:
        """A figure of the catalogue to compare with."""
        return float(self.parameters[key].value)

    def by_group(self, measure: str) -> np.ndarray:
        """A count of the report's year, shape (replicates, age bands, fifths), most deprived first."""
        table: Any = self.run.by_age_and_imd
        table = table[table["financial_year"] == self.year]
        found = np.zeros((self.run.replicates, len(AGE_BANDS), len(FIFTHS)))
        band = table["age_band"].map({name: k for k, name in enumerate(AGE_BANDS)}).to_numpy(int)
        at = (table["replicate"].to_numpy(int), band, table["imd_fifth"].to_numpy(int) - 1)
        np.add.at(found, at, table[measure].to_numpy(float))
        return found

    @cached_property
    def person_years(self) -> np.ndarray:
        """Years lived, shape (replicates, age bands, fifths), a whole financial year being one."""
        return self.by_group("person_days") / year_length(self.year)
