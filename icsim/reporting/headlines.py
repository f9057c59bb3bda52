"""What a reader takes away: sentences in plain words, each computed from the run."""

from collections.abc import Iterator

import numpy as np

from icsim.recording.summary import MARKS, SAID_OF_MARKS, Line
from icsim.reporting import basis, money
from icsim.reporting.drawing import number
from icsim.reporting.figures import Figures, Spread
from icsim.reporting.flows import deprivation_ratio
from icsim.reporting.months import History
from icsim.reporting.page import listed
from icsim.reporting.people import age_shares
from icsim.validation.baseline import Baseline
from icsim.validation.row import IN, OUT, Row


def headlines(
    figures: Figures, found: dict[str, History], baseline: Baseline | None
) -> tuple[tuple[str, str], ...]:
    """(what, sentence): what a decision needs first, then service by service.

    Nothing is said of what the run did not record.
    """
    parts = (
        ("What happens", _happens(figures)),
        ("For whom", _deprivation(figures)),
        ("At what cost", _money(figures)),
        ("How sure", _sure(figures)),
        ("What it rests on", (*_basis(figures), *_england(baseline))),
        ("People", _people(figures)),
        ("General practice", _practice(figures)),
        ("A&E", _emergency(figures)),
        ("Beds", _beds(figures)),
        ("Waiting list", _waiting(figures)),
        ("Over time", _signals(found)),
    )
    made = [(what, " ".join(sentences)) for what, each in parts if (sentences := list(each))]
    return tuple(made)


def _known(*spreads: Spread) -> bool:
    return all(np.isfinite(each.mean) for each in spreads)


def _said(figures: Figures, indicator: str, words: str, unit: str = "", standard: str = "") -> Iterator[str]:
    """A sentence: ``words`` with the figure in place of ``{}``, how it changed, England's, the standard.

    Nothing where the run cannot tell.
    """
    line, found = figures.line(indicator), figures.value(indicator)
    if line is None or not _known(found):
        return
    mean, bracket, span = found.text(line.indicator.decimals).partition(" (")
    sentence = words.format(f"{mean}{unit}{bracket}{span}") + _change(figures, line, unit)
    beside = [_england_of(line, unit)] if line.england_row else []
    if standard:
        beside.append(f"the standard is {number(figures.standard(standard))}{unit}")
    yield "; ".join([sentence, *beside]) + "."


def _change(figures: Figures, line: Line, unit: str) -> str:
    """``, down from 92.6% in 2015/16``, said only where every replicate moved that way."""
    first = figures.whole_years[0] if figures.whole_years else figures.year
    if first == figures.year:
        return ""
    then = np.array(figures.values(line.indicator.name, first))
    now = np.array(figures.values(line.indicator.name))
    was = f"{np.nanmean(then):,.{line.indicator.decimals}f}{unit} in {first}"
    if f"{np.nanmean(now):,.{line.indicator.decimals}f}{unit} in {first}" == was:
        return f", as in {first}"
    if (now > then).all():
        return f", up from {was}"
    if (now < then).all():
        return f", down from {was}"
    return f", {was} and not the same way in every replicate"


def _england_of(line: Line, unit: str) -> str:
    """``England had 88.3% in 2017/18``; a figure recalled and not read is said to be."""
    row = line.england_row
    if row is None:
        return ""
    recalled = f" ({SAID_OF_MARKS[row.kind]})" if MARKS[row.kind] else ""
    return f"England had {line.england:,.{line.indicator.decimals}f}{unit} in {row.year[:7]}{recalled}"


AT_A_GLANCE = (
    ("emergency_admissions", "emergency admissions for 1,000 residents", ""),
    ("four_hours", "seen in A&E within four hours", "%"),
    ("occupancy", "beds full", "%"),
    ("eighteen_weeks", "waiting less than 18 weeks", "%"),
    ("routine_wait", "days of waiting for a routine GP appointment", ""),
)
"""Indicator, words, unit."""


