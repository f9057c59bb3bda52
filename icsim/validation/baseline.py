"""A run without a programme against published figures, row by row.

Where a figure is published by age and deprivation it is applied to the place's own people (indirect
standardisation), so that a place is compared with what England's rates would be there. Reads results only.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim import evidence
from icsim.population.columns import AGE_BANDS
from icsim.population.risk import deprivation_gradient, spread
from icsim.recording.run import Run

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group

TOTAL, GRADIENT, PLACE = 0.05, 0.10, 0.15
"""How far from the published figure a row may be: national totals, gradients, a place's own level."""
OVER_65 = slice(7, 10)
ENOUGH = 200
"""Expected admissions of a cell below which luck alone moves it by a tenth."""


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        topic, label, unit: what is compared.
        found, published: the run's figure and the published one (for this place's people where it is by age).
        tolerance: relative difference allowed; NaN where only the figures are shown.
        source: class of the published figure: measured, reported or assumed.
    """

    topic: str
    label: str
    unit: str
    found: float
    published: float
    tolerance: float
    source: str

    @property
    def ratio(self) -> float:
        """Found over published."""
        return self.found / self.published if self.published else math.nan

    @property
    def verdict(self) -> str:
        """``within``, ``outside``, or "" where nothing is asked."""
        if math.isnan(self.tolerance) or math.isnan(self.ratio):
            return ""
        return "within" if abs(self.ratio - 1) <= self.tolerance else "outside"


@dataclass(frozen=True)
class Baseline:
    """All rows of one run and financial year; prints in a terminal."""

    place: str
    financial_year: str
    rows: tuple[Row, ...]

    def to_frame(self) -> "pd.DataFrame":
        """One row a comparison."""
        import pandas as pd

        names = ("topic", "label", "unit", "found", "published", "ratio", "tolerance", "verdict", "source")
        return pd.DataFrame([{name: getattr(row, name) for name in names} for row in self.rows])

    def __rich__(self) -> "Group":
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(
            title=f"{self.place}, {self.financial_year}, no programme", title_justify="left", box=None
        )
        table.add_column("")
        for head in ("found", "published", "ratio"):
            table.add_column(head, justify="right")
        table.add_column("asked")
        table.add_column("verdict")
        topic = ""
        for row in self.rows:
            if row.topic != topic:
                topic = row.topic
                table.add_row(Text(topic, style="bold"))
            asked = "" if math.isnan(row.tolerance) else f"±{row.tolerance:.0%}"
            style = "red" if row.verdict == "outside" else ""
            mark = "*" if row.source == "assumed" else ""
            cells = (f"{row.found:,.3g}", f"{row.published:,.3g}{mark}", f"{row.ratio:.2f}", asked)
            table.add_row(f"  {row.label}, {row.unit}", *cells, Text(row.verdict, style=style))
        asked = [row for row in self.rows if row.verdict]
        good = sum(row.verdict == "within" for row in asked)
        return Group(
            table,
            Text(f"{good} of {len(asked)} rows within what is asked. * recalled, not read in a source."),
        )


class _Year:
    """Figures of one financial year of a run, averaged over replicates."""

    def __init__(self, run: Run, financial_year: str) -> None:
        groups: Any = run.by_age_and_imd
        self.groups: Any = groups[groups["financial_year"] == financial_year]
        months: Any = run.monthly
        self.months: Any = months[months["financial_year"] == financial_year]
        self.replicates = run.replicates
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
        return self.cells(name).sum(axis=1) / self.person_years.sum(axis=1)

    def total(self, kind: str, name: str) -> float:
        """A year's count over all organisations of a kind."""
        return float(self.months.loc[self.months["kind"] == kind, name].sum()) / self.replicates

    def per_1000(self, kind: str, name: str) -> float:
        """The same per 1,000 person-years."""
        return self.total(kind, name) / float(self.person_years.sum()) * 1000


