"""Rows of a run against England's published figures.

Where a figure is published by age and deprivation it is applied to the place's own people (indirect
standardisation), so that a place is compared with what England's rates would be there. Figures that are
published for England as a whole are compared with England alone.
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from icsim.evidence import published
from icsim.population.columns import AGE_BANDS
from icsim.population.risk import deprivation_gradient, spread
from icsim.recording.indicators import WINTER_MONTHS
from icsim.recording.run import Run
from icsim.validation.often_admitted import OFTEN, admissions, share
from icsim.validation.row import AT_MOST, GRADIENT, TOTAL, TREND, Published, Row, within
from icsim.validation.year import OVER_65, SUMMER_MONTHS, TRUST, Year

STAYS_FOR_ONE = 2.25
"""Stays whose mean is as sure as the count of one event: the square of a coefficient of variation of 1.5."""
ENOUGH = 200
"""Expected admissions of a cell below which luck alone moves it by a tenth."""
GP, AE, EMERGENCY = "GP and nurse consultations", "A&E attendances", "Emergency admissions"
HOSPITAL, BEDS, FOUR_HOURS, PLANNED = "Stays in hospital", "Beds", "Four hours in A&E", "Planned care"
DEATHS, CARE, SPENDING = "Deaths", "Social care", "Spending"
ELSEWHERE = "England's level, not adjusted to this place's people"
FIFTHS = ("most deprived fifth", "fifth 2", "fifth 3", "fifth 4", "least deprived fifth")
PAPER_BANDS = (("0-14", (0, 1), "0-19"), ("25-34", (3,), "20-37"), ("45-54", (5,), "38-52"))
PAPER_BANDS += (("55-64", (6,), "53-66"), ("75 and over", (8, 9), "67+"))
"""Age bands of the model, their places in ``AGE_BANDS``, the nearest band of Pereira Gray 2017."""
WINTER_SITREPS = "NHS England winter daily situation reports"
AE_MONTHLY = "NHS England A&E monthly statistics"


def rows(year: Year, catalogue: Any, national: bool) -> Iterator[Row]:
    """All rows of one year. For a place other than England, England's unadjusted levels are not judged."""
    for part in (_by_age, _stays_by_age, _deaths, _care_homes):
        yield from part(year, catalogue)
    if national:
        yield from _england(year, catalogue)
        yield from _seasons(year, catalogue)
    for part in (_stays, _unadjusted):
        for row in part(year, catalogue):
            yield row if national else replace(row, why=row.why or ELSEWHERE)


def _by_age(year: Year, catalogue: Any) -> Iterator[Row]:
    """Contacts and admissions by age band, by fifth given age, and by both."""
    ae = spread(catalogue.value("ae_imd_ratio_fifths"))
    emergency = deprivation_gradient(catalogue)
    measures = (
        (GP, "gp_appointments", "gp_consult_rate", 1.0, np.ones(5), "a person a year"),
        (AE, "ae_attendances", "ae_rate", 1000.0, ae, "per 1,000"),
        (EMERGENCY, "emergency_admissions", "emerg_rate", 1000.0, emergency, "per 1,000"),
    )
    for topic, measure, key, per, gradient, unit in measures:
        people = year.person_years
        counted = year.cells(measure)
        expected = catalogue.by_age(key)[:, None] / per * gradient * people
        for label, use, asked in [
            ("all ages", slice(None), TOTAL),
            *((band, slice(b, b + 1), GRADIENT) for b, band in enumerate(AGE_BANDS)),
        ]:
            # a sum of rates by age is no surer than they are
            row = catalogue[f"{key}_{AGE_BANDS[use.start or 0]}"]
            scale = per / max(people[use].sum(), 1e-9)
            figure = Published.of(row, value=float(expected[use].sum() * scale), set_to=True)
            found = float(counted[use].sum() * scale)
            yield Row(topic, label, unit, found, figure, within(asked), float(expected[use].sum()))
        if measure == "gp_appointments":
            continue
        gradient_row = catalogue[
            "ae_imd_ratio_fifths" if measure == "ae_attendances" else "emerg_adm_rate_age67+_imdq5"
        ]
        for q, name in enumerate(FIFTHS):
            figure = Published.of(gradient_row, value=1.0, set_to=True)
            count = float(expected[:, q].sum())
            found = float(counted[:, q].sum()) / max(count, 1e-9)
            yield Row(topic, name, "found over expected", found, figure, within(GRADIENT), count)
        enough = expected > ENOUGH
        near = np.abs(counted / np.maximum(expected, 1e-9) - 1)[enough] <= GRADIENT
        share = float(near.mean() * 100) if len(near) else math.nan
        figure = Published.of(gradient_row, value=100.0, set_to=True)
        label = f"{len(near)} cells of age by fifth within {GRADIENT:.0%}"
        yield Row(topic, label, "%", share, figure, None, why="counts cells; each has its own band above")
    people, counted = year.person_years, year.cells("emergency_admissions")
    for label, bands, band in PAPER_BANDS:
        most, least = (catalogue[f"emerg_adm_rate_age{band}_imdq{q}"] for q in (5, 1))
        use = list(bands)
        rate = counted[use].sum(axis=0) / np.maximum(people[use].sum(axis=0), 1e-9)
        figure = Published.of(most, value=most.value / least.value, set_to=True)
        events = float(counted[use].sum(axis=0)[[0, 4]].min()) / 2  # a ratio has the luck of both
        label = f"{label}, most over least deprived"
        yield Row(EMERGENCY, label, "ratio", float(rate[0] / max(rate[4], 1e-9)), figure,
                  within(GRADIENT), events)  # fmt: skip
    figure = Published.of(catalogue["emerg_deprivation_ratio_q5q1"])
    label = "all ages alike, most over least deprived"
    found = year.standardised_ratio("emergency_admissions")
    yield Row(EMERGENCY, label, "ratio", found, figure, within(GRADIENT))