DOUBTED = ("Emergency admissions", "A&E attendances", "Cost of residents' care")
"""Outcomes whose doubt is told first."""


def _happens(figures: Figures) -> Iterator[str]:
    """From the first whole year to the last, and what one world cannot tell."""
    given = figures.run.manifest["experiment"]
    programme = given["programme"]
    world = "without a programme" if isinstance(programme, str) else f"with {programme['name']}"
    first = figures.whole_years[0] if figures.whole_years else figures.year
    said = []
    for indicator, words, unit in AT_A_GLANCE:
        line, now = figures.line(indicator), figures.value(indicator)
        if line is None or not _known(now):
            continue
        decimals = line.indicator.decimals
        then = figures.value(indicator, first)
        moved = first != figures.year and _known(then)
        start = f"{then.mean:,.{decimals}f}{unit} to " if moved else ""
        said.append(f"{words} {start}{now.mean:,.{decimals}f}{unit}")
    if said:
        span = figures.year if first == figures.year else f"{first} to {figures.year}"
        yield f"{world[:1].upper()}{world[1:]}, {span}: {', '.join(said)}."
    if not isinstance(programme, str):
        yield (
            "What the programme changes one world cannot tell: icsim compare status-quo and this experiment."
        )


def _sure(figures: Figures) -> Iterator[str]:
    """Luck by replicates, and how far such a place hangs on what nobody has measured."""
    count = figures.run.replicates
    yield (
        "One history of one seed: luck is not told from change."
        if count == 1
        else f"{count} histories that differ in luck alone; brackets are the lowest and highest."
    )
    drawn = [each for each in basis.in_doubt(figures) if each[0] in DOUBTED]
    if not drawn:
        return
    said = listed([f"{_lower(label)} by {basis.between(spread)}" for label, spread, _ in drawn])
    label, spread, closest = drawn[0]
    yield (
        f"Over {spread.draws} draws of assumed values, plausible together, such a place varies in {said} "
        f"(middle 95%); of the variance of {_lower(label)} {spread.assumed:.0%} rests on them"
        + (f", most on {basis.goes_with(closest)}." if closest else ".")
    )


def _people(figures: Figures) -> Iterator[str]:
    said = f"{figures.value('population').text(0)} residents on average {figures.in_year}"
    if not figures.has("by_age_and_imd"):
        yield f"{said}."
        return
    older, of_england = age_shares(figures)
    years = figures.person_years.sum(axis=1)
    poorest = Spread.of(100 * years[:, 0] / years.sum(axis=1))
    yield (
        f"{said}: {number(older.mean)}% of them 65 or over (England {number(of_england)}%), "
        f"{number(poorest.mean)}% in the "
        "most deprived fifth of England's neighbourhoods (England 20%)."
    )


def _practice(figures: Figures) -> Iterator[str]:
    yield from _said(figures, "routine_wait", "The wait for a routine appointment is {}", " days")
    yield from _said(figures, "gp_consultations", "A resident sees a GP or nurse {} times a year")


def _emergency(figures: Figures) -> Iterator[str]:
    seen = "{} are seen in A&E within four hours"
    yield from _said(figures, "four_hours", seen, "%", "standard_four_hours")
    yield from _said(figures, "ae_attendances", "Of 1,000 residents there are {} attendances a year")
    yield from _said(
        figures, "emergency_admissions", "Of 1,000 residents there are {} emergency admissions a year"
    )


def _beds(figures: Figures) -> Iterator[str]:
    yield from _said(figures, "occupancy", "{} of the beds of the place's own hospitals are full", "%")
    yield from _said(figures, "occupancy_winter", "In winter it is {}", "%")
    lost = "Delayed transfers take {} bed days a year per 1,000 residents"
    yield from _said(figures, "delayed_transfers", lost)


def _waiting(figures: Figures) -> Iterator[str]:
    words = f"{{}} of those waiting at the end of {figures.year} have waited less than 18 weeks"
    yield from _said(figures, "eighteen_weeks", words, "%", "standard_18_weeks")