def compare(run: Run) -> Baseline:
    """The baseline table of a run's second financial year (its only one if it has one)."""
    years = list(dict.fromkeys(run.monthly["financial_year"]))
    chosen = years[min(1, len(years) - 1)]
    year = _Year(run, chosen)
    catalogue = evidence.load()
    rows = [*_by_age(year, catalogue), *_levels(year, catalogue)]
    if len(years) > 1:
        rows += _trends(run, years, catalogue)
        rows += _regression(run, years, catalogue)
    return Baseline(run.name, chosen, tuple(rows))


def _by_age(year: _Year, catalogue: Any) -> Iterator[Row]:
    nothing = np.ones(5)
    ae = spread(catalogue.value("ae_imd_ratio_fifths"))
    measures = (
        ("GP and nurse consultations", "gp_appointments", "gp_consult_rate", 1.0, nothing, "a person a year"),
        ("A&E attendances", "ae_attendances", "ae_rate", 1000.0, ae, "per 1,000"),
        ("Emergency admissions", "emergency_admissions", "emerg_rate", 1000.0, None, "per 1,000"),
    )
    for topic, measure, key, per, gradient, unit in measures:
        rates = catalogue.by_age(key)[:, None] / per
        rates = rates * (deprivation_gradient(catalogue) if gradient is None else gradient)
        counted, expected = year.cells(measure), rates * year.person_years
        people = year.person_years
        all_found = counted.sum() / people.sum() * per
        all_published = expected.sum() / people.sum() * per
        # the sum of rates by age is no surer than they are
        recalled = catalogue[f"{key}_{AGE_BANDS[0]}"].kind
        yield Row(topic, "all ages", unit, all_found, all_published, TOTAL, recalled)
        for b, band in enumerate(AGE_BANDS):
            found = counted[b].sum() / people[b].sum() * per
            published = expected[b].sum() / people[b].sum() * per
            yield Row(topic, band, unit, found, published, GRADIENT, catalogue[f"{key}_{band}"].kind)
        if topic != "GP and nurse consultations":
            fifths = counted.sum(axis=0) / expected.sum(axis=0)
            for q in range(5):
                name = {0: "most deprived fifth", 4: "least deprived fifth"}.get(q, f"fifth {q + 1}")
                source = "measured" if gradient is None else catalogue["ae_imd_ratio_fifths"].kind
                yield Row(topic, name, "found over expected", fifths[q], 1.0, GRADIENT, source)
    counted = year.cells("emergency_admissions")
    expected = catalogue.by_age("emerg_rate")[:, None] / 1000 * deprivation_gradient(catalogue)
    expected = expected * year.person_years
    enough = expected > ENOUGH
    near = np.abs(counted / np.maximum(expected, 1e-9) - 1)[enough] <= GRADIENT
    label = f"cells of age by fifth within {GRADIENT:.0%}"
    share = float(near.mean() * 100) if len(near) else math.nan
    yield Row("Emergency admissions", label, "%", share, 100.0, math.nan, "measured")