def _stays_by_age(year: Year, catalogue: Any) -> Iterator[Row]:
    """Lengths of emergency stays. A mean stay is as sure as that of fewer events: stays differ widely."""
    admitted, same_day = year.cells("emergency_admissions"), year.cells("zero_day_admissions")
    nights = year.cells("emergency_bed_days")
    for b, band in enumerate(AGE_BANDS):
        count = float(admitted[b].sum())
        found = float(nights[b].sum()) / max(count, 1.0)
        figure = Published.of(catalogue[f"emerg_los_{band}"], set_to=True)
        events = count / STAYS_FOR_ONE
        yield Row(HOSPITAL, f"emergency stay, {band}", "nights", found, figure, within(GRADIENT), events)
    overnight = float((admitted - same_day)[OVER_65].sum())
    found = float(nights[OVER_65].sum()) / max(overnight, 1.0)
    figure = Published.of(catalogue["los_65plus"], set_to=True)
    label, events = "emergency stay of a night or more, 65+", overnight / STAYS_FOR_ONE
    yield Row(HOSPITAL, label, "nights", found, figure, within(GRADIENT), events)


def _stays(year: Year, catalogue: Any) -> Iterator[Row]:
    """Stays of everybody, and what follows them: these depend on who lives in the place."""
    admissions = max(year.total(TRUST, "emergency_admissions"), 1.0)
    acsc = year.cells("acsc_admissions").sum() / max(year.cells("emergency_admissions").sum(), 1.0)
    stays = year.total(TRUST, "discharges", "zero_day_admissions")
    living = max(stays - year.total(TRUST, "deaths_in_hospital"), 1.0)
    bed_days = max(year.total(TRUST, "bed_days"), 1.0)
    older = year.older("bed_days") / max(year.cells("bed_days").sum(), 1.0)
    of = "% of emergency admissions"
    past = {nights: year.total(TRUST, f"bed_days_after_{nights}") / bed_days * 100 for nights in (7, 14, 21)}
    for label, unit, found, key, set_to in (
        ("zero-day share", of, year.total(TRUST, "zero_day_admissions") / admissions * 100,
         "emerg_zero_day_share", True),
        ("ambulatory care sensitive", of, acsc * 100, "acsc_share_emergency", True),
        ("any stay, day cases left out", "nights", bed_days / max(stays, 1.0), "mean_los_all", True),
        ("bed days of people 65+", "%", older * 100, "bed_day_share_65plus", False),
        ("occupied by stays past 7 days", "% of beds", past[7], "ga_beds_over_7_days_england_2017_18", False),
        ("occupied by stays past 14 days", "% of beds", past[14], "", False),
        ("occupied by stays past 21 days", "% of beds", past[21], "ga_beds_over_21_days_england_2017_18",
         False),
        ("emergency again in 30 days", "% of live discharges",
         year.total(TRUST, "readmissions_30d") / living * 100, "readmission_30d_rate", True),
    ):  # fmt: skip
        figure = Published.of(catalogue[key], set_to=set_to) if key else Published(math.nan, "measured")
        why = "" if key else "not published for these years"
        yield Row(HOSPITAL, label, unit, float(found), figure, within(GRADIENT), why=why)


