"""What an NHS analyst looks up first: indicators of a financial year, and England's figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.population.columns import AGE_BANDS
from icsim.recording.measures import KIND_LABELS, Measure

if TYPE_CHECKING:
    import pandas as pd

OLDER_BANDS = ("65-74", "75-84", "85+")
WINTER_MONTHS = (12, 1, 2)
OUTSIDE = "outside"  # accounts that begin so hold the money of other places' patients
ELSEWHERE = "Hospitals elsewhere"  # made up, and mostly full of other places' patients
OWN_TRUSTS = "own_trusts"


def own_trusts(monthly: "pd.DataFrame") -> "pd.DataFrame":
    """The months of the place's own acute trusts, as a kind of their own (``OWN_TRUSTS``)."""
    own = monthly["kind"].eq("acute_trust") & monthly["organisation"].ne(ELSEWHERE)
    return monthly.loc[own].assign(kind=OWN_TRUSTS)


def place_months(monthly: "pd.DataFrame", kind: str, measures: Sequence[Measure]) -> "pd.DataFrame":
    """Months of all organisations of a kind together, a row for each replicate and month.

    Returns:
        columns replicate, financial_year, month, days and the kind's measures, combined over organisations as
        each measure's ``over_organisations`` says. A figure no organisation has is NaN.
    """
    keys = ["replicate", "financial_year", "month", "days"]
    rows = monthly.loc[monthly["kind"] == kind, [*keys, *(measure.name for measure in measures)]]
    groups: Any = rows.groupby(keys, sort=True, observed=True)
    added = [measure.name for measure in measures if measure.over_organisations == "sum"]
    averaged = [measure.name for measure in measures if measure.over_organisations == "mean"]
    return groups[added].sum(min_count=1).join(groups[averaged].mean()).reset_index()


def year_length(financial_year: str) -> int:
    """Days from 1 April to 31 March of a year written ``2015/16``."""
    first = int(financial_year[:4])
    return (date(first + 1, 4, 1) - date(first, 4, 1)) // timedelta(days=1)


@dataclass(frozen=True)
class Year:
    """One replicate's financial year, or the part of it that was run.

    Attributes:
        name: ``2015/16``.
        months: by kind of organisation, the rows of ``place_months`` of this year, or its columns as arrays.
        measures: by kind of organisation and name.
        person_days_65: days lived by people of 65 and over; NaN when not recorded.
        spending_gbp: payments by the kind of organisation paid, without money for other places' patients.
    """

    name: str
    months: Mapping[str, Any]
    measures: Mapping[tuple[str, str], Measure]
    person_days_65: float
    spending_gbp: Mapping[str, float]

    def _column(self, kind: str, name: str) -> np.ndarray | None:
        if (kind, name) not in self.measures or kind not in self.months:
            return None
        return np.asarray(self.months[kind][name], float)

    def total(self, kind: str, *names: str) -> float:
        """Sum of measures over the year; NaN when one is not recorded."""
        columns = [self._column(kind, name) for name in names]
        return float(sum(nan if column is None else column.sum() for column in columns))

    def mean(self, kind: str, name: str, months: Sequence[int] | None = None) -> float:
        """Mean over the days of the year, or of some calendar months of it."""
        column = self._column(kind, name)
        if column is None:
            return nan
        frame = self.months[kind]
        use = ~np.isnan(column)
        if months is not None:
            since_1970 = np.asarray(frame["month"]).astype("datetime64[M]").astype(int)
            use &= np.isin(since_1970 % 12 + 1, months)
        days = np.asarray(frame["days"], float)[use]
        return float(np.average(column[use], weights=days)) if days.sum() else nan

    def end(self, kind: str, name: str) -> float:
        """The last month's figure."""
        column = self._column(kind, name)
        return nan if column is None or not len(column) else float(column[-1])

    @property
    def days(self) -> int:
        """Days of the year that were run."""
        return int(np.asarray(self.months["system"]["days"]).sum())

    @property
    def person_years(self) -> float:
        """Years lived by residents, a whole financial year being one."""
        return self.mean("system", "population") * self.days / year_length(self.name)

    @property
    def people_65(self) -> float:
        """Mean number of residents of 65 and over."""
        return self.person_days_65 / self.days

    def rate(self, kind: str, *names: str) -> float:
        """Measures per 1,000 person-years."""
        return 1000 * ratio(self.total(kind, *names), self.person_years)


def ratio(part: float, whole: float) -> float:
    """``part / whole``, NaN when there is no whole."""
    return part / whole if whole else nan


