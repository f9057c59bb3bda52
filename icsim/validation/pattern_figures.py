"""Figures that patterns are judged by, each from the worlds of one seed.

Every function takes finished runs by the name of their world and returns one number.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from icsim.recording.run import Run
from icsim.validation.often_admitted import OFTEN, admissions, share
from icsim.validation.year import Year

Worlds = Mapping[str, Run]
QUARTER = 3  # months


def _only(worlds: Worlds) -> Run:
    (run,) = worlds.values()
    return run


def _years(run: Run) -> list[str]:
    """Financial years that the run holds whole."""
    days = run.monthly.drop_duplicates("month").groupby("financial_year")["days"].sum()
    return [str(year) for year, lasted in days.items() if lasted >= 365]


def _growth(run: Run, name: str) -> float:
    """Percent a year, from the first whole year to the last."""
    years = _years(run)
    first, last = (Year(run, year).per_1000("acute_trust", name) for year in (years[0], years[-1]))
    return ((last / first) ** (1 / (len(years) - 1)) - 1) * 100


def growth_of_admissions(worlds: Worlds) -> float:
    """Emergency admissions per 1,000."""
    return _growth(_only(worlds), "emergency_admissions")


def growth_of_attendances(worlds: Worlds) -> float:
    """A&E attendances per 1,000."""
    return _growth(_only(worlds), "ae_attendances")


def change_in_18_weeks(worlds: Worlds) -> float:
    """Part of the waiting list under 18 weeks: at the end of the last year less that of the first."""
    run = _only(worlds)
    years = [Year(run, year) for year in _years(run)]

    def under(year: Year) -> float:
        over = year.last("acute_trust", "waiting_over_18_weeks")
        return 1 - over / max(year.last("acute_trust", "elective_waiting"), 1.0)

    return (under(years[-1]) - under(years[0])) * 100


def _decisions(run: Run, name: str, kind: str | None = None) -> Any:
    """Mean of a column of decisions by month, over organisations (of a kind) that have residents to serve."""
    table: Any = run.decisions
    if kind is not None:
        table = table[table["kind"] == kind]
    table = table[table["effort"] > 0]
    return table.groupby("month")[name].mean()


def effort_of_hospital(worlds: Worlds) -> float:
    """Of the last year: the first world's less the second's."""
    paid, indifferent = (_decisions(run, "effort", "acute_trust")[-12:].mean() for run in worlds.values())
    return float(paid - indifferent)


def _maturity(run: Run, months: int | None = None) -> float:
    by_month = _decisions(run, "maturity", "gp_practice")
    return float(by_month.iloc[(months or len(by_month)) - 1])


def maturity(worlds: Worlds) -> float:
    """Of joint services at the end, mean over practices."""
    return _maturity(_only(worlds))


def maturity_at_three_years(worlds: Worlds) -> float:
    """The second world's less the first's."""
    one, other = worlds.values()
    return _maturity(other, 36) - _maturity(one, 36)


def maturity_at_the_end(worlds: Worlds) -> float:
    """The second world's less the first's."""
    one, other = worlds.values()
    return _maturity(other) - _maturity(one)


def _efforts(worlds: Worlds) -> list[float]:
    """Mean effort of everybody over the last year, by world."""
    return [float(_decisions(run, "effort")[-12:].mean()) for run in worlds.values()]


def effort_gained_by_slack(worlds: Worlds) -> float:
    """From no slack to some."""
    none, some, _ = _efforts(worlds)
    return some - none


def first_slack_less_second(worlds: Worlds) -> float:
    """Gain from none to some, less the gain from some to more."""
    none, some, more = _efforts(worlds)
    return (some - none) - (more - some)


def months_lost(worlds: Worlds) -> float:
    """How many months earlier the first world had the maturity that the second ends with."""
    stays, leaves = (_decisions(run, "maturity", "gp_practice").to_numpy() for run in worlds.values())
    months = np.arange(len(stays), dtype=float)
    return float(months[-1] - np.interp(leaves[-1], np.maximum.accumulate(stays), months))


def _admissions(worlds: Worlds) -> tuple[np.ndarray, np.ndarray]:
    run = _only(worlds)
    return admissions(run, _years(run))


def share_of_the_often_admitted(worlds: Worlds) -> float:
    """Of the year's admissions at 65 and over, those of people with two or more, %."""
    then, _ = _admissions(worlds)
    return share(then, then >= OFTEN)