def _deaths(year: Year, catalogue: Any) -> Iterator[Row]:
    """Deaths by the age bands in which they are published and counted here."""
    people, died = year.person_years.sum(axis=1), year.cells("deaths").sum(axis=1)
    for label, key, bands in (
        ("15-44", "mortality_15_44", (2, 3, 4)),
        ("45-64", "mortality_45_64", (5, 6)),
        ("65-74", "mortality_65_74", (7,)),
        ("75-84", "mortality_75_84", (8,)),
        ("85+", "mortality_85plus", (9,)),
    ):
        figure, lived = Published.of(catalogue[key], set_to=True), float(people[list(bands)].sum())
        rate = float(died[list(bands)].sum()) / max(lived, 1e-9) * 1000
        yield Row(DEATHS, label, "per 1,000", rate, figure, within(GRADIENT), figure.value * lived / 1000)


def _care_homes(year: Year, catalogue: Any) -> Iterator[Row]:
    """What people in care homes use, a resident and year."""
    years = max(year.mean("care_homes", "residents") * year.days() / 365.25, 1e-9)
    for label, measure, key in (
        ("A&E attendances of residents of care homes", "attendances_of_residents", "carehome_ae"),
        ("emergency admissions of residents of care homes", "admissions_of_residents", "carehome_emergency"),
    ):
        count = year.total("care_homes", measure)
        figure = Published.of(catalogue[f"{key}_per_resident_year"])
        yield Row(CARE, label, "a year each", count / years, figure, within(GRADIENT), figure.value * years)


def _unadjusted(year: Year, catalogue: Any) -> Iterator[Row]:
    """England's levels that are not published by age, and so say little of another place."""
    p, v = catalogue.__getitem__, catalogue.value
    older = float(year.person_years[OVER_65].sum())
    per_65 = 1000 / (v("pop2017_england") * v("pct65_england") / 100)
    per_head = 1000 / v("pop2017_england")
    over_18 = year.last(TRUST, "waiting_over_18_weeks") / max(year.last(TRUST, "elective_waiting"), 1.0)
    late = year.older("delayed_transfers") / max(year.cells("delayed_transfers").sum(), 1.0)
    for topic, label, unit, found, figure, asked in (
        (BEDS, "delayed transfers", "bed days per 1,000", year.per_1000(TRUST, "delayed_transfers"),
         Published.of(p("dtoc_days_acute"), per=1e6 * per_head, set_to=True), GRADIENT),
        (PLANNED, "GP referrals", "per 1,000", year.per_1000("gp_practice", "referrals"),
         Published.of(p("gp_referrals_per_quarter"), per=4e6 * per_head, set_to=True), TOTAL),
        (PLANNED, "first outpatients", "per 1,000", year.per_1000(TRUST, "first_outpatients"),
         Published.of(p("first_outpatients_per_1000"), set_to=True), TOTAL),
        (PLANNED, "follow-ups", "per 1,000", year.per_1000(TRUST, "follow_up_outpatients"),
         Published.of(p("first_outpatients_per_1000"), per=v("first_follow_ups"), set_to=True), TOTAL),
        (PLANNED, "admitted from the list", "per 1,000",
         year.per_1000(TRUST, "elective_admissions", "day_cases"),
         Published.of(p("elective_list_per_1000"), set_to=True), TOTAL),
        (PLANNED, "all ages alike, most over least deprived", "ratio",
         year.standardised_ratio("elective_admissions", "day_cases"),
         Published.of(p("elective_deprivation_ratio_q5q1")), GRADIENT),
        (PLANNED, "waiting under 18 weeks in March", "%", 100 - 100 * over_18,
         Published.of(p("rtt_18w_incomplete_mar2017"), set_to=True), TOTAL),
        (CARE, "delayed bed days of people 65+", "%", late * 100, Published.of(p("dtoc_share_65plus")),
         GRADIENT),
        (CARE, "in care homes", "per 1,000 aged 65+", year.mean("care_homes", "residents") / older * 1000,
         Published.of(p("carehome_residents_65plus"), per=per_65, set_to=True), TOTAL),
        (CARE, "with home care", "per 1,000 aged 65+",
         year.mean("local_authority", "home_care_in_use") / older * 1000,
         Published.of(p("home_care_older_users"), per=per_65, set_to=True), TOTAL),
    ):  # fmt: skip
        yield Row(topic, label, unit, found, figure, within(asked))


