"""What is compared: figures of one run by financial year and over all of it, for the place and its parts."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim import evidence
from icsim.analysis.inequality import gradient_of
from icsim.evidence.catalogue import AGE_BANDS
from icsim.recording.arrays import Arrays, KindMonths, of_run, sums_by, years_of_months
from icsim.recording.indicators import ELSEWHERE, OUTSIDE, OWN_TRUSTS, Year, ratio
from icsim.recording.measures import GROUP_MEASURES, Measure
from icsim.recording.run import Run
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
INTENSIVE = ("%", "days", "z per 1,000", "per 1,000", "ratio", "share", "0 to 1", "services")
"""Units of figures that are as large in a small place as in a large one."""


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

    @property
    def extensive(self) -> bool:
        """Whether it is a count or a sum, which grows with the number of people."""
        return self.unit not in INTENSIVE


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

    return pd.DataFrame(figures_of(of_run(run), organisations), columns=list(COLUMNS))


def figures_of(at: Arrays, organisations: bool = True) -> list[tuple[Any, ...]]:
    """The rows of :func:`values_of`, of a run as arrays."""
    rows = [*_place(at), *_groups(at), *_money(at), *_together(at), *_services(at)]
    return [*rows, *_organisations(at)] if organisations else rows


def _place(at: Arrays) -> Iterator[tuple[Any, ...]]:
    named = {(kind, measure.name): measure for kind, table in at.measures.items() for measure in table}
    months = {kind: _of_place(own, at.measures[kind]) for kind, own in at.months.items() if at.measures[kind]}
    if TRUST in months:
        own = at.months[TRUST]
        keep = [place for place, name in enumerate(own.organisations) if name != ELSEWHERE]
        if keep:
            trusts = replace(own, values=own.values[:, keep])
            months[OWN_TRUSTS] = _of_place(trusts, at.measures[TRUST])
        named |= {(OWN_TRUSTS, measure.name): measure for measure in at.measures[TRUST]}
    of = np.array(years_of_months(at.months[SYSTEM].first.astype("datetime64[D]").astype(object)))
    for name in (*dict.fromkeys(of.tolist()), ALL):
        use = slice(None) if name == ALL else of == name
        here = {kind: {key: each[use] for key, each in table.items()} for kind, table in months.items()}
        year = Year(name, here, named, nan, {})
        for outcome in OUTCOMES:
            value = outcome.value(year)
            if value == value:  # not NaN: the run can tell
                yield year.name, "place", "", outcome.name, value


def _of_place(own: KindMonths, measures: Sequence[Measure]) -> dict[str, np.ndarray]:
    """Months of all organisations of a kind together, as ``place_months`` has them."""
    count, several, width = own.values.shape
    rows = own.values.transpose(1, 0, 2).reshape(several * count, width)
    sums, known = sums_by(np.tile(np.arange(count), several), rows, count)
    sums[known == 0] = np.nan
    means = sums / np.where(known > 0, known, np.nan)
    found = {
        measure.name: (means if measure.over_organisations == "mean" else sums)[:, place]
        for place, measure in enumerate(measures)
    }
    return {"month": own.first, "days": own.days, **found}


def _groups(at: Arrays) -> Iterator[tuple[Any, ...]]:
    names = [measure.name for measure in GROUP_MEASURES]
    counts = at.by_group[..., [at.group_measures.index(name) for name in names]]
    parts = [(name, slice(n, n + 1)) for n, name in enumerate(at.financial_years)] + [(ALL, slice(None))]
    _, ages, fifths = at.person_days.shape
    cell = np.indices((ages, fifths))
    for dimension, axis, labels in (
        ("age_band", 0, AGE_BANDS),
        ("imd_fifth", 1, [str(1 + fifth) for fifth in range(fifths)]),
    ):
        for year, part in parts:
            rows = counts[part].reshape(-1, len(names))
            of = np.tile(cell[axis].ravel(), len(rows) // (ages * fifths))
            sums, _ = sums_by(of, rows, len(labels))
            for group, own in zip(labels, sums.tolist(), strict=True):
                for name, value in zip(names, own, strict=True):
                    yield year, dimension, group, _own_name(name), value
    norms = evidence.load().by_age("eq5d_norm")
    by_name = np.argsort(AGE_BANDS)  # the order in which ages are added up, as ``gradient`` does
    each = np.arange(ages * fifths)
    emergencies, acsc = names.index("emergency_admissions"), names.index("acsc_admissions")
    for year, part in parts:
        lived = at.person_days[part] / 365.25 * norms[:, None]
        yield year, "place", "", "qalys", float(lived.ravel().sum())
        table = np.stack([at.person_days[part], counts[part][..., emergencies]], axis=-1).reshape(-1, 2)
        sums, _ = sums_by(np.tile(each, len(table) // len(each)), table, len(each))
        days, events = np.moveaxis(sums.reshape(ages, fifths, 2)[by_name], -1, 0)
        slope, relative = gradient_of(days, events)
        yield year, "place", "", "slope_index", slope
        yield year, "place", "", "relative_index", relative
        yield year, "place", "", "acsc_admissions", float(counts[part][..., acsc].ravel().sum())


def _own_name(measure: str) -> str:
    return {"gp_appointments": "consultations"}.get(measure, measure)


def _sums(years: Sequence[str], groups: Sequence[Any], amounts: np.ndarray) -> dict[tuple[str, Any], float]:
    """Sums of amounts by financial year, and by ``ALL`` of them, and group, sorted by both."""
    keys = sorted({*zip(years, groups, strict=True), *((ALL, group) for group in groups)})
    place = {key: number for number, key in enumerate(keys)}
    of = [place[key] for key in zip(years, groups, strict=True)] + [place[ALL, group] for group in groups]
    sums, _ = sums_by(np.array(of, np.int64), np.tile(amounts, 2)[:, None], len(keys))
    return dict(zip(keys, sums[:, 0].tolist(), strict=True))


def _money(at: Arrays) -> Iterator[tuple[Any, ...]]:
    money = at.money
    years, amounts = years_of_months(money["month"]), np.array(money["amount_gbp"], np.float64)
    bought = [
        payee == SUPPLIERS and not account.startswith(OUTSIDE)
        for payee, account in zip(money["payee"], money["account"], strict=True)
    ]
    costs = amounts[bought]
    names, starts = np.unique(np.array(years)[bought], return_index=True)  # the ledger is in order of months
    if len(costs):
        each = [*np.add.reduceat(costs, starts), *np.add.reduceat(costs, [0])]
        for year, cost in zip((*names.tolist(), ALL), each, strict=True):
            yield year, "place", "", "care_cost_gbp", float(cost)
    got, paid = (_sums(years, money[side], amounts) for side in ("payee", "payer"))
    by_kind: dict[tuple[Any, str], float] = {}
    for year, party in sorted({*got, *paid}):
        value = got.get((year, party), 0.0) - paid.get((year, party), 0.0)
        yield year, "party", party, "surplus_gbp", value
        if party in at.kinds:
            key = year, at.kinds[party]
            by_kind[key] = by_kind.get(key, 0.0) + value
    for (year, kind), value in by_kind.items():
        yield year, "kind", kind, "surplus_gbp", value


def _last_months(years: Sequence[str], months: Sequence[Any]) -> dict[str, Any]:
    """The last month of each financial year, and of ``ALL``, in their order."""
    last: dict[str, Any] = {}
    for year, month in zip(years, months, strict=True):
        last[year] = max(last.get(year, month), month)
    return {**last, ALL: max(last.values())} if last else {}


def _together(at: Arrays) -> Iterator[tuple[Any, ...]]:
    """Effort, trust and maturity in the last month of a year: of a kind, and the mean of the kinds."""
    table = at.decisions
    takes_part = [row for row, effort in enumerate(table["effort"]) if effort > 0]  # others make none at all
    months = [table["month"][row] for row in takes_part]
    names = {"effort": "joint_effort", "trust_given": "joint_trust", "maturity": "joint_maturity"}
    for year, month in _last_months(years_of_months(months), months).items():
        last = [row for row in takes_part if table["month"][row] == month]
        kinds = sorted({table["kind"][row] for row in last})
        of = np.array([kinds.index(table["kind"][row]) for row in last], np.int64)
        values = np.array([[table[name][row] for name in names] for row in last], np.float64)
        sums, known = sums_by(of, values, len(kinds))
        means = sums / known
        for column, outcome in enumerate(names.values()):
            yield year, "place", "", outcome, float(means[:, column].sum() / len(kinds))
            for kind, value in zip(kinds, means[:, column].tolist(), strict=True):
                yield year, "kind", kind, outcome, value


def _services(at: Arrays) -> Iterator[tuple[Any, ...]]:
    """How far services had come in the last month of a year: each, and all of them.

    Reach is the mean of all services there were, which reach nobody unless at work; fidelity that of those at
    work.
    """
    table, phases = at.services, {str(phase) for phase in AT_WORK}
    whole = [row for row, site in enumerate(table["site"]) if site == ""]
    several = max(len({table["service"][row] for row in whole}), 1)
    months = at.decisions["month"]

    def total(column: str, rows: Sequence[int]) -> float:
        return float(np.array([table[column][row] for row in rows], np.float64).sum())

    for year, month in _last_months(years_of_months(months), months).items():
        last = [row for row in whole if table["month"][row] == month]
        working = [row for row in last if table["state"][row] in phases]
        yield year, "place", "", "services_at_work", float(len(working))
        yield year, "place", "", "service_posts", total("posts_filled", last)
        yield year, "place", "", "service_coverage", total("coverage", working) / several
        if working:
            yield year, "place", "", "service_fidelity", total("fidelity", working) / len(working)
        for row in last:
            yield year, "service", table["service"][row], "service_coverage", float(table["coverage"][row])
            yield year, "service", table["service"][row], "service_fidelity", float(table["fidelity"][row])


def _organisations(at: Arrays) -> Iterator[tuple[Any, ...]]:
    """Every measure of every organisation, a year's figure as the measure's ``over_time`` says."""
    for kind, own in at.months.items():
        measures = at.measures[kind]
        if kind == SYSTEM or not measures:
            continue
        of_month = years_of_months(own.first.astype("datetime64[D]").astype(object))
        years = list(dict.fromkeys(of_month))
        apart = _over_time(own, measures, np.array([years.index(year) for year in of_month]), len(years))
        whole = _over_time(own, measures, np.zeros(len(of_month), np.int64), 1)
        for how in ("sum", "mean", "last"):
            places = [place for place, measure in enumerate(measures) if measure.over_time == how]
            for place, (labels, figures) in product(places, ((years, apart), ([ALL], whole))):
                rows = zip(product(own.organisations, labels), figures[..., place].T.ravel(), strict=True)
                for (name, year), value in rows:
                    if value == value:
                        yield year, "organisation", name, measures[place].name, float(value)


def _over_time(own: KindMonths, measures: Sequence[Measure], of: np.ndarray, n: int) -> np.ndarray:
    """Figures of ``n`` years from those of months, ``of`` the year of each: (n, organisations, measures)."""
    shape = n, *own.values.shape[1:]

    def added(values: np.ndarray) -> np.ndarray:
        return sums_by(of, values.reshape(len(of), -1), n)[0].reshape(shape)

    known = ~np.isnan(own.values)
    days = own.days.astype(np.float64)[:, None, None]
    lived = added(known * days)
    last = np.full(shape, np.nan)
    for month, year in enumerate(of):
        last[year] = np.where(known[month], own.values[month], last[year])
    by_name = {
        "sum": added(own.values),
        "mean": added(np.where(known, own.values, 0.0) * days) / np.where(lived > 0, lived, np.nan),
        "last": last,
    }
    return np.stack([by_name[one.over_time][..., place] for place, one in enumerate(measures)], axis=-1)