@dataclass(frozen=True)
class England:
    """Where England's figure is in the evidence catalogue; the row nearest in time is taken.

    ``per`` says what a count of England is divided by, to be per 1,000: ``population`` or ``population_65``.
    """

    keys: tuple[str, ...]
    per: str = ""

    def row(self, parameters: Mapping[str, Any], financial_year: str) -> Any | None:
        """The catalogue row nearest to a year, None when there is none."""
        rows = [parameters[key] for key in self.keys if key in parameters]
        return min(rows, key=lambda row: abs(int(row.year[:4]) - int(financial_year[:4])), default=None)

    def figure(self, parameters: Mapping[str, Any], row: Any) -> float:
        """The row's value in the indicator's unit, read by the row's own unit (millions, per quarter)."""
        value = float(row.value)
        if row.unit.startswith("million"):
            value *= 1e6
        if "per quarter" in row.unit:
            value *= 4
        if not self.per:
            return value
        people = float(parameters["pop2017_england"].value)
        if self.per == "population_65":
            people *= float(parameters["pct65_england"].value) / 100
        return 1000 * value / people


# Ages at which the bands of the published death rates begin and end, in shares of England's population bands.
DEATHS_OF_BANDS = (
    ("mortality_under_1_year", {"0-4": 0.2}),
    ("mortality_01_14", {"0-4": 0.8, "5-14": 1.0}),
    ("mortality_15_44", {"15-24": 1.0, "25-34": 1.0, "35-44": 1.0}),
    ("mortality_45_64", {"45-54": 1.0, "55-64": 1.0}),
    ("mortality_65_74", {"65-74": 1.0}),
    ("mortality_75_84", {"75-84": 1.0}),
    ("mortality_85plus", {"85+": 1.0}),
)


class EnglandDeaths(England):
    """Deaths per 1,000 of England: the published rates by age, weighted by how many of each age there are."""

    def figure(self, parameters: Mapping[str, Any], row: Any) -> float:
        """Deaths per 1,000 people a year."""
        share = {band: float(parameters[f"england_share_{band}"].value) for band in AGE_BANDS}
        return sum(
            float(parameters[key].value) * sum(part * share[band] for band, part in bands.items())
            for key, bands in DEATHS_OF_BANDS
        ) / sum(share.values())


@dataclass(frozen=True)
class Indicator:
    """One line of the summary: ``value`` computes it from a ``Year``, NaN when the run cannot tell."""

    name: str
    topic: str
    label: str
    unit: str
    value: Callable[[Year], float]
    england: England | None = None
    decimals: int = 1

    @property
    def title(self) -> str:
        """Label and unit in one: ``A&E attendances per 1,000``, ``Bed occupancy, %``.

        The unit is left out where the label or the topic says it.
        """
        if not self.unit or self.unit in self.topic:
            return self.label
        return f"{self.label} {self.unit}" if self.unit.startswith("per ") else f"{self.label}, {self.unit}"


def _percent(part: float, whole: float) -> float:
    return 100 * ratio(part, whole)


def _occupancy(year: Year, months: Sequence[int] | None = None) -> float:
    """Of the beds of the place's own trusts."""
    return _percent(
        year.mean(OWN_TRUSTS, "beds_occupied", months), year.mean(OWN_TRUSTS, "beds_open", months)
    )


def _inpatients(year: Year) -> float:
    """Stays that ended in the year, of no night or more, day cases left out: what HES divides bed days by."""
    return year.total(TRUST, "discharges", "zero_day_admissions")


def _per_1000_aged_65(year: Year, kind: str, name: str) -> float:
    return 1000 * ratio(year.mean(kind, name), year.people_65)