def _england(year: Year, catalogue: Any) -> Iterator[Row]:
    """England's own totals, measured and not adjusted."""
    p, v = catalogue.__getitem__, catalogue.value
    people = float(year.person_years.sum())
    per_head = 1e9 / v("pop2017_england")  # of figures in millions, per 1,000
    attended, admitted = year.total(TRUST, "ae_attendances"), year.total(TRUST, "emergency_admissions")
    older = float(year.person_years[OVER_65].sum())
    by_fifth = year.cells("ae_attendances").sum(axis=0)
    through = year.total(TRUST, "admitted_from_ae")
    annual = published_ae().loc["2016/17"]
    annual_kind = Published(math.nan, "measured", AE_MONTHLY, "2016/17", set_to=True)
    beds = p("ga_beds_england_2016_17")
    for topic, label, unit, found, figure, asked in (
        (GP, "all ages, as measured", "a person a year",
         float(year.cells("gp_appointments").sum()) / people,
         Published.of(p("gp_nurse_consult_rate"), set_to=True), TOTAL),
        (AE, "all types, NHS England's count", "per 1,000", attended / people * 1000,
         Published.of(p("ae_attendances_england_2016_17"), per=per_head), TOTAL),
        (AE, "65+, as measured", "per 1,000", year.older("ae_attendances") / older * 1000,
         Published.of(p("ae_att_65plus_rate"), set_to=True), TOTAL),
        (AE, "made by the most deprived fifth", "%", float(by_fifth[0] / max(by_fifth.sum(), 1.0) * 100),
         Published.of(p("ae_share_most_deprived_fifth")), GRADIENT),
        (EMERGENCY, "all ages, as measured", "per 1,000", admitted / people * 1000,
         Published.of(p("emergency_admissions_england_2016_17"), per=per_head, set_to=True), TOTAL),
        (EMERGENCY, "65+, as measured", "per 1,000", year.older("emergency_admissions") / older * 1000,
         Published.of(p("emerg_adm_65plus_rate"), set_to=True), TOTAL),
        (EMERGENCY, "through A&E", "per 1,000", through / people * 1000,
         replace(annual_kind, value=float(annual["admissions"]) * per_head / 1e6), TOTAL),
        (EMERGENCY, "of A&E attendances admitted", "%", through / max(attended, 1.0) * 100,
         replace(annual_kind, value=float(annual["admissions"] / annual["attendances"] * 100)), GRADIENT),
        (BEDS, "open in winter", "per 1,000", year.beds() / people * 1000,
         Published.of(beds, per=1000 / v("pop2017_england"), set_to=True), TOTAL),
        (BEDS, "occupied, year", "%", year.occupancy(),
         Published.of(p("acute_overnight_occupancy"), set_to=True), TOTAL),
        (BEDS, "occupied, December to February", "%", year.occupancy(WINTER_MONTHS),
         Published.of(p("ga_occupancy_england_2016_17"), set_to=True), TOTAL),
    ):  # fmt: skip
        yield Row(topic, label, unit, found, figure, within(asked))
    spent = _spending(year)
    for label, kind, figure in (
        ("general practice", "gp_practice", Published.of(p("gp_payment_per_patient"), set_to=True)),
        ("acute hospitals", "acute_trust", Published.of(p("acute_payments_per_head"), set_to=True)),
        ("mental health", "mental_health_trust", Published.of(p("mental_health_per_head"), set_to=True)),
        ("community services", "community_team", Published.of(p("community_services_per_head"), set_to=True)),
        ("ambulances, 111 and out of hours", "urgent_care",
         Published.of(p("ambulance_per_head"), value=v("ambulance_per_head") + v("urgent_other_per_head"),
                      set_to=True)),
    ):  # fmt: skip
        yield Row(SPENDING, label, "GBP a head", spent.get(kind, 0.0) / people, figure, within(TOTAL))
    figure = Published.of(p("ccg_allocation_per_head_england"), set_to=True)
    yield Row(SPENDING, "commissioners, without primary care", "GBP a head",
              (spent["from commissioners"] - spent.get("gp_practice", 0.0)) / people, figure,
              within(TOTAL))  # fmt: skip
    share = spent.get("gp_practice", 0.0) / max(spent["from commissioners"], 1.0) * 100
    yield Row(SPENDING, "general practice's share", "% of the NHS's", share,
              Published.of(p("gp_share_of_nhs_budget")), within(GRADIENT),
              why="the model's NHS has no specialised care, public health or central budgets")  # fmt: skip