def share_a_year_later(worlds: Worlds) -> float:
    """Of the next year's admissions, those of the same people, %."""
    then, later = _admissions(worlds)
    return share(later, then >= OFTEN)


def fall_of_the_often_admitted(worlds: Worlds) -> float:
    """From one share to the other, points."""
    return share_of_the_often_admitted(worlds) - share_a_year_later(worlds)


def fall_of_a_random_cohort(worlds: Worlds) -> float:
    """The same of as many people picked from the table at even steps, whatever they did."""
    then, later = _admissions(worlds)
    often = int((then >= OFTEN).sum())
    rows = np.linspace(0, len(then) - 1, often).astype(int)
    return share(then, rows) - share(later, rows)


def _change(worlds: Worlds, name: str) -> float:
    """Per 1,000 in the last whole year, the second world's over the first's, %."""
    one, other = (Year(run, _years(run)[-1]).per_1000("acute_trust", name) for run in worlds.values())
    return (other / one - 1) * 100


def change_of_attendances(worlds: Worlds) -> float:
    """A&E attendances."""
    return _change(worlds, "ae_attendances")


def change_of_admissions(worlds: Worlds) -> float:
    """Emergency admissions."""
    return _change(worlds, "emergency_admissions")


def change_of_bed_days(worlds: Worlds) -> float:
    """Bed days of residents."""
    return _change(worlds, "bed_days")


def pilot_given_up(worlds: Worlds) -> float:
    """1 where a service was dropped within the run, else 0."""
    services: Any = _only(worlds).services
    return float((services["state"] == "dropped").any())


def need_found(worlds: Worlds) -> float:
    """Need that services uncovered, per 1,000 residents a year, in the second world."""
    _, run = worlds.values()
    services: Any = run.services
    years = _years(run)
    heads = Year(run, years[-1]).mean("system", "population")
    return float(services["need_found"].sum()) / len(years) / heads * 1000


def minds_seen(worlds: Worlds) -> float:
    """Of people whom services took on, those whose need of the mind they saw, found or known before, %."""
    services: Any = _only(worlds).services
    taken_on = float(services["taken_on"].sum())
    return float(services["minds_seen"].sum()) / taken_on * 100 if taken_on else np.nan


def _against_first(worlds: Worlds, name: str) -> list[float]:
    """Per 1,000 over all whole years, every other world's over the first's, %."""
    usual, *others = (
        sum(Year(run, year).per_1000("acute_trust", name) for year in _years(run)) for run in worlds.values()
    )
    return [(other / usual - 1) * 100 for other in others]


def whole_against_none(worlds: Worlds) -> float:
    """Emergency admissions of the second world over the first's, %."""
    return _against_first(worlds, "emergency_admissions")[0]


def whole_less_single(worlds: Worlds) -> float:
    """The same, less that of the third world: points."""
    whole, single = _against_first(worlds, "emergency_admissions")
    return whole - single


def change_of_deaths(worlds: Worlds) -> float:
    """Deaths of residents."""
    one, other = (Year(run, _years(run)[-1]).per_1000("system", "deaths") for run in worlds.values())
    return (other / one - 1) * 100


def change_of_readmissions(worlds: Worlds) -> float:
    """Emergency readmissions within 30 days."""
    return _change(worlds, "readmissions_30d")


def practices_more(worlds: Worlds) -> float:
    """Share of practices that have the service at the end, the second world's less the first's."""
    alone, peers = (_practices_with_it(run) for run in worlds.values())
    return peers - alone


def _practices_with_it(run: Run) -> float:
    services, organisations = run.services, run.organisations
    practices = organisations.loc[organisations["kind"] == "gp_practice", "name"]
    last: Any = services[services["month"] == services["month"].max()]
    return float(practices.isin(last["site"]).mean())


def effort_outside_the_nhs(worlds: Worlds) -> float:
    """Of councils and charities in the last year, the second world's less the first's."""
    broad, narrow = (
        np.mean(
            [_decisions(run, "effort", kind)[-12:].mean() for kind in ("local_authority", "voluntary_sector")]
        )
        for run in worlds.values()
    )
    return float(narrow - broad)
