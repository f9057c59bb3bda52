"""The report of a comparison: what each policy changes, as charts with intervals, and tables."""

from collections.abc import Iterator
from typing import Any

from icsim import __version__
from icsim.analysis.comparison import Comparison
from icsim.analysis.outcomes import ALL, KNOWN
from icsim.analysis.telling import (
    FIFTHS,
    KIND_OF_GROUP,
    ORDERS,
    SHOWN,
    heading,
    percent,
    tables_of,
    told,
)
from icsim.reporting import deciding
from icsim.reporting.charts import Change, changes
from icsim.reporting.page import Figure, Group, Page, Section, Table


def page_of(comparison: Comparison) -> Page:
    """The report as a page, not yet written."""
    title, _, about = heading(comparison).partition(": ")
    return Page(
        title=title,
        subtitle=about,
        cautions=(
            "A simulation: the people are made up from counts, and no figure here is a forecast or an "
            "observation of the real place.",
            *told(comparison).notes,
        ),
        headlines=tuple(deciding.headlines(comparison)),
        sections=(
            *deciding.why(comparison),
            *(_section(comparison, policy, f"p{k}") for k, policy in enumerate(comparison.policies, 1)),
        ),
        foot=f"Made by icsim {__version__} from a comparison of {comparison.manifest['created'][:10]}.",
    )


def _place(comparison: Comparison, policy: str) -> dict[str, Any]:
    d: Any = comparison.differences
    here = d[(d["experiment"] == policy) & (d["dimension"] == "place") & (d["financial_year"] == ALL)]
    return {row.outcome: row for row in here.itertuples()}


def _mark(row: Any, better: int) -> str:
    if not deciding.beyond_luck(row) or not better:
        return "shown"
    return "improvement" if row.difference * better > 0 else "outside"


def _section(comparison: Comparison, policy: str, key: str) -> Section:
    tables = [Table(t.title, t.heads, t.rows, note=t.note) for t in tables_of(comparison, policy)]
    figures = (_outcomes(comparison, policy, key), *_groups(comparison, policy, key))
    return Section(
        key,
        f"{policy} against {comparison.reference}",
        (
            "Relative change and its 95% interval over pairs of runs that share their luck. An open blue "
            "diamond is an improvement beyond luck, a filled orange square the contrary; a grey diamond is "
            "neither, or the outcome is neither good nor bad.",
        ),
        (Group("", figures=figures, tables=tuple(tables)),),
    )


def _outcomes(comparison: Comparison, policy: str, key: str) -> Figure:
    found = _place(comparison, policy)
    rows = [
        Change(
            each.label, row.relative, row.relative_low, row.relative_high, _mark(row, KNOWN[each.name].better)
        )
        for each in SHOWN
        if (row := found.get(each.name)) is not None
    ]
    words = "; ".join(f"{each.label} {percent(each.share)}" for each in rows) + "."
    title = "All outcomes, change over the whole run"
    return Figure(
        f"{key}-all",
        title,
        changes(f"{key}-all-c", title, words, rows),
        "Share of the reference.",
        width="half",
    )


def _groups(comparison: Comparison, policy: str, key: str) -> Iterator[Figure]:
    d: Any = comparison.differences
    here = d[
        (d["experiment"] == policy) & (d["financial_year"] == ALL) & (d["outcome"] == "emergency_admissions")
    ]
    for dimension, order in ORDERS.items():
        found: Any = here[here["dimension"] == dimension].itertuples()
        same = {row.group: row for row in found}
        rows = [
            Change(
                FIFTHS[group] if dimension == "imd_fifth" else group, row.relative,
                row.relative_low, row.relative_high, _mark(row, -1),
            )
            for group in order
            if (row := same.get(group)) is not None
        ]  # fmt: skip
        title = f"Emergency admissions {KIND_OF_GROUP[dimension].lower()}"
        words = "; ".join(f"{each.label} {percent(each.share)}" for each in rows) + "."
        drawn = changes(f"{key}-{dimension}-c", title, words, rows)
        yield Figure(f"{key}-{dimension}", title, drawn, "Share of the group's own under the reference.")