def _spending(year: Year) -> dict[str, float]:
    """GBP a year paid by commissioners to each kind of organisation, and in all."""
    money: Any = year.money
    paid = money[money["payer_kind"] == "commissioner"]
    sums = {str(kind): float(value) for kind, value in paid.groupby("payee_kind")["amount_gbp"].sum().items()}
    return {kind: value / year.replicates for kind, value in sums.items()} | {
        "from commissioners": float(paid["amount_gbp"].sum()) / year.replicates
    }


def published_ae() -> Any:
    """England's A&E by financial year: attendances, breaches, admissions through A&E (all types)."""
    months: Any = published.ae_monthly()
    month = months["period"].astype("datetime64[ns]")
    years = np.where(month.dt.month >= 4, month.dt.year, month.dt.year - 1)
    names = [f"{first}/{(first + 1) % 100:02d}" for first in years]
    return months.groupby(names)[["attendances", "breaches", "admissions"]].sum()


def _seasons(year: Year, catalogue: Any) -> Iterator[Row]:
    """Four hours, attendances and admissions by season, of the first year published by month."""
    months: Any = published.ae_monthly()
    month: Any = months["period"].astype("datetime64[ns]")
    in_year = (month >= "2016-04-01") & (month < "2017-04-01")
    months, number = months[in_year], month[in_year].dt.month

    def in_time(of: tuple[int, ...] | None) -> float:
        part = months if of is None else months[number.isin(of)]
        return 100 - 100 * float(part["breaches"].sum() / part["attendances"].sum())

    def swing(name: str) -> float:
        days = {WINTER_MONTHS: 90, SUMMER_MONTHS: 92}
        winter, summer = (months.loc[number.isin(of), name].sum() / days[of] for of in days)
        return float(winter / summer)

    def found_swing(name: str) -> float:
        winter, summer = (
            year.total(TRUST, name, months=of) / year.days(of) for of in (WINTER_MONTHS, SUMMER_MONTHS)
        )
        return winter / summer

    def figure(value: float, set_to: bool = False) -> Published:
        return Published(value, "measured", AE_MONTHLY, "2016/17", set_to)

    fitted = True  # four_hour_base_breach
    whole, found = in_time(None), year.in_four_hours()
    yield Row(FOUR_HOURS, "within four hours", "%", found, figure(whole, fitted), within(TOTAL))
    yield Row(FOUR_HOURS, "over four hours", "%", 100 - found, figure(100 - whole, fitted), within(GRADIENT))
    for label, of in (("December to February", WINTER_MONTHS), ("June to August", SUMMER_MONTHS)):
        found = year.in_four_hours(of)
        yield Row(FOUR_HOURS, f"within four hours, {label}", "%", found, figure(in_time(of)), within(TOTAL))
    found = year.in_four_hours(WINTER_MONTHS) - year.in_four_hours(SUMMER_MONTHS)
    expected = figure(in_time(WINTER_MONTHS) - in_time(SUMMER_MONTHS))
    yield Row(FOUR_HOURS, "winter less summer", "points", found, expected, TREND)
    yield Row(AE, "a day, winter over summer", "ratio", found_swing("ae_attendances"),
              figure(swing("attendances"), True), within(GRADIENT))  # fmt: skip
    yield Row(EMERGENCY, "through A&E a day, winter over summer", "ratio", found_swing("admitted_from_ae"),
              figure(swing("admissions"), True), within(GRADIENT))  # fmt: skip


