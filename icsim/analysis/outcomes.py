"""What is compared: figures of one run by financial year and over all of it, for the place and its parts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim import evidence
from icsim.analysis.inequality import gradient
from icsim.evidence.catalogue import AGE_BANDS
from icsim.recording.indicators import OUTSIDE, OWN_TRUSTS, Year, ratio
from icsim.recording.measures import GROUP_MEASURES
from icsim.recording.recorder import financial_year
from icsim.recording.run import Run
from icsim.recording.summary import years_of
from icsim.system.delivery import AT_WORK

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"
"""The financial year that stands for the whole run."""
TRUST, GP, SYSTEM, COUNCIL, TEAM = (
    "acute_trust", "gp_practice", "system", "local_authority", "community_team",
)  # fmt: skip
SUPPLIERS = "Staff and suppliers"
COLUMNS = ("financial_year", "dimension", "group", "outcome", "value")


@dataclass(frozen=True)
class Outcome:
    """A figure of the whole place in a year or over the run.

    Attributes:
        name: as in the tables.
        topic, label, unit: in words.
        value: computes it from a ``Year``; NaN where the run cannot tell.
        better: -1 where less is better, 1 where more is, 0 where neither.
        decimals: of a figure of a whole place.
    """

    name: str
    topic: str
    label: str
    unit: str
    value: Callable[[Year], float]
    better: int = -1
    decimals: int = 0


def _total(
    name: str, topic: str, label: str, unit: str, kind: str, *measures: str, better: int = -1
) -> Outcome:
    return Outcome(name, topic, label, unit, lambda year: year.total(kind, *(measures or (name,))), better)


def _occupancy(year: Year) -> float:
    beds = year.mean(OWN_TRUSTS, "beds_open")
    return 100 * ratio(year.mean(OWN_TRUSTS, "beds_occupied"), beds)


def _four_hours(year: Year) -> float:
    return 100 - 100 * ratio(year.total(TRUST, "ae_breaches"), year.total(TRUST, "ae_attendances"))


URGENT, WARDS, PLANNED = "Urgent care", "Hospital wards", "Planned care"
PRACTICE, HOME, PEOPLE = "General practice", "Care outside hospital", "People"
MONEY, FAIR, TOGETHER = "Money", "Inequality", "Working together"
OUTCOMES: tuple[Outcome, ...] = (
    _total("emergency_admissions", URGENT, "Emergency admissions", "admissions", TRUST),
    _total("ae_attendances", URGENT, "A&E attendances", "attendances", TRUST),
    Outcome("four_hours", URGENT, "A&E within four hours", "%", _four_hours, 1, 1),
    Outcome("boarding", URGENT, "Waiting in A&E for a bed", "people",
            lambda y: y.mean(TRUST, "boarding"), -1, 2),
    _total("readmissions_30d", URGENT, "Readmissions within 30 days", "admissions", TRUST),
    _total("bed_days", WARDS, "Bed days of residents", "bed days", TRUST),
    _total("delayed_transfers", WARDS, "Delayed days", "bed days", TRUST),
    Outcome("occupancy", WARDS, "Bed occupancy", "%", _occupancy, -1, 1),
    _total("planned_admissions", PLANNED, "Planned admissions", "admissions", TRUST, "elective_admissions",
           "day_cases", better=0),
    _total("first_outpatients", PLANNED, "First outpatients", "attendances", TRUST, better=0),
    Outcome("elective_waiting", PLANNED, "Waiting list at the end", "people",
            lambda y: y.end(TRUST, "elective_waiting")),
    Outcome("waiting_over_18_weeks", PLANNED, "Waiting over 18 weeks", "people",
            lambda y: y.end(TRUST, "waiting_over_18_weeks")),
    _total("consultations", PRACTICE, "Consultations", "consultations", GP, "appointments", better=0),
    _total("requests_refused", PRACTICE, "Requests turned away", "requests", GP),
    Outcome("routine_wait_days", PRACTICE, "Wait for a routine one", "days",
            lambda y: y.mean(GP, "routine_wait_days"), -1, 1),
    _total("rapid_responses", HOME, "Rapid responses", "contacts", TEAM, better=0),
    _total("home_care_starts", HOME, "Home care started", "packages", COUNCIL, better=0),
    Outcome("care_home_residents", HOME, "Care-home residents", "people",
            lambda y: y.mean("care_homes", "residents"), 0, 1),
    _total("deaths", PEOPLE, "Deaths", "people", SYSTEM),
    Outcome("years_lived", PEOPLE, "Years lived in the place", "years",
            lambda y: y.mean(SYSTEM, "population") * y.days / 365.25, 1, 1),
    Outcome("unmet_need", PEOPLE, "Unmet need", "z per 1,000",
            lambda y: 1000 * ratio(y.mean(SYSTEM, "unmet_need"), y.mean(SYSTEM, "population")), -1, 2),
)  # fmt: skip
"""Of the whole place, from the months."""
EXTRA: tuple[Outcome, ...] = (
    Outcome("care_cost_gbp", MONEY, "Cost of residents' care", "£", lambda y: nan),
    Outcome("qalys", PEOPLE, "Years lived, by the quality of their age", "QALYs", lambda y: nan, 1, 1),
    Outcome("slope_index", FAIR, "Slope index, admissions", "per 1,000", lambda y: nan, -1, 1),
    Outcome("relative_index", FAIR, "Relative index, admissions", "ratio", lambda y: nan, -1, 3),
    Outcome("surplus_gbp", MONEY, "Surplus", "£", lambda y: nan, 1),
    Outcome("joint_effort", TOGETHER, "Effort for joint work", "0 to 1", lambda y: nan, 1, 3),
    Outcome("joint_trust", TOGETHER, "Trust between organisations", "0 to 1", lambda y: nan, 1, 3),
    Outcome("joint_maturity", TOGETHER, "Maturity of joint services", "0 to 1", lambda y: nan, 1, 3),
    Outcome("services_at_work", TOGETHER, "Services at work", "services", lambda y: nan, 1, 1),
    Outcome("service_posts", TOGETHER, "Posts filled in services", "posts", lambda y: nan, 1, 1),
    Outcome("service_coverage", TOGETHER, "Reach of services", "share", lambda y: nan, 1, 3),
    Outcome("service_fidelity", TOGETHER, "Fidelity of services", "0 to 1", lambda y: nan, 1, 3),
    Outcome("gp_contacts", PRACTICE, "Consultations", "consultations", lambda y: nan, 0),
)
"""What other tables tell."""
KNOWN = {outcome.name: outcome for outcome in (*OUTCOMES, *EXTRA)}


def values_of(run: Run, organisations: bool = True) -> "pd.DataFrame":
    """All figures of a run of one replicate: columns ``COLUMNS``, a row for each.

    ``dimension`` is ``place`` (``group`` empty), ``age_band``, ``imd_fifth`` (1 most deprived), ``service``,
    ``organisation`` or ``party`` (an organisation as one who is paid and pays, or a kind of them all).
    ``organisations`` says whether those of single organisations are wanted, which are the dearest to make.
    """
    import pandas as pd

    rows = [*_place(run), *_groups(run), *_money(run), *_together(run), *_services(run)]
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return pd.concat([found, _organisations(run)], ignore_index=True) if organisations else found


def _place(run: Run) -> Iterator[tuple[Any, ...]]:
    import pandas as pd

    found = [same[0] for same in years_of(run).values()]
    months = {kind: pd.concat([year.months[kind] for year in found]) for kind in found[0].months}
    whole = Year(ALL, months, found[0].measures, nan, {})
    for year in (*found, whole):
        for outcome in OUTCOMES:
            value = outcome.value(year)
            if value == value:  # not NaN: the run can tell
                yield year.name, "place", "", outcome.name, value


def _groups(run: Run) -> Iterator[tuple[Any, ...]]:
    names = [measure.name for measure in GROUP_MEASURES]
    table: Any = _with_all(run.by_age_and_imd)
    for dimension in ("age_band", "imd_fifth"):
        sums = table.groupby(["financial_year", dimension], sort=False)[names].sum()
        for (year, group), counts in sums.iterrows():
            for name in names:
                yield year, dimension, str(group), _own_name(name), float(counts[name])
    norms = dict(zip(AGE_BANDS, evidence.load().by_age("eq5d_norm"), strict=True))
    for year, same in table.groupby("financial_year", sort=False):
        lived = same["person_days"] / 365.25 * same["age_band"].astype(str).map(norms)
        yield year, "place", "", "qalys", float(lived.sum())
        slope, relative = gradient(same, "emergency_admissions")
        yield year, "place", "", "slope_index", slope
        yield year, "place", "", "relative_index", relative
        yield year, "place", "", "acsc_admissions", float(same["acsc_admissions"].sum())


def _own_name(measure: str) -> str:
    return {"gp_appointments": "consultations"}.get(measure, measure)


def _money(run: Run) -> Iterator[tuple[Any, ...]]:
    money: Any = run.money
    money = money.assign(financial_year=_years(money))
    money = _with_all(money)
    bought = money[(money["payee"] == SUPPLIERS) & ~money["account"].str.startswith(OUTSIDE)]
    for year, cost in bought.groupby("financial_year")["amount_gbp"].sum().items():
        yield year, "place", "", "care_cost_gbp", float(cost)
    got, paid = (
        money.rename(columns={side: "party"}).groupby(["financial_year", "party"])["amount_gbp"].sum()
        for side in ("payee", "payer")
    )
    surplus = got.sub(paid, fill_value=0.0)
    kinds = dict(zip(run.organisations["name"], run.organisations["kind"], strict=True))
    by_kind: dict[tuple[Any, str], float] = {}
    for (year, party), value in surplus.items():
        yield year, "party", party, "surplus_gbp", float(value)
        if party in kinds:
            by_kind[year, kinds[party]] = by_kind.get((year, kinds[party]), 0.0) + float(value)
    for (year, kind), value in by_kind.items():
        yield year, "kind", kind, "surplus_gbp", value


def _together(run: Run) -> Iterator[tuple[Any, ...]]:
    """Effort, trust and maturity in the last month of a year: of a kind, and the mean of the kinds."""
    table: Any = run.decisions
    table = table[table["effort"] > 0]  # who takes no part makes none at all
    table = table.assign(financial_year=_years(table))
    names = {"effort": "joint_effort", "trust_given": "joint_trust", "maturity": "joint_maturity"}
    for year, same in _with_all(table).groupby("financial_year", sort=False):
        last = same[same["month"] == same["month"].max()]
        kinds = last.groupby("kind")[list(names)].mean()
        for column, outcome in names.items():
            yield year, "place", "", outcome, float(kinds[column].mean())
            for kind, value in kinds[column].items():
                yield year, "kind", kind, outcome, float(value)


def _services(run: Run) -> Iterator[tuple[Any, ...]]:
    """How far services had come in the last month of a year: each, and all of them.

    Reach is the mean of all services there were, which reach nobody unless at work; fidelity that of those at
    work.
    """
    table: Any = run.services
    whole = table[table["site"] == ""]
    months: Any = _with_all(run.decisions.assign(financial_year=_years(run.decisions)))
    for year, month in months.groupby("financial_year", sort=False)["month"].max().items():
        last = whole[whole["month"] == month]
        working = last[last["state"].isin([str(phase) for phase in AT_WORK])]
        reach = working["coverage"].sum() / max(whole["service"].nunique(), 1)
        yield year, "place", "", "services_at_work", float(len(working))
        yield year, "place", "", "service_posts", float(last["posts_filled"].sum())
        yield year, "place", "", "service_coverage", float(reach)
        if len(working):
            yield year, "place", "", "service_fidelity", float(working["fidelity"].mean())
        for row in last.itertuples():
            yield year, "service", row.service, "service_coverage", float(row.coverage)
            yield year, "service", row.service, "service_fidelity", float(row.fidelity)


def _years(table: Any) -> Any:
    return table["month"].dt.date.map(financial_year)


def _organisations(run: Run) -> Any:
    """Every measure of every organisation, a year's figure as the measure's ``over_time`` says."""
    import pandas as pd

    frames = []
    months: Any = _with_all(run.monthly)
    for kind, measures in run.measures.items():
        own = months[months["kind"] == kind]
        if kind == SYSTEM or own.empty or not measures:
            continue
        keys = ["financial_year", "organisation"]
        for how in ("sum", "mean", "last"):
            names = [measure.name for measure in measures if measure.over_time == how]
            if not names:
                continue
            if how == "mean":
                days = own["days"].to_numpy(float)[:, None]
                known = own[names].notna() * days
                sums = (own[names].fillna(0.0) * days).groupby([own[key] for key in keys], sort=False).sum()
                lived = known.groupby([own[key] for key in keys], sort=False).sum()
                figures = sums / lived.where(lived > 0, np.nan)
            else:
                figures = getattr(own.groupby(keys, sort=False)[names], how)()
            long = figures.reset_index().melt(keys, var_name="outcome")
            frames.append(long.rename(columns={"organisation": "group"}).assign(dimension="organisation"))
    every: Any = pd.concat(frames, ignore_index=True)
    return every[list(COLUMNS)].dropna(subset="value")


def _with_all(table: Any) -> Any:
    """The table, and all of it again as the year ``ALL``."""
    import pandas as pd

    return pd.concat([table, table.assign(financial_year=ALL)], ignore_index=True)