def _levels(year: _Year, catalogue: Any) -> Iterator[Row]:
    v = catalogue.value
    trust = "acute_trust"
    admissions = year.total(trust, "emergency_admissions")
    acsc = year.cells("acsc_admissions").sum() / max(year.cells("emergency_admissions").sum(), 1.0) * 100
    zero = year.total(trust, "zero_day_admissions") / max(admissions, 1.0) * 100
    attendances = year.total(trust, "ae_attendances")
    in_time = 100 - year.total(trust, "ae_breaches") / max(attendances, 1.0) * 100
    waiting = year.months[(year.months["kind"] == trust)].groupby("month").sum(numeric_only=True).iloc[-1]
    readmitted = year.total(trust, "readmissions_30d") / max(admissions, 1.0) * 100
    older = year.person_years[OVER_65].sum()
    in_homes = year.months.loc[year.months["kind"] == "care_homes", "residents"].mean() / older * 1000
    delays = v("dtoc_days_acute") * 1e6 / v("pop2017_england") * 1000
    listed = year.per_1000(trust, "elective_admissions") + year.per_1000(trust, "day_cases")
    referrals = v("gp_referrals_per_quarter") * 4e6 / v("pop2017_england") * 1000
    first = v("first_outpatients_per_1000")
    under = float(100 - waiting["waiting_over_18_weeks"] / max(waiting["elective_waiting"], 1.0) * 100)
    deaths = year.by_age("deaths") * 1000
    homes = v("carehome_residents_65plus") / (v("pop2017_england") * v("pct65_england") / 100) * 1000
    of_admissions = "% of emergency admissions"
    hospital, planned, dying, care = "Hospital", "Planned care", "Deaths", "Social care"
    firsts, again = year.per_1000(trust, "first_outpatients"), year.per_1000(trust, "follow_up_outpatients")
    referred = year.per_1000("gp_practice", "referrals")
    delayed = year.per_1000(trust, "delayed_transfers")
    for topic, label, unit, found, published, tolerance, source in (
        (hospital, "zero-day share", of_admissions, zero, v("emerg_zero_day_share"), GRADIENT, "measured"),
        (hospital, "ACSC share", of_admissions, acsc, v("acsc_share_emergency"), GRADIENT, "measured"),
        (hospital, "within four hours", "%", in_time, v("ae_4h_england"), TOTAL, "measured"),
        (hospital, "again in 30 days", "%", readmitted, v("readmission_30d_rate"), math.nan, "assumed"),
        (hospital, "delayed transfers", "days per 1,000", delayed, delays, PLACE, "measured"),
        (planned, "first outpatients", "per 1,000", firsts, first, PLACE, "measured"),
        (planned, "follow-ups", "per 1,000", again, first * v("first_follow_ups"), PLACE, "measured"),
        (
            planned,
            "admitted from the list",
            "per 1,000",
            listed,
            v("elective_list_per_1000"),
            PLACE,
            "measured",
        ),
        (planned, "GP referrals", "per 1,000", referred, referrals, PLACE, "measured"),
        (planned, "under 18 weeks", "%", under, v("rtt_18w_incomplete_mar2018"), TOTAL, "assumed"),
        (dying, "65-74", "per 1,000", deaths[7], v("mortality_65_74"), PLACE, "measured"),
        (dying, "75-84", "per 1,000", deaths[8], v("mortality_75_84"), PLACE, "measured"),
        (dying, "85+", "per 1,000", deaths[9], v("mortality_85plus"), PLACE, "measured"),
        (care, "in care homes", "per 1,000 aged 65+", float(in_homes), homes, PLACE, "measured"),
    ):
        yield Row(topic, label, unit, found, published, tolerance, source)


def _trends(run: Run, years: list[str], catalogue: Any) -> Iterator[Row]:
    whole = [
        year
        for year in years
        if run.monthly.loc[run.monthly["financial_year"] == year, "month"].nunique() == 12
    ]
    if len(whole) < 2:
        return
    first, last = _Year(run, whole[0]), _Year(run, whole[-1])
    for label, measure, key in (
        ("emergency admissions", "emergency_admissions", "emergency_admission_growth"),
        ("A&E attendances", "ae_attendances", "ae_att_growth_2017_18_england"),
    ):
        growth = last.total("acute_trust", measure) / max(first.total("acute_trust", measure), 1.0)
        a_year = (growth ** (1 / (len(whole) - 1)) - 1) * 100
        yield Row("Trend", label, "% a year", a_year, catalogue.value(key), math.nan, "measured")


def _regression(run: Run, years: list[str], catalogue: Any) -> Iterator[Row]:
    """People of 65+ with two or more emergency admissions in a year: their share then and a year later."""
    people: Any = run.people
    then, later = (f"emergency_admissions_{year.replace('/', '_')}" for year in years[:2])
    older = people[people["age"] >= 66]
    often = older[older[then] >= 2]
    topic = "Regression to the mean (Roland 2005)"
    for label, column, published in (
        ("share in the year", then, catalogue.value("roland_share_index_year")),
        ("share the next year", later, catalogue.value("roland_share_next_year")),
    ):
        share = float(often[column].sum()) / max(float(older[column].sum()), 1.0) * 100
        yield Row(topic, f"65+ with two or more, {label}", "%", share, published, math.nan, "measured")