TRUST = "acute_trust"
SPENDING = "Paid to, £ per head (2016/17)"
INDICATORS: tuple[Indicator, ...] = (
    Indicator("population", "People", "Residents", "", lambda y: y.mean("system", "population"), decimals=0),
    Indicator(
        "deaths",
        "People",
        "Deaths",
        "per 1,000",
        lambda y: y.rate("system", "deaths"),
        EnglandDeaths(("mortality_85plus",)),
    ),
    Indicator(
        "gp_consultations",
        "General practice",
        "Consultations",
        "per person",
        lambda y: y.rate("gp_practice", "appointments") / 1000,
        England(("gp_nurse_consult_rate",)),
        decimals=2,
    ),
    Indicator(
        "routine_wait",
        "General practice",
        "Wait for a routine one",
        "days",
        lambda y: y.mean("gp_practice", "routine_wait_days"),
    ),
    Indicator(
        "ae_attendances",
        "A&E and emergencies",
        "A&E attendances",
        "per 1,000",
        lambda y: y.rate(TRUST, "ae_attendances"),
        England(("ae_attendances_england", "ae_attendances_england_2016_17"), "population"),
    ),
    Indicator(
        "four_hours",
        "A&E and emergencies",
        "A&E within four hours",
        "%",
        lambda y: 100 - _percent(y.total(TRUST, "ae_breaches"), y.total(TRUST, "ae_attendances")),
        England(("ae_4h_england", "ae_4h_england_2016_17", "ae_4h_2015_16", "ae_4h_2014_15")),
    ),
    Indicator(
        "emergency_admissions",
        "A&E and emergencies",
        "Emergency admissions",
        "per 1,000",
        lambda y: y.rate(TRUST, "emergency_admissions"),
        England(("emergency_admissions_england_2017_18",), "population"),
    ),
    Indicator(
        "zero_day_share",
        "A&E and emergencies",
        "of which zero-day stays",
        "%",
        lambda y: _percent(y.total(TRUST, "zero_day_admissions"), y.total(TRUST, "emergency_admissions")),
        England(("emerg_zero_day_share",)),
    ),
    Indicator(
        "length_of_stay",
        "Hospital",
        "Mean length of stay",
        "days",
        lambda y: ratio(y.total(TRUST, "bed_days"), _inpatients(y)),
        England(("mean_los_all",)),
    ),
    Indicator(
        "readmissions_30d",
        "Hospital",
        "Readmitted within 30 days",
        "%",
        lambda y: _percent(
            y.total(TRUST, "readmissions_30d"), _inpatients(y) - y.total(TRUST, "deaths_in_hospital")
        ),
        England(("readmission_30d_rate",)),
    ),
    Indicator(
        "occupancy",
        "Hospital",
        "Bed occupancy",
        "%",
        _occupancy,
        England(("acute_overnight_occupancy",)),
    ),
    Indicator(
        "occupancy_winter",
        "Hospital",
        "in December to February",
        "%",
        lambda y: _occupancy(y, WINTER_MONTHS),
        England(("acute_overnight_occupancy_winter",)),
    ),
    Indicator(
        "delayed_transfers",
        "Hospital",
        "Delayed bed days",
        "per 1,000",
        lambda y: y.rate(TRUST, "delayed_transfers"),
        England(("dtoc_days_acute",), "population"),
    ),
    Indicator(
        "electives",
        "Planned care",
        "Planned admissions",
        "per 1,000",
        lambda y: y.rate(TRUST, "elective_admissions", "day_cases"),
        England(("elective_adm_per_quarter",), "population"),
    ),
    Indicator(
        "day_case_share",
        "Planned care",
        "of which day cases",
        "%",
        lambda y: _percent(y.total(TRUST, "day_cases"), y.total(TRUST, "elective_admissions", "day_cases")),
    ),
    Indicator(
        "first_outpatients",
        "Planned care",
        "First outpatients",
        "per 1,000",
        lambda y: y.rate(TRUST, "first_outpatients"),
        England(("op_first_attend_per_quarter",), "population"),
    ),
    Indicator(
        "eighteen_weeks",
        "Planned care",
        "Waiting under 18 weeks",
        "%",
        lambda y: 100 - _percent(y.end(TRUST, "waiting_over_18_weeks"), y.end(TRUST, "elective_waiting")),
        England(("rtt_18w_incomplete_mar2018", "rtt_18w_incomplete_mar2017", "rtt_18w_incomplete_2014_15")),
    ),
    Indicator(
        "care_home_residents",
        "Social care",
        "In care homes",
        "per 1,000 65+",
        lambda y: _per_1000_aged_65(y, "care_homes", "residents"),
        England(("carehome_residents_65plus",), "population_65"),
    ),
    Indicator(
        "home_care_users",
        "Social care",
        "Home-care users",
        "per 1,000 65+",
        lambda y: _per_1000_aged_65(y, "local_authority", "home_care_in_use"),
        England(("home_care_older_users",), "population_65"),
    ),
)


def _spending(kind: str) -> Indicator:
    def value(year: Year) -> float:
        return ratio(year.spending_gbp.get(kind, nan), year.person_years)

    label = KIND_LABELS.get(kind, kind)
    return Indicator(f"spending_{kind}", SPENDING, label, "£ per head", value, decimals=0)


def spending_indicators(kinds: Sequence[str]) -> list[Indicator]:
    """Spending per head on each kind of organisation that is paid."""
    return [_spending(kind) for kind in kinds if kind not in ("system", "commissioner")]
