"""Writes docs/assumptions.md, and the study that comes with icsim: what the doubt about nine places rests on.

From the top of the repository, after ``docs/make_first_look.py FOLDER``: ``python docs/make_assumptions.py
FOLDER``. FOLDER holds a comparison of each place with its status quo. No figure is typed in.
"""

import csv
import math
import sys
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from string import Template
from typing import Any

from icsim import evidence
from icsim.analysis.comparison import Comparison, open_comparison
from icsim.analysis.doubt import ASSUMPTIONS, ENSEMBLE, PAIRS_EACH, Doubts, doubts
from icsim.analysis.drawing import PEOPLE
from icsim.analysis.outcomes import KNOWN
from icsim.analysis.screening import rows, screening
from icsim.analysis.sureness import DOUBTED, percent
from icsim.evidence import plausible
from icsim.evidence.places import shipped
from icsim.evidence.study import CHANGE, CLOSEST, LEVEL, SPREADS

OUTCOMES = ("emergency_admissions", "ae_attendances", "bed_days", "deaths", "unmet_need", "care_cost_gbp")
SHOWN = ("emergency_admissions", "ae_attendances", "care_cost_gbp")
TOLD = 5
PARTS = ("luck", "assumed", "behaviours")
HEADS = ("place", "of", "outcome", "draws", "low", "high", "luck", "assumed", "behaviour")
CLOSEST_HEADS = ("of", "outcome", "key", "correlation", "low", "high", "places", "draws", "beyond")
TEMPLATE = Path(__file__).parent / "img" / "assumptions.md.in"


def main() -> None:
    """Write the page and the two tables."""
    found = {place: open_comparison(Path(sys.argv[1]) / place) for place in shipped()}
    about = _about(found)
    SPREADS.write_text(_csv(about, HEADS, spreads(found)), encoding="utf-8")
    CLOSEST.write_text(_csv({}, CLOSEST_HEADS, _rounded(closest(found))), encoding="utf-8")
    page = Path(__file__).parent / "assumptions.md"
    page.write_text(told(found, about), encoding="utf-8")


def _about(found: dict[str, Comparison]) -> dict[str, str]:
    first = next(iter(found.values()))
    drawn, made = first.manifest["doubt"], first.manifest["versions"]["icsim"]
    return {
        "made": f"icsim {made}, {max(one.manifest['created'][:10] for one in found.values())}",
        "places": f"{len(found)}, each with and without its programme, {first.replicates} pairs one to one",
        "draws": f"{drawn[ASSUMPTIONS]['draws']} of assumed values and {drawn[ENSEMBLE]['draws']} of "
        f"behaviour in each place, {PAIRS_EACH} pairs of runs each, {PEOPLE:,} people",
    }


def _csv(about: dict[str, str], heads: Sequence[str], table: Sequence[Sequence[Any]]) -> str:
    out = StringIO()
    out.writelines(f"# {key}: {value}\n" for key, value in about.items())
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([heads, *table])
    return out.getvalue()


