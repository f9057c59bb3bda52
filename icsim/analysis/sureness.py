"""What a comparison says of its doubt, in words and as tables: luck, and what nobody has measured, apart."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from icsim import evidence
from icsim.analysis.doubt import ASSUMPTIONS, PAIRS_EACH, STUDIES, Doubt, Matters, doubts, studies_of
from icsim.analysis.outcomes import ALL
from icsim.analysis.telling import DASH, SHOWN, Table, number, signed, span, with_span

if TYPE_CHECKING:
    from icsim.analysis.comparison import Comparison

DOUBTED = (
    "emergency_admissions", "ae_attendances", "bed_days", "deaths", "unmet_need", "care_cost_gbp",
    "joint_effort", "joint_maturity", "service_coverage",
)  # fmt: skip
"""Outcomes whose doubt is told."""


def tables(comparison: "Comparison", policy: str) -> Iterator[Table]:
    """The change over luck and over each study of draws, and what the doubt about it rests on."""
    studies = studies_of(comparison)
    if not studies:
        return
    d: Any = comparison.differences
    here = d[(d["experiment"] == policy) & (d["dimension"] == "place") & (d["financial_year"] == ALL)]
    found = {row.outcome: row for row in here.itertuples()}
    changes, rests = [], []
    for outcome in SHOWN:
        if outcome.name not in DOUBTED or outcome.name not in found:
            continue
        finer, row = outcome.decimals + (outcome.decimals > 0), found[outcome.name]
        told = doubts(comparison, policy, outcome.name)
        cells = [with_span(row.difference, row.low, row.high, finer)]
        changes.append((outcome.label, *cells, *(_drawn(one, finer) for one in told.studies)))
        unit = signed(told.deviation, finer).lstrip("+")
        rests.append((outcome.label, unit, percent(told.luck), *(share(one) for one in told.studies)))
    heads = ["Change over the whole run", "as catalogued (luck, 95%)"]
    for study in studies:
        heads.append(f"over {STUDIES[study]} (middle 95%)")
    words = " ".join(_of_study(comparison, study) for study in studies)
    yield Table("How sure: luck, and what nobody has measured", tuple(heads), tuple(changes), words)
    heads = ["Share of the variance of the mean change", "standard deviation", "luck"]
    heads += [f"{STUDIES[study]} (95%)" for study in studies]
    names = dict.fromkeys((comparison.manifest["outcome"], "emergency_admissions"))
    words = " ".join(closest(one) for name in names for one in doubts(comparison, policy, name).studies)
    yield Table("What the doubt rests on", tuple(heads), tuple(rests), f"{_of_luck(comparison)} {words}")


def _drawn(one: Doubt, decimals: int) -> str:
    """The change over draws; of no spread beyond luck nothing is said."""
    s = one.spread
    if math.isnan(s.mean):
        return DASH
    if not s.variance:
        return f"{signed(s.mean, decimals)} (luck alone)" if s.luck else signed(s.mean, decimals)
    return with_span(s.mean, s.low, s.high, decimals)


def percent(value: float) -> str:
    """``12%``; a dash when unknown."""
    return DASH if math.isnan(value) else f"{value:.0%}"


def share(one: Doubt) -> str:
    """The share of variance that rests on what was drawn, with its interval."""
    middle, low, high = one.share
    return DASH if math.isnan(middle) else f"{middle:.0%} ({low:.0%} to {high:.0%})"


def _of_study(comparison: "Comparison", study: str) -> str:
    about = comparison.manifest["doubt"][study]
    part = about["of_the_people"]
    people = (
        "as many people as the comparison" if part == 1 else f"{100 * about['sample']:.2g}% of the people"
    )
    return (
        f"{STUDIES[study].capitalize()}: {about['draws']} draws of {about['values']:,} values at once, "
        f"{PAIRS_EACH} pairs of runs each, {people}; luck is taken out of their spread."
    )


def _of_luck(comparison: "Comparison") -> str:
    pairs = comparison.replicates
    if pairs == 1:
        return "Luck is that of the one pair, as the draws show it."
    return (
        f"Luck: what is left of it in the mean of {pairs} pairs; more pairs make it less, and the rest stays."
    )


def _words(one: Matters) -> str:
    """A value, its range and how the change goes with it."""
    row = evidence.load()[one.key]
    between = f"{row.low:g} to {row.high:g} {row.unit}"
    return f"{one.key} ({between}; {one.correlation:+.2f}, {one.low:+.2f} to {one.high:+.2f})"


def closest(one: Doubt) -> str:
    """The three values that a change goes with most closely, and whether they stand out from chance."""
    ranked = one.ranking
    label = next((each.label for each in SHOWN if each.name == one.outcome), one.outcome).lower()
    if not ranked.first:
        return (
            f"Which of the {STUDIES[one.study]} the change of {label} rests on cannot be told: there are too "
            "few draws, or it is the same in all."
        )
    named = "; ".join(_words(each) for each in ranked.first)
    sure, many = len(ranked.sure), len(ranked.first)
    stand = "none of them stands" if not sure else "all stand" if sure == many else f"{sure} of them stand"
    return (
        f"Of the {STUDIES[one.study]} the change of {label} goes most with {named} (range; rank correlation "
        f"over draws, 95%); {stand} out from chance, by which the closest of {ranked.drawn:,} values reaches "
        f"{ranked.chance:.2f}."
    )


def sentences(comparison: "Comparison", policy: str, outcome: str) -> Iterator[str]:
    """What a decision must know of the doubt about an outcome."""
    made = doubts(comparison, policy, outcome)
    for one in made.studies:
        s, drawn = one.spread, comparison.manifest["doubt"][one.study]
        if math.isnan(s.mean):
            yield f"Too few draws of {STUDIES[one.study]} to say what rests on them."
            continue
        yield (
            f"Over {s.draws} draws of {drawn['values']:,} {STUDIES[one.study]} the change is "
            f"{signed(s.mean)} (middle 95%: {span(s.low, s.high)}), the same way in {s.same_way:.0%}."
        )
    parts = [f"{percent(made.luck)} is luck"]
    parts += [f"{share(one)} rests on {STUDIES[one.study]}" for one in made.studies]
    if not math.isnan(made.luck) and made.studies:
        yield (
            f"Of the variance of the mean change (its standard deviation {number(made.deviation)}) "
            f"{', '.join(parts)}."
        )
    yield from (closest(one) for one in made.studies)
    if ASSUMPTIONS not in {one.study for one in made.studies}:
        yield (
            "Doubt about assumed values is not in them: this comparison was told not to draw any "
            "(--assumptions 0)."
        )
