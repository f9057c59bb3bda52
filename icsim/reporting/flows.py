"""Who went where: contacts of a year, the way through urgent hospital care, and use by age and "
"deprivation."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from icsim.population.columns import AGE_BANDS
from icsim.reporting.charts import Bar, Flow, Node, Series, bars, flow, lines
from icsim.reporting.drawing import number
from icsim.reporting.figures import Figures, Spread
from icsim.reporting.page import Figure, Group, Table

TRUST = "acute_trust"
NEEDS = (
    ("Minor illness or injury", "system", ("needs_minor",)),
    ("Planned care", "system", ("needs_planned",)),
    ("Acute severe illness or injury", "system", ("needs_acute",)),
    ("Exacerbation of a condition", "system", ("needs_acsc",)),
    ("Mental-health crisis", "system", ("needs_mental_health",)),
    ("Fall or frailty crisis", "system", ("needs_frailty",)),
    ("Breakdown of care or support", "system", ("needs_social",)),
)
CONTACTS = (
    ("Looked after themselves", "system", ("self_care",)),
    ("Helped by a pharmacy or 111", "system", ("pharmacy",)),
    ("Saw a GP or nurse", "gp_practice", ("appointments",)),
    ("Saw a GP out of hours", "urgent_care", ("out_of_hours_contacts",)),
    ("Community team, urgent", "community_team", ("rapid_responses",)),
    ("Mental-health crisis team", "mental_health_trust", ("crisis_contacts",)),
    ("Attended A&E", TRUST, ("ae_attendances",)),
    ("Admitted in an emergency", TRUST, ("emergency_admissions",)),
    ("First outpatient visit", TRUST, ("first_outpatients",)),
    ("Further outpatient visit", TRUST, ("follow_up_outpatients",)),
    ("Planned admission or day case", TRUST, ("elective_admissions", "day_cases")),
)


def groups(figures: Figures) -> tuple[Group, ...]:
    """Groups of figures for the section on what happened."""
    found = [
        *_rates(
            figures, "needs", "Needs that arise", NEEDS, "Need", "Events that ask for something, met or not."
        ),
        *_rates(
            figures, "contacts", "Contacts", CONTACTS, "Contact", "One need can lead to several contacts."
        ),
        *_urgent(figures),
    ]
    parts = [Group("Where people were seen", figures=tuple(found))] if found else []
    if figures.has("by_age_and_imd"):
        parts.append(Group("By age and deprivation", figures=tuple(_by_age(figures))))
    return tuple(parts)


def _rates(
    figures: Figures,
    key: str,
    what: str,
    counted: tuple[tuple[str, str, tuple[str, ...]], ...],
    head: str,
    definition: str,
) -> Iterator[Figure]:
    """Bars of counts per 1,000 residents a year."""
    rows = []
    for label, kind, names in counted:
        found = Spread.of([year.rate(kind, *names) for year in figures.years[figures.year]])
        if np.isfinite(found.mean):
            rows.append(Bar(label, found.mean, found.low, found.high))
    if not rows:
        return
    title = f"{what} per 1,000 residents, {figures.in_year.removeprefix('in ')}"
    largest = max(rows, key=lambda bar: bar.value)
    cells = tuple((bar.label, number(bar.value), number(bar.low), number(bar.high)) for bar in rows)
    heads = (head, "Per 1,000 a year", "Lowest replicate", "Highest replicate")
    yield Figure(
        key,
        title,
        bars(f"c-{key}", title, f"Most: {largest.label}, {number(largest.value)}.", rows),
        f"Residents, wherever they were seen. {definition}",
        Table(title, heads, cells),
    )


def _urgent(figures: Figures) -> Iterator[Figure]:
    """The way through urgent hospital care in a year, a mean over replicates."""
    years = figures.years[figures.year]

    def count(kind: str, name: str) -> float:
        return Spread.of([year.total(kind, name) for year in years]).mean

    ambulance, attended = count(TRUST, "ambulance_arrivals"), count(TRUST, "ae_attendances")
    admitted, through = count(TRUST, "emergency_admissions"), count(TRUST, "admitted_from_ae")
    direct = admitted - through
    mental, short = count("mental_health_trust", "admissions"), count(TRUST, "zero_day_admissions")
    died = count(TRUST, "deaths_in_hospital")
    if not np.isfinite(ambulance + attended + admitted + direct + mental + short + died) or attended <= 0:
        return
    by_foot, ambulances, gp = "Came by themselves", "By ambulance", "Straight from a GP"
    ae, ward, minds = "A&E", "Emergency admission", "Mental-health ward"
    back, same, stayed = "Home from A&E", "Home the same day", "Stayed overnight"
    alive, dead = "Left, or still there", "Died in hospital"
    links = {
        (by_foot, ae): attended - ambulance,
        (ambulances, ae): ambulance,
        (gp, ward): direct,
        (ae, back): attended - through - mental,
        (ae, ward): through,
        (ae, minds): mental,
        (ward, same): short,
        (ward, stayed): admitted - short,
        (stayed, alive): admitted - short - died,
        (stayed, dead): died,
    }
    if min(links.values()) < 0:
        return
    columns = {
        by_foot: 0,
        ambulances: 0,
        ae: 1,
        gp: 1,
        back: 2,
        ward: 2,
        minds: 2,
        same: 3,
        stayed: 3,
        alive: 4,
        dead: 4,
    }
    links = {link: value for link, value in links.items() if value > 0}
    used = {name for link in links for name in link}
    found = Flow(tuple(Node(name, column) for name, column in columns.items() if name in used), links)
    found = replace(found, show={node.name: f"{found.size(node.name):,.0f}" for node in found.nodes})
    title = f"The way through urgent hospital care, people {figures.in_year}"
    words = (
        f"Of {number(attended)} A&E attendances {number(links[ae, back])} ended at home; "
        f"{number(admitted)} emergency admissions, "
        f"{number(direct)} of them straight from a GP; {number(short)} left the same day; "
        f"{number(died)} people died in hospital."
    )
    cells = tuple((source, to, number(value)) for (source, to), value in links.items())
    yield Figure(
        "urgent",
        title,
        flow("c-urgent", title, words, found, width=960.0),
        "Residents, at any hospital; a person counts each time.",
        Table(title, ("From", "To", "Number"), cells, (0, 1)),
        width="whole",
    )


def _by_age(figures: Figures) -> Iterator[Figure]:
    years = figures.person_years
    ends = (("Most deprived fifth", slice(0, 1)), ("All", slice(0, 5)), ("Least deprived fifth", slice(4, 5)))
    for measure, title, per, unit in (
        ("gp_appointments", "GP and nurse consultations", 1, "per person a year"),
        ("ae_attendances", "A&E attendances", 1000, "per 1,000 a year"),
        ("emergency_admissions", "Emergency admissions", 1000, "per 1,000 a year"),
        ("acsc_admissions", "Admissions that care outside hospital might avert", 1000, "per 1,000 a year"),
        ("bed_days", "Bed days", 1000, "per 1,000 a year"),
        ("deaths", "Deaths", 1000, "per 1,000 a year"),
    ):
        counts = figures.by_group(measure)
        drawn, cells = [], {}
        for name, fifths in ends:
            lived = years[:, :, fifths].sum(axis=2)
            with np.errstate(invalid="ignore", divide="ignore"):
                rates = np.where(lived > 0, per * counts[:, :, fifths].sum(axis=2) / lived, np.nan)
            pooled = per * counts[:, :, fifths].sum(axis=(0, 2)) / np.maximum(lived.sum(axis=0), 1e-9)
            many = len(rates) > 1 and name == "All"
            drawn.append(
                Series(
                    name, pooled, np.nanmin(rates, 0) if many else None, np.nanmax(rates, 0) if many else None
                )
            )
            cells[name] = pooled
        words = (
            f"At 85 and over {number(cells['All'][-1])} {unit}; most deprived fifth "
            f"{number(cells['Most deprived fifth'][-1])}, "
            f"least deprived fifth {number(cells['Least deprived fifth'][-1])}."
        )
        rows = tuple(
            (band, *(number(cells[name][b]) for name, _ in ends)) for b, band in enumerate(AGE_BANDS)
        )
        key = f"age-{measure.replace('_', '-')}"
        note = f"Residents {figures.in_year}, by age at the time; fifths of England's neighbourhoods."
        if measure == "acsc_admissions":
            note = f"Emergency admissions for ambulatory-care-sensitive conditions. {note}"
        yield Figure(
            key,
            f"{title} by age, {unit}",
            lines(f"c-{key}", f"{title} by age", words, AGE_BANDS, drawn),
            note,
            Table(f"{title}, {unit}", ("Age", *(name for name, _ in ends)), rows),
        )


def deprivation_ratio(figures: Figures, measure: str) -> Spread:
    """How much more the most deprived fifth uses than the least, people of the same age compared.

    Each fifth's count over what it would be at the whole place's rates by age (indirect standardisation).
    """
    counts, years = figures.by_group(measure), figures.person_years
    rates = counts.sum(axis=2) / np.maximum(years.sum(axis=2), 1e-9)
    expected = (rates[:, :, None] * years).sum(axis=1)
    found = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = (found[:, 0] / expected[:, 0]) / (found[:, 4] / expected[:, 4])
    return Spread.of(np.where(np.isfinite(ratios), ratios, np.nan))
