"""Rows of a place's run against what is published of that place: its trusts, its people.

No number of the model belongs to a place but those of its experiment file: people, beds, attendances and
organisations, which are inputs and marked so. A trust's published figures cover all it serves.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from icsim.evidence import published
from icsim.recording.indicators import WINTER_MONTHS
from icsim.validation.row import PLACE, TOTAL, Published, Row, within
from icsim.validation.year import TRUST, Year

SITREPS = "NHS England winter daily situation reports"
AE_MONTHLY = "NHS England A&E monthly statistics"
RESIDENTS, EVERYBODYS = "residents", "A&E attendances, everybody's"
MIX = ", England's mix"
OWN_MIX = "of the trust's own mix of departments; the model's A&E is of England's mix, as in the rows below"
EARLIER = "of another year, over the people of 2017: shown for its size"


def rows(year: Year, catalogue: Any, place: str) -> Iterator[Row]:
    """A place's own published level of each measure there is one for."""
    levels = published.place_levels()
    levels = levels[levels["place"] == place].set_index("measure")
    known: dict[str, str] = dict(levels["key"])
    for row in _people(year, catalogue, known):
        yield replace(row, why=str(levels["why"]["people"])) if row.label == RESIDENTS else row
    trusts = published.trusts()
    for code, own in year.own.groupby("code"):
        figures = trusts[(trusts["code"] == code) & (trusts["place"] == place)]
        if len(figures):
            yield from _trust(year, own, figures.set_index("year"))


def _people(year: Year, catalogue: Any, known: dict[str, str]) -> Iterator[Row]:
    topic, people = "This place's people", float(year.person_years.sum())
    years = year.days() / 365.25
    if "people" in known:
        # a sample is scaled up to the place
        residents = people / years / year.sample
        figure = Published.of(catalogue[known["people"]], set_to=False)
        yield Row(topic, RESIDENTS, "people", residents, figure, within(PLACE))
    admitted = year.total(TRUST, "emergency_admissions")
    rate = admitted / people * 1000
    if "need_index" in known:
        index = catalogue[known["need_index"]]
        england = catalogue.value("emergency_admissions_england_2016_17") * 1e9
        expected = index.value * england / catalogue.value("pop2017_england")
        figure = Published.of(index, value=expected)
        yield Row(topic, "emergency admissions, by age and deprivation", "per 1,000", rate, figure,
                  within(PLACE), expected * people / 1000)  # fmt: skip
    if "emergency_admissions_a_quarter" in known:
        row = catalogue[known["emergency_admissions_a_quarter"]]
        figure = Published.of(row, value=row.value * 4 / (people / years / year.sample) * 1000)
        label = "emergency admissions counted in 2010"
        yield Row(topic, label, "per 1,000", rate, figure, within(PLACE), why=EARLIER)  # fmt: skip
    if "ae_per_10_000_a_month" in known:
        row = catalogue[known["ae_per_10_000_a_month"]]
        figure = Published.of(row, value=row.value * 12 / 10)
        found = year.total(TRUST, "ae_attendances") / people * 1000
        yield Row(topic, "A&E attendances", "per 1,000", found, figure, within(PLACE),
                  figure.value * people / 1000)  # fmt: skip


def _trust(year: Year, own: Any, figures: pd.DataFrame) -> Iterator[Row]:
    """One trust: everybody it serves for attendances and beds, residents for what is done to them."""
    topic = str(own["organisation"].iloc[0])
    winter = own[own["month"].dt.month.isin(WINTER_MONTHS)]
    attended = float(own["ae_attendances"].sum()) / year.replicates
    everybody = attended + float(own["outside_attendances"].sum()) / year.replicates
    admitted = float(own["admitted_from_ae"].sum()) / year.replicates
    late = float(own["ae_breaches"].sum()) / year.replicates / max(attended, 1.0) * 100
    used = max(float(own["bed_days"].sum()) / year.replicates, 1.0)
    beds = float(winter.groupby("month")["beds_open"].sum().mean()) / year.replicates / year.sample
    full = float(winter["beds_occupied"].sum() / max(winter["beds_open"].sum(), 1e-9)) * 100
    now = figures.loc[year.name] if year.name in figures.index else figures.iloc[-1]
    after = figures.iloc[-1]
    when = str(now.name)

    def ae(value: Any, set_to: bool = False) -> Published:
        return Published(float(value), "measured", AE_MONTHLY, when, set_to)

    def wards(value: Any, of: str = when, set_to: bool = False) -> Published:
        return Published(float(value), "measured", SITREPS, of, set_to)

    share, breaches = in_englands_mix(str(own["code"].iloc[0]), when)
    for label, unit, found, figure, asked, events in (
        (EVERYBODYS, "a year", everybody / year.sample, ae(now["attendances"], True),
         PLACE, everybody),
        (f"of A&E attendances admitted{MIX}", "%", admitted / max(attended, 1.0) * 100, ae(share), PLACE,
         admitted),
        (f"within four hours{MIX}", "%", 100 - late, ae(100 - breaches), TOTAL, float("nan")),
        (f"over four hours{MIX}", "%", late, ae(breaches), PLACE, attended * breaches / 100),
        ("beds open in winter", "beds", beds, wards(now["beds"], set_to=True), PLACE, float("nan")),
        ("beds occupied in winter", "%", full, wards(now["occupancy"] * 100, set_to=True), TOTAL,
         float("nan")),
        ("occupied by stays past 7 days", "% of beds", float(own["bed_days_after_7"].sum())
         / year.replicates / used * 100, wards(after["share_over_7_days"] * 100, str(after.name)), PLACE,
         float("nan")),
        ("occupied by stays past 21 days", "% of beds", float(own["bed_days_after_21"].sum())
         / year.replicates / used * 100, wards(after["share_over_21_days"] * 100, str(after.name)), PLACE,
         float("nan")),
    ):  # fmt: skip
        yield Row(topic, label, unit, float(found), figure, within(asked), events)
        if label == EVERYBODYS:
            published_as = ae(now["within_4h"] * 100)
            yield Row(topic, "within four hours", "%", 100 - late, published_as, within(TOTAL), why=OWN_MIX)


def in_englands_mix(code: str, year: str) -> tuple[float, float]:
    """Per cent of A&E attendances admitted and over four hours, were a trust's departments England's mix.

    Each type of department at the trust's own rates, or at England's where it runs none, weighted by
    England's attendances (direct standardisation).
    """
    england, own = published.ae_by_department(year), published.ae_by_department(year, code)
    own = own.reindex(england.index)
    own = own.where(own["attendances"] > 0, england)
    weights = england["attendances"] / england["attendances"].sum()
    admitted, late = (
        (own[name] / own["attendances"] * weights).sum() * 100 for name in ("admissions", "breaches")
    )
    return float(admitted), float(late)