def trends(years: list[Year], catalogue: Any) -> Iterator[Row]:
    """Changes a year from the first to the last whole financial year."""
    first, last, steps = years[0], years[-1], len(years) - 1
    p, v = catalogue.__getitem__, catalogue.value
    annual = published_ae()

    def growth(kind: str, name: str) -> float:
        return ((last.total(kind, name) / max(first.total(kind, name), 1.0)) ** (1 / steps) - 1) * 100

    def from_data(name: str) -> Published:
        change = float(annual[name].iloc[1] / annual[name].iloc[0] - 1) * 100
        return Published(change, "measured", AE_MONTHLY, "2016/17 to 2017/18")

    beds = (v("ga_beds_england_2017_18") / v("ga_beds_england_2015_16")) ** 0.5 - 1
    four_hours = (v("ae_4h_england") - v("ae_4h_2015_16")) / 2
    consultations = (v("gp_nurse_consult_rate") / v("gp_nurse_consult_rate_2007_08")) ** (1 / 6) - 1
    later = (1 + v("gp_contacts_growth_2014_17") / 100) / (1 + v("gp_list_growth_2014_17") / 100)
    waits = v("rtt_18w_incomplete_mar2018") - v("rtt_18w_incomplete_mar2017")

    def per_head(year: Year) -> float:
        return float(year.cells("gp_appointments").sum() / year.person_years.sum())

    def under(year: Year) -> float:
        over = year.last(TRUST, "waiting_over_18_weeks")
        return 100 - 100 * over / max(year.last(TRUST, "elective_waiting"), 1.0)

    def luck(figure: Published, *counts: float) -> float:
        """Events as sure as the published change is against the luck of a first and a last year's counts."""
        change = 100 * math.sqrt(2 * sum(1 / max(count, 1.0) for count in counts)) / steps
        return (figure.value / change) ** 2

    contacts = ((per_head(last) / per_head(first)) ** (1 / steps) - 1) * 100
    bed_days = Published.of(p("emerg_bed_day_growth"), set_to=True)
    admitted = last.total(TRUST, "emergency_admissions")
    surely = {"emergency bed days": luck(bed_days, admitted, admitted / STAYS_FOR_ONE)}
    topic = f"Trend, {first.name} to {last.name}"
    for label, unit, found, figure in (
        ("emergency admissions", "% a year", growth(TRUST, "emergency_admissions"),
         Published.of(p("emergency_admission_growth"), set_to=True)),
        ("emergency admissions through A&E", "% a year", growth(TRUST, "admitted_from_ae"),
         from_data("admissions")),
        ("A&E attendances", "% a year", growth(TRUST, "ae_attendances"), from_data("attendances")),
        ("emergency bed days", "% a year",
         ((last.cells("emergency_bed_days").sum() / first.cells("emergency_bed_days").sum()) ** (1 / steps)
          - 1) * 100, bed_days),
        ("consultations a person", "% a year", contacts,
         Published.of(p("gp_contacts_growth_2014_17"), value=(later**0.5 - 1) * 100, set_to=True)),
        ("consultations a person, beside those of 2007/08 to 2013/14", "% a year", contacts,
         Published.of(p("gp_nurse_consult_rate"), value=consultations * 100)),
        ("within four hours", "points a year",
         (last.in_four_hours() - first.in_four_hours()) / steps,
         Published.of(p("ae_4h_2015_16"), value=four_hours)),
        ("waiting under 18 weeks", "points a year", (under(last) - under(first)) / steps,
         Published.of(p("rtt_18w_incomplete_mar2018"), value=waits, set_to=True)),
        ("beds open", "% a year", ((last.beds() / max(first.beds(), 1e-9)) ** (1 / steps) - 1) * 100,
         Published.of(p("ga_beds_england_2017_18"), value=beds * 100, set_to=True)),
    ):  # fmt: skip
        yield Row(topic, label, unit, float(found), figure, TREND, surely.get(label, math.nan))


def regression(run: Run, years: list[str], catalogue: Any) -> Iterator[Row]:
    """People of 65+ with two or more emergency admissions in a year: their share then and a year later."""
    then, later = admissions(run, years)
    often = then >= OFTEN
    topic = "Regression to the mean"
    for label, counted, key, asked in (
        ("share in the year", then, "roland_share_index_year", within(GRADIENT)),
        ("share the next year", later, "roland_share_next_year", AT_MOST),
    ):
        label = f"65+ with two or more emergency admissions: {label}"
        events = float(counted[often].sum()) if asked is not AT_MOST else math.nan
        figure = Published.of(catalogue[key], set_to=True)
        yield Row(topic, label, "%", share(counted, often), figure, asked, events)