def _rounded(table: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [[f"{cell:.3f}" if isinstance(cell, float) else cell for cell in row] for row in table]


def spreads(found: dict[str, Comparison]) -> list[list[Any]]:
    """As shares of the level: how far levels and changes vary over assumed values, and what that rests on."""
    table = []
    for place, one in found.items():
        for outcome in OUTCOMES:
            level = _level(one, outcome)
            for of in (LEVEL, CHANGE):
                made = doubts(one, one.policies[0], outcome, change=of == CHANGE)
                assumed = _study(made, ASSUMPTIONS)
                s = assumed.spread
                by = s.mean if of == LEVEL else level
                parts = (made.luck, assumed.share[0], _study(made, ENSEMBLE).share[0])
                table.append([place, of, outcome, s.draws, s.low / by, s.high / by, *parts])
    return [[f"{cell:.4f}" if isinstance(cell, float) else cell for cell in row] for row in table]


def closest(found: dict[str, Comparison]) -> list[tuple[Any, ...]]:
    """The values that stand out, of the levels of some outcomes and the changes of all that are told."""
    table: list[tuple[Any, ...]] = []
    for outcome in OUTCOMES:
        table += rows(screening(found.values(), outcome, change=False), LEVEL, outcome)
    for outcome in DOUBTED:
        table += rows(screening(found.values(), outcome, change=True), CHANGE, outcome)
    return table


def _study(made: Doubts, name: str) -> Any:
    return next(one for one in made.studies if one.study == name)


def _level(one: Comparison, outcome: str) -> float:
    return float(one.pairs(one.policies[0], outcome)["reference"].mean())


def told(found: dict[str, Comparison], about: dict[str, str]) -> str:
    """The page, from its template."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        **{f"about_{key}": value for key, value in about.items()},
        kept=plausible.shipped().about["kept"], within=plausible.shipped().about["within"],
        changes="\n\n".join(_changes(found, outcome) for outcome in SHOWN),
        levels="\n".join(_levels(found)), closest="\n".join(_closest(found)),
        counted="\n".join(_counted(found)),
    )  # fmt: skip


def _changes(found: dict[str, Comparison], outcome: str) -> str:
    heads = ("place", "as catalogued (95% by luck)", "over assumed values", "over behaviours", *PARTS)
    lines = [
        f"*{KNOWN[outcome].label}*",
        "",
        f"| {' | '.join(heads)} |",
        "| :-- |" + " --: |" * (len(heads) - 1),
    ]
    for place, one in found.items():
        policy, level = one.policies[0], _level(one, outcome)
        made = doubts(one, policy, outcome)
        d: Any = one.differences
        row = d[
            (d["outcome"] == outcome) & (d["dimension"] == "place") & (d["financial_year"] == "all")
        ].iloc[0]
        cells = [_share(row["relative"], row["relative_low"], row["relative_high"])]
        for each in made.studies:
            s = each.spread
            cells.append(
                _share(s.mean / level, s.low / level, s.high / level) if s.variance else "luck alone"
            )
        cells += [percent(made.luck), *(percent(each.share[0]) for each in made.studies)]
        lines.append(f"| {place} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _share(middle: float, low: float, high: float) -> str:
    if math.isnan(low):
        return f"{middle:+.1%}"
    return f"{middle:+.1%} ({low:+.1%} to {high:+.1%})"


def _levels(found: dict[str, Comparison]) -> Iterator[str]:
    labels = [KNOWN[outcome].label for outcome in OUTCOMES]
    yield f"| place | {' | '.join(labels)} |"
    yield "| :-- |" + " --: |" * len(labels)
    for place, one in found.items():
        cells = []
        for outcome in OUTCOMES:
            s = _study(doubts(one, one.policies[0], outcome, change=False), ASSUMPTIONS).spread
            cells.append(f"{s.low / s.mean - 1:+.0%} to {s.high / s.mean - 1:+.0%}")
        yield f"| {place} | {' | '.join(cells)} |"


def _closest(found: dict[str, Comparison]) -> Iterator[str]:
    catalogue = evidence.load()
    yield "| of | goes with | range | correlation (95%) | places | what it is |"
    yield "| :-- | :-- | --: | --: | --: | :-- |"
    for of, outcomes in ((CHANGE, DOUBTED), (LEVEL, OUTCOMES)):
        for outcome in outcomes:
            made = screening(found.values(), outcome, change=of == CHANGE)
            label = f"{of} of {KNOWN[outcome].label[:1].lower()}{KNOWN[outcome].label[1:]}".replace(
                "of a&E", "of A&E"
            )
            surely = [one for one in made.found if one.beyond]
            if not surely:
                yield f"| {label} | nothing beyond chance | | | | |"
            for one in surely[:TOLD]:
                row = catalogue[one.key]
                r = f"{one.correlation:+.2f} ({one.low:+.2f} to {one.high:+.2f})"
                between = f"{row.low:g} to {row.high:g} {row.unit}"
                yield f"| {label} | `{one.key}` | {between} | {r} | {one.comparisons} | {row.note} |"


def _counted(found: dict[str, Comparison]) -> Iterator[str]:
    """In how many places the assumed values take the larger part, and leave the sign open."""
    for outcome in SHOWN:
        larger = opened = 0
        for one in found.values():
            assumed = _study(doubts(one, one.policies[0], outcome), ASSUMPTIONS)
            larger += assumed.share[0] > 0.5
            opened += not (assumed.spread.low > 0 or assumed.spread.high < 0)
        yield (
            f"- {KNOWN[outcome].label}: over half of the variance rests on assumed values in {larger} of "
            f"{len(found)} places; their middle 95% leaves open in {opened} whether it rises or falls."
        )


if __name__ == "__main__":
    main()