def _deprivation(figures: Figures) -> Iterator[str]:
    if not figures.has("by_age_and_imd"):
        return
    ratios = [
        (deprivation_ratio(figures, measure), what)
        for measure, what in (
            ("gp_appointments", "consultations"),
            ("ae_attendances", "A&E attendances"),
            ("emergency_admissions", "emergency admissions"),
        )
    ]
    said = [f"{number(ratio.mean)} times the {what}" for ratio, what in ratios if _known(ratio)]
    if said:
        yield (
            f"People of the most deprived fifth have {listed(said)} of those of the least deprived "
            "fifth, people of the same "
            "age compared."
        )


def _money(figures: Figures) -> Iterator[str]:
    if not figures.has("money"):
        return
    paid = money.total(figures)
    named = [
        (figures.value(line.indicator.name).mean, line.indicator.label)
        for line in figures.summary.lines
        if line.indicator.name.startswith("spending_")
    ]
    if not _known(paid) or not named:
        return
    named.sort(reverse=True)
    said = listed([f"£{number(value)} a head to {_lower(label)}" for value, label in named[:3]])
    yield (
        f"£{paid} million from the Treasury and from residents who pay {figures.in_year}; of what was "
        f"paid on, {said} (2016/17 prices)."
    )


def _lower(label: str) -> str:
    """A label inside a sentence; abbreviations stay."""
    return label if label[:2].isupper() or label[0].isdigit() else label[0].lower() + label[1:]


def _signals(found: dict[str, History]) -> Iterator[str]:
    """Measures whose last month stands out in every replicate."""
    judged = [each for each in found.values() if np.isfinite(each.charts[0].upper)]
    if not judged:
        return
    agreed = [each for each in judged if each.agreeing == len(each.charts)]
    concern = [each.monthly.title for each in agreed if each.charts[0].last[0] == "concern"]
    better = [each.monthly.title for each in agreed if each.charts[0].last[0] == "improvement"]
    many = len(judged[0].charts)
    every = f" in all {many} replicates" if many > 1 else ""
    yield (
        f"Of {len(judged)} monthly measures, {len(concern)} end the run as a concern{every} and "
        f"{len(better)} as an improvement."
    )
    for what, names in (("Concern", concern), ("Improvement", better)):
        if names:
            yield f"{what}: {listed([_lower(name) for name in names])}."


def _england(baseline: Baseline | None) -> Iterator[str]:
    if baseline is None:
        return
    judged = [row for row in baseline.rows if row.verdict in (IN, OUT)]
    free = [row for row in judged if not row.published.set_to]
    outside = [row for row in judged if row.verdict == OUT]
    if not judged:
        return
    yield (
        f"Of {len(judged)} published figures that the run can be held against, "
        f"{len(judged) - len(outside)} are met "
        f"within what is asked; of the {len(free)} that nothing in the model was set to, "
        f"{sum(row.verdict == IN for row in free)}."
    )
    ranked = sorted(outside, key=lambda row: -abs(np.log(max(row.ratio, 1e-6))))
    worst = list({row.topic: row for row in reversed(ranked)}.values())
    worst.sort(key=ranked.index)
    if worst:
        yield f"Furthest off: {'; '.join(_off(row) for row in worst[:3])}."


def _off(row: Row) -> str:
    """``beds: occupied past 21 days, 12.0 and not 26.3 % of beds``."""
    topic = row.topic if " NHS " in row.topic else _lower(row.topic)
    unit = row.unit if row.unit.startswith("%") else f" {row.unit}"
    return f"{topic}: {row.label}, {number(row.found)} and not {number(row.published.value)}{unit}"


def _basis(figures: Figures) -> Iterator[str]:
    used = basis.counts(figures)
    whole = sum(used.values())
    if whole:
        yield (
            f"{whole:,} values of the evidence catalogue: {used['measured']:,} measured, "
            f"{used['reported']:,} reported and "
            f"{used['assumed']:,} assumed or recalled ({used['assumed'] / whole:.0%})."
        )
