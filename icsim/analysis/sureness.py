"""What a comparison says of its doubt, in words and as a table: luck, and what nobody has measured, apart."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from icsim.analysis.doubt import ASSUMPTIONS, PAIRS_EACH, STUDIES, Doubt, doubts, studies_of
from icsim.analysis.outcomes import ALL
from icsim.analysis.telling import DASH, SHOWN, Table, signed, span, with_span

if TYPE_CHECKING:
    from icsim.analysis.comparison import Comparison

DOUBTED = (
    "emergency_admissions", "ae_attendances", "bed_days", "deaths", "unmet_need", "care_cost_gbp",
    "joint_effort", "joint_maturity", "service_coverage",
)  # fmt: skip
"""Outcomes whose doubt is told."""
HOW = "icsim compare A B --assumptions 40"


def tables(comparison: "Comparison", policy: str) -> Iterator[Table]:
    """Luck, and what each study of draws adds, side by side; nothing where nothing was drawn."""
    studies = studies_of(comparison)
    if not studies:
        return
    d: Any = comparison.differences
    here = d[(d["experiment"] == policy) & (d["dimension"] == "place") & (d["financial_year"] == ALL)]
    found = {row.outcome: row for row in here.itertuples()}
    rows = []
    for outcome in SHOWN:
        if outcome.name not in DOUBTED or outcome.name not in found:
            continue
        finer, row = outcome.decimals + (outcome.decimals > 0), found[outcome.name]
        cells = [with_span(row.difference, row.low, row.high, finer)]
        for one in doubts(comparison, policy, outcome.name):
            cells += _cells(one, finer)
        rows.append((outcome.label, *cells))
    heads = ["Change over the whole run", "as catalogued (luck, 95%)"]
    for study in studies:
        heads += [f"over {STUDIES[study]} (middle 95%)", "same way", "rests on them (95%)"]
    words = [_of_study(comparison, study) for study in studies]
    names = dict.fromkeys((comparison.manifest["outcome"], "emergency_admissions"))
    words += [closest(one) for name in names for one in doubts(comparison, policy, name)]
    title = "How sure: luck, and what nobody has measured"
    yield Table(title, tuple(heads), tuple(rows), " ".join(words))


def _cells(one: Doubt, decimals: int) -> tuple[str, str, str]:
    """The change over draws, how many draws agree on its sign, and the share that rests on them."""
    s = one.shares
    if math.isnan(s.mean):
        return (DASH, DASH, DASH)
    agree = f"{s.same_way:.0%}" if s.low or s.high else DASH  # of no change there is no way
    return with_span(s.mean, s.low, s.high, decimals), agree, share(one)


def share(one: Doubt) -> str:
    """The share of variance that rests on what was drawn, with its interval."""
    s = one.shares
    if math.isnan(s.share):
        return DASH
    between = "" if math.isnan(s.share_low) else f" ({s.share_low:.0%} to {s.share_high:.0%})"
    return f"{s.share:.0%}{between}"


def _of_study(comparison: "Comparison", study: str) -> str:
    about = comparison.manifest["doubt"][study]
    return (
        f"{STUDIES[study].capitalize()}: {about['draws']} draws of {about['values']:,} values at once, "
        f"{PAIRS_EACH} pairs of runs each. What rests on them is a share of the variance of single pairs; "
        "the rest is luck."
    )


def closest(one: Doubt) -> str:
    """The three values that a change goes with most closely, and whether they stand out from chance."""
    ranked = one.ranking
    label = next((each.label for each in SHOWN if each.name == one.outcome), one.outcome).lower()
    if not ranked.first:
        return (
            f"Which of the {STUDIES[one.study]} the change of {label} rests on cannot be told: there are too "
            "few draws, or it is the same in all."
        )
    named = "; ".join(
        f"{each.key} ({each.correlation:+.2f}, {each.low:+.2f} to {each.high:+.2f})" for each in ranked.first
    )
    sure, many = len(ranked.sure), len(ranked.first)
    stand = "none of them stands" if not sure else "all stand" if sure == many else f"{sure} of them stand"
    return (
        f"The change of {label} goes most with {named} (rank correlation over draws, 95%); {stand} out from "
        f"chance, by which the closest of {ranked.drawn:,} values reaches {ranked.chance:.2f}."
    )


def sentences(comparison: "Comparison", policy: str, outcome: str) -> Iterator[str]:
    """What a decision must know of the doubt about an outcome."""
    made = doubts(comparison, policy, outcome)
    for one in made:
        s, drawn = one.shares, comparison.manifest["doubt"][one.study]
        if math.isnan(s.mean):
            yield f"Too few draws of {STUDIES[one.study]} to say what rests on them."
            continue
        yield (
            f"Over {s.draws} draws of {drawn['values']:,} {STUDIES[one.study]} the change is "
            f"{signed(s.mean)} (middle 95%: {span(s.low, s.high)}), the same way in {s.same_way:.0%}. "
            f"Of the variance of single pairs {share(one)} rests on them, the rest is luck."
        )
        yield closest(one)
    if ASSUMPTIONS not in {one.study for one in made}:
        yield (
            "Doubt about assumed values is not in them: compare with --assumptions 40 to see what rests on "
            "them, and which matter most."
        )
