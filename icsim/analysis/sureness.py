"""What a comparison says of its doubt, in words and as tables: luck, and what nobody has measured, apart."""

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from icsim import evidence
from icsim.analysis.doubt import ASSUMPTIONS, PAIRS_EACH, STUDIES, TOLD, Doubt, doubts, studies_of
from icsim.analysis.outcomes import ALL
from icsim.analysis.telling import DASH, SHOWN, Table, number, signed, span, with_span
from icsim.evidence import study

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
        per, label = (1000, f"{outcome.label}, £ thousand") if outcome.unit == "£" else (1, outcome.label)
        finer, row = outcome.decimals + (outcome.decimals > 0), found[outcome.name]
        told = doubts(comparison, policy, outcome.name)
        cells = [with_span(row.difference / per, row.low / per, row.high / per, finer)]
        changes.append((label, *cells, *(_drawn(one, finer, per) for one in told.studies)))
        deviation = number(told.deviation / per, finer)
        rests.append((label, deviation, percent(told.luck), *(share(one) for one in told.studies)))
    heads = [
        "Change over the whole run",
        "as catalogued: luck",
        *(f"over {STUDIES[each]}" for each in studies),
    ]
    words = " ".join(_of_study(comparison, each) for each in studies)
    words = f"In brackets: 95% by luck, the middle 95% of draws. {words}"
    yield Table("How sure: luck, and what nobody has measured", tuple(heads), tuple(changes), words)
    heads = ["Its variance, in parts", "standard deviation", "luck", *(STUDIES[each] for each in studies)]
    names = dict.fromkeys((comparison.manifest["outcome"], "emergency_admissions"))
    words = " ".join(closest(one) for name in names for one in doubts(comparison, policy, name).studies)
    yield Table("What the doubt rests on", tuple(heads), tuple(rests), f"{_of_luck(comparison)} {words}")


def _drawn(one: Doubt, decimals: int, per: float) -> str:
    """The change over draws; of no spread beyond luck nothing is said."""
    s = one.spread
    if math.isnan(s.mean):
        return DASH
    if not s.variance:
        return f"{signed(s.mean / per, decimals)} (luck alone)" if s.luck else signed(s.mean, decimals)
    return with_span(s.mean / per, s.low / per, s.high / per, decimals)


def percent(value: float) -> str:
    """``12%``; a dash when unknown."""
    return DASH if math.isnan(value) else f"{value:.0%}"


def share(one: Doubt) -> str:
    """The share of variance that rests on what was drawn, with its interval."""
    middle, low, high = one.share
    return DASH if math.isnan(middle) else f"{middle:.0%} ({low:.0%} to {high:.0%})"


def _of_study(comparison: "Comparison", study: str) -> str:
    about = comparison.manifest["doubt"][study]
    part = about.get("of_the_people", 1.0)
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


def _words(key: str, correlation: float, low: float, high: float) -> str:
    """A value, its range and how the change goes with it."""
    row = evidence.load()[key]
    return f"{key} ({row.low:g} to {row.high:g} {row.unit}; {correlation:+.2f}, {low:+.2f} to {high:+.2f})"


def _short(key: str, correlation: float, *_: float) -> str:
    """A value and how the change goes with it."""
    return f"{key} ({correlation:+.2f})"


def closest(one: Doubt, words: Callable[..., str] = _words) -> str:
    """The three values that a change goes with most closely, and whether they stand out from chance."""
    ranked, what = one.ranking, STUDIES[one.study]
    label = next((each.label for each in SHOWN if each.name == one.outcome), one.outcome).lower()
    if not ranked.first:
        return (
            f"Which of the {what} the change of {label} rests on these draws cannot tell: they are too few, "
            f"or it is the same in all.{_usually(one, words)}"
        )
    named = "; ".join(words(each.key, each.correlation, each.low, each.high) for each in ranked.first)
    sure, many = len(ranked.sure), len(ranked.first)
    chance = f"the closest of {ranked.drawn:,} reaches {ranked.chance:.2f} by chance"
    if not sure:
        return (
            f"No single one of the {what} stands out in these draws ({chance}); the change of {label} goes "
            f"most with {named} (rank correlations over draws).{_usually(one, words)}"
        )
    stand = "all stand" if sure == many else f"{sure} of them stand{'s' if sure == 1 else ''}"
    return (
        f"Of the {what} the change of {label} goes most with {named} (rank correlations over draws); {stand} "
        f"out ({chance}).{'' if sure == many else _usually(one, words)}"
    )


def _usually(one: Doubt, words: Callable[..., str]) -> str:
    """What it goes with in the study that comes with icsim, of many draws; empty if that tells nothing."""
    closest = study.shipped().nearest(study.CHANGE, one.outcome) if one.study == ASSUMPTIONS else ()
    known = [each for each in closest if each.beyond]
    if not known:
        return ""
    named = "; ".join(words(each.key, each.correlation, each.low, each.high) for each in known[:TOLD])
    return (
        f" Beyond chance it goes with {named} in the study that comes with icsim: {known[0].draws} draws in "
        f"{known[0].places} places, with and without their programmes."
    )


def sentences(comparison: "Comparison", policy: str, outcome: str) -> Iterator[str]:
    """What a decision must know of the doubt about an outcome."""
    made = doubts(comparison, policy, outcome)
    for one in made.studies:
        s, what = one.spread, STUDIES[one.study]
        if math.isnan(s.mean):
            yield f"Too few draws of {what} to say what rests on them."
        elif s.variance:
            between = f"(middle 95%: {span(s.low, s.high)}), the same way in {s.same_way:.0%}"
            yield f"Over {s.draws} draws of {what} the change is {signed(s.mean)} {between}."
        else:
            yield f"Over {s.draws} draws of {what} it is {signed(s.mean)} and varies no more than by luck."
    if not math.isnan(made.luck) and made.studies:
        parts = [f"{share(one)} rests on {STUDIES[one.study]}" for one in made.studies]
        deviation = f"standard deviation {number(made.deviation)}"
        said = ", ".join([f"{percent(made.luck)} is luck", *parts])
        yield f"Of the variance of the mean change ({deviation}) {said}."
    assumed = next((one for one in made.studies if one.study == ASSUMPTIONS), None)
    yield (
        closest(assumed, _short) if assumed else
        "Doubt about assumed values is not in them: none were drawn (--assumptions 0)."
    )  # fmt: skip
