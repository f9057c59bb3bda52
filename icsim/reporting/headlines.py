"""What a reader takes away: sentences in plain words, each computed from the run."""

from collections.abc import Iterator

import numpy as np

from icsim.recording.summary import MARKS, SAID_OF_MARKS
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
    """(what, sentence) in reading order; nothing is said of what the run did not record."""
    parts = (
        ("People", _people(figures)),
        ("General practice", _practice(figures)),
        ("A&E", _emergency(figures)),
        ("Beds", _beds(figures)),
        ("Waiting list", _waiting(figures)),
        ("Deprivation", _deprivation(figures)),
        ("Money", _money(figures)),
        ("Over time", _signals(found)),
        ("England", _england(baseline)),
        ("It rests on", _basis(figures)),
    )
    made = [(what, " ".join(sentences)) for what, each in parts if (sentences := list(each))]
    return tuple(made)


def _known(*spreads: Spread) -> bool:
    return all(np.isfinite(each.mean) for each in spreads)


def _versus(figures: Figures, indicator: str, unit: str = "") -> str:
    """`` (England 88.3%)``, or nothing; a figure recalled and not read is said to be."""
    england = figures.england(indicator)
    if england is None:
        return ""
    figure, year, kind = england
    said = f", {SAID_OF_MARKS[kind]}" if MARKS[kind] else ""
    return f" (England {number(figure)}{unit}, {year[:7]}{said})"


def _people(figures: Figures) -> Iterator[str]:
    residents = figures.value("population")
    said = f"{residents} residents on average {figures.in_year}"
    if not figures.has("by_age_and_imd"):
        yield f"{said}."
    else:
        older, of_england = age_shares(figures)
        years = figures.person_years.sum(axis=1)
        poorest = Spread.of(100 * years[:, 0] / years.sum(axis=1))
        yield (
            f"{said}: {number(older.mean)}% of them 65 or over (England {number(of_england)}%), "
            f"{number(poorest.mean)}% in the "
            "most deprived fifth of England's neighbourhoods."
        )


def _practice(figures: Figures) -> Iterator[str]:
    seen, wait = figures.value("gp_consultations"), figures.value("routine_wait")
    if _known(seen):
        yield f"{seen} consultations a person{_versus(figures, 'gp_consultations')}."
    if _known(wait):
        yield f"A routine appointment is {wait} days away{_earlier(figures, 'routine_wait')}."


def _earlier(figures: Figures, indicator: str, unit: str = "") -> str:
    """``, 3.4 in 2015/16`` where another whole year came before."""
    first = figures.whole_years[0] if figures.whole_years else figures.year
    if first == figures.year:
        return ""
    return f", {number(figures.value(indicator, first).mean)}{unit} in {first}"


def _emergency(figures: Figures) -> Iterator[str]:
    came, seen = figures.value("ae_attendances"), figures.value("four_hours")
    admitted = figures.value("emergency_admissions")
    if _known(came):
        yield f"{came} attendances per 1,000 residents a year{_versus(figures, 'ae_attendances')}."
    if _known(seen):
        standard = number(figures.standard("standard_four_hours"))
        yield f"{seen}% within four hours{_versus(figures, 'four_hours', '%')}; the standard is {standard}%."
    if _known(admitted):
        yield f"{admitted} emergency admissions per 1,000{_versus(figures, 'emergency_admissions')}."


def _beds(figures: Figures) -> Iterator[str]:
    full, winter = figures.value("occupancy"), figures.value("occupancy_winter")
    lost = figures.value("delayed_transfers")
    if _known(full):
        cold = f"; {number(winter.mean)}% in winter" if _known(winter) else ""
        yield (
            f"{full}% of the beds of the place's own hospitals are "
            f"full{_versus(figures, 'occupancy', '%')}{cold}."
        )
    if _known(lost):
        yield (
            f"{lost} bed days per 1,000 residents are lost to delayed "
            f"transfers{_versus(figures, 'delayed_transfers')}."
        )


def _waiting(figures: Figures) -> Iterator[str]:
    under = figures.value("eighteen_weeks")
    if _known(under):
        standard = number(figures.standard("standard_18_weeks"))
        yield (
            f"{under}% of those waiting at the end of {figures.year} have waited less than 18 weeks"
            f"{_earlier(figures, 'eighteen_weeks', '%')}{_versus(figures, 'eighteen_weeks', '%')}; "
            f"the standard is {standard}%."
        )


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
        f"{len(judged) - len(outside)} of {len(judged)} figures of {baseline.financial_year} that can "
        "be judged "
        f"lie within what is asked beside the published ones; of the {len(free)} that nothing in the "
        "model was set to, "
        f"{sum(row.verdict == IN for row in free)}."
    )
    if outside:
        worst = sorted(outside, key=lambda row: -abs(np.log(max(row.ratio, 1e-6))))[:3]
        yield f"Furthest off: {'; '.join(_off(row) for row in worst)}."


def _off(row: Row) -> str:
    """``beds: occupied past 21 days, 12.0 and not 26.3 % of beds``."""
    topic = row.topic if row.topic[:1].isupper() and " NHS " in row.topic else _lower(row.topic)
    return f"{topic}: {row.label}, {number(row.found)} and not {number(row.published.value)} {row.unit}"


def _basis(figures: Figures) -> Iterator[str]:
    used = basis.counts(figures)
    whole = sum(used.values())
    if whole:
        yield (
            f"{whole:,} values of the evidence catalogue: {used['measured']} measured, "
            f"{used['reported']} reported and "
            f"{used['assumed']} assumed or recalled ({used['assumed'] / whole:.0%})."
        )
