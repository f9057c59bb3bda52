"""The figures of one financial year of a run that a comparison needs, averaged over replicates."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from icsim.population.columns import AGE_BANDS
from icsim.recording.indicators import WINTER_MONTHS, own_trusts
from icsim.recording.run import Run

OVER_65 = slice(7, 10)
SUMMER_MONTHS = (6, 7, 8)
TRUST = "acute_trust"


class Year:
    """Counts of one financial year: by age band and fifth, by kind of organisation, by month."""

    def __init__(self, run: Run, financial_year: str) -> None:
        groups: Any = run.by_age_and_imd
        self.groups: Any = groups[groups["financial_year"] == financial_year]
        months: Any = run.monthly
        self.months: Any = months[months["financial_year"] == financial_year]
        self.own: Any = own_trusts(self.months)
        self.money = _payments(run, financial_year)
        self.name = financial_year
        self.replicates = run.replicates
        self.sample = float(run.manifest["experiment"]["population"]["sample"])
        self.person_years = self.cells("person_days") / 365.25

    def cells(self, name: str) -> np.ndarray:
        """A count by age band and fifth, (10, 5), most deprived first."""
        table = self.groups.pivot_table(name, "age_band", "imd_fifth", "sum", observed=False)
        return (
            table.reindex(index=list(AGE_BANDS), columns=[1, 2, 3, 4, 5]).fillna(0).to_numpy()
            / self.replicates
        )

    def by_age(self, name: str) -> np.ndarray:
        """A count a person-year by age band, (10,)."""
        return self.cells(name).sum(axis=1) / np.maximum(self.person_years.sum(axis=1), 1e-9)

    def older(self, name: str) -> float:
        """A count of people of 65 and over."""
        return float(self.cells(name)[OVER_65].sum())

    def standardised_ratio(self, *names: str) -> float:
        """Rate of the most over that of the least deprived fifth, as if both had the place's ages."""
        rates = sum(self.cells(name) for name in names) / np.maximum(self.person_years, 1e-9)
        ages = self.person_years.sum(axis=1)
        return float((rates[:, 0] * ages).sum() / max((rates[:, 4] * ages).sum(), 1e-9))

    def total(self, kind: str, *names: str, months: Sequence[int] | None = None) -> float:
        """A year's count, or that of some calendar months, over all organisations of a kind."""
        rows = self.months[self.months["kind"] == kind]
        if months is not None:
            rows = rows[rows["month"].dt.month.isin(months)]
        return float(rows[list(names)].sum().sum()) / self.replicates

    def per_1000(self, kind: str, *names: str) -> float:
        """The same per 1,000 person-years."""
        return self.total(kind, *names) / float(self.person_years.sum()) * 1000

    def days(self, months: Sequence[int] | None = None) -> int:
        """Days of the year, or of some calendar months of it, that were run."""
        rows = self.months.drop_duplicates("month")
        if months is not None:
            rows = rows[rows["month"].dt.month.isin(months)]
        return int(rows["days"].sum())

    def mean(self, kind: str, name: str) -> float:
        """Mean over the months of a level, added up over organisations."""
        rows = self.months[self.months["kind"] == kind]
        return float(rows.groupby("month")[name].sum().mean()) / self.replicates

    def last(self, kind: str, name: str) -> float:
        """The last month's figure, added up over organisations."""
        rows = self.months[self.months["kind"] == kind]
        return float(rows.loc[rows["month"] == rows["month"].max(), name].sum()) / self.replicates

    def in_four_hours(self, months: Sequence[int] | None = None) -> float:
        """Per cent of residents' A&E attendances within four hours."""
        late = self.total(TRUST, "ae_breaches", months=months)
        return 100 - 100 * late / max(self.total(TRUST, "ae_attendances", months=months), 1.0)

    def occupancy(self, months: Sequence[int] | None = None) -> float:
        """Per cent of the open beds of the place's own trusts that are occupied, by anybody."""
        rows = self.own if months is None else self.own[self.own["month"].dt.month.isin(months)]
        return 100 * float(rows["beds_occupied"].sum() / max(rows["beds_open"].sum(), 1e-9))

    def beds(self, months: Sequence[int] | None = WINTER_MONTHS) -> float:
        """Beds open in the place's own trusts, on average over months."""
        rows = self.own if months is None else self.own[self.own["month"].dt.month.isin(months)]
        return float(rows.groupby("month")["beds_open"].sum().mean()) / self.replicates


def _payments(run: Run, financial_year: str) -> Any:
    """Payments of a year with the kind of organisation that pays and is paid, "" for outside parties."""
    kinds: Any = run.organisations.set_index("name")["kind"]
    money: Any = run.money
    first = int(financial_year[:4])
    inside = (money["month"] >= f"{first}-04-01") & (money["month"] < f"{first + 1}-04-01")
    money = money[inside]
    return money.assign(
        payer_kind=money["payer"].map(kinds).fillna(""), payee_kind=money["payee"].map(kinds).fillna("")
    )
