"""Beds open and in use from year to year, as published of England's winters."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from icsim.evidence.places import trusts
from icsim.recording.recorder import financial_year

YEARS = ("2015/16", "2016/17", "2017/18")
"""Financial years whose winters' beds are published; before and after them, beds stand still."""


@dataclass(frozen=True)
class WinterBeds:
    """General and acute beds of a trust, or of England, in each of ``YEARS``.

    Attributes:
        open: beds open, winter daily means.
        used: of them in use on a day of the year as a whole.
    """

    open: tuple[float, ...]
    used: tuple[float, ...]

    def open_over_first(self, day: date) -> float:
        """Beds open in the financial year of ``day`` over those of the first published."""
        return self.open[_place(day)] / self.open[0]

    def used_over_first(self, day: date) -> float:
        """Beds in use in the financial year of ``day`` over those of the first published."""
        return self.used[_place(day)] / self.used[0]

    def more_used(self, day: date) -> float:
        """Beds in use in the financial year of ``day`` beyond those of the first published."""
        return self.used[_place(day)] - self.used[0]


def _place(day: date) -> int:
    year = min(max(financial_year(day), YEARS[0]), YEARS[-1])
    return YEARS.index(year)


def of_trust(code: str, catalogue: Any) -> WinterBeds | None:
    """What is published of the trust with this ODS code; None where nothing is."""
    found = _published(code)
    return None if found is None else _of(*found, catalogue)


@cache
def _published(code: str) -> tuple[list[float], list[float]] | None:
    """Beds and occupancy of a trust in each of ``YEARS``."""
    table = trusts()
    table = table.loc[table["code"] == code].set_index("year")
    if not code or not len(table):
        return None
    return table["beds"].loc[list(YEARS)].tolist(), table["occupancy"].loc[list(YEARS)].tolist()


def of_england(catalogue: Any) -> WinterBeds:
    """England's beds, by which those of trusts change of which nothing is published."""
    keys = [year.replace("/", "_") for year in YEARS]
    beds = [catalogue.value(f"ga_beds_england_{key}") for key in keys]
    full = [catalogue.value(f"ga_occupancy_england_{key}") / 100 for key in keys]
    return _of(beds, full, catalogue)


def _of(beds: list[float], winter: list[float], catalogue: Any) -> WinterBeds:
    if not catalogue.value("trust_beds_by_year"):
        beds, winter = beds[:1] * len(YEARS), winter[:1] * len(YEARS)
    year = [full - catalogue.value("winter_occupancy_excess") for full in winter]
    return WinterBeds(tuple(beds), tuple(b * full for b, full in zip(beds, year, strict=True)))
