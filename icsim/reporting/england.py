"""How the run compares with England: key figures by year, and the baseline's rows as dots around 1."""

import math
from collections.abc import Iterator
from itertools import groupby

from icsim.recording.store import ResultError
from icsim.recording.summary import MARKS, SAID_OF_MARKS
from icsim.reporting.charts import Dot, dots
from icsim.reporting.drawing import number
from icsim.reporting.figures import Figures
from icsim.reporting.page import Figure, Group, Section, Table
from icsim.validation.baseline import Baseline, Row, compare

SMALL = 8
"""Topics of fewer rows than this share a chart."""
WORDS = {"within": "within what is asked", "outside": "outside what is asked", "": "shown only"}


def compared(figures: Figures) -> Baseline | None:
    """The baseline's rows, or None where the run did not record what they need."""
    try:
        return compare(figures.run)
    except ResultError:
        return None


def section(figures: Figures, baseline: Baseline | None) -> Section:
    """Key figures by year, then every comparison."""
    groups = [Group("Key figures by year", tables=(_key_figures(figures),))]
    lead = [
        "England's key figures are for England's own mix of ages and deprivation. In the charts "
        "below, figures that are "
        "published by age and deprivation are first applied to this place's people."
    ]
    if baseline is None:
        lead.append(
            "The run did not record people and counts by age and deprivation: it cannot be compared "
            "row by row."
        )
    else:
        asked = [row for row in baseline.rows if row.verdict]
        good = sum(row.verdict == "within" for row in asked)
        said = (
            f"In {baseline.financial_year}, {good} of {len(asked)} figures lie within what is asked of them."
        )
        said += " Some of the published figures were used to set the model's numbers: agreement with those"
        said += " shows only that."
        if figures.run.manifest["experiment"].get("interventions"):
            said += " The run has interventions; the published figures have not."
        lead.append(said)
        charts = tuple(_charts(baseline))
        groups.append(
            Group(f"The model over the published figure, {baseline.financial_year}", figures=charts)
        )
        changes = [row for row in baseline.rows if _is_change(row)]
        if changes:
            groups.append(
                Group("From year to year", tables=(_table("Change from one year to the next", changes),))
            )
    return Section("england", "How it compares with England", tuple(lead), tuple(groups))


def _key_figures(figures: Figures) -> Table:
    summary = figures.summary
    rows: list[tuple[str, ...]] = []
    for topic, lines in groupby(summary.lines, key=lambda line: line.indicator.topic):
        rows.append((topic,))
        for line in lines:
            cells = (line.cell(k) for k in range(len(summary.years)))
            rows.append((line.indicator.title, *cells, *line.england_cells()))
    heads = ("", *(heading.replace("\n", ", ") for heading in summary.headings), "England", "of year")
    return Table("The model by financial year, and England", heads, tuple(rows), note=" ".join(summary.notes))


def _charts(baseline: Baseline) -> Iterator[Figure]:
    rows = [row for row in baseline.rows if not _is_change(row)]
    topics = [(topic, list(same)) for topic, same in groupby(rows, key=lambda row: row.topic)]
    for topic, rows in topics:
        if len(rows) >= SMALL:
            yield _chart(topic, rows, {row.label: row.label for row in rows})
    rest = [row for _, rows in topics if len(rows) < SMALL for row in rows]
    if rest:
        yield _chart("Hospital, planned care, deaths, social care", rest, {})


def _chart(title: str, rows: list[Row], names: dict[str, str]) -> Figure:
    shown = [row for row in rows if math.isfinite(row.ratio) and row.ratio > 0]
    picked = [Dot(_short(row, names), row.ratio, row.tolerance, row.verdict) for row in shown]
    outside = [row for row in rows if row.verdict == "outside"]
    asked = [row for row in rows if row.verdict]
    words = f"{len(asked) - len(outside)} of {len(asked)} figures within what is asked."
    if outside:
        words += " Outside: " + "; ".join(f"{row.label} ({row.ratio:.2f} times)" for row in outside) + "."
    key = "vs-" + "-".join(title.lower().replace("&", "").replace(",", "").split()[:2])
    note = (
        "Circle: within what is asked (the shaded range); square: outside; diamond: shown only. Scale of "
        "ratios, 1 is equal."
    )
    return Figure(key, title, dots(f"c-{key}", title, words, picked), note, _table(title, rows))


def _is_change(row: Row) -> bool:
    """Whether a row is of growth or of the same people a year later, whose ratio says little."""
    return row.topic.startswith(("Trend", "Regression"))


def _table(title: str, rows: list[Row]) -> Table:
    cells = []
    for row in rows:
        tolerance = "" if math.isnan(row.tolerance) else f"±{row.tolerance:.0%}"
        ratio = number(row.ratio) if math.isfinite(row.ratio) else "–"
        published = f"{number(row.published)}{MARKS[row.source]}"
        cells.append(
            (
                f"{row.topic}: {row.label}, {row.unit}",
                number(row.found),
                published,
                ratio,
                tolerance,
                WORDS[row.verdict],
            )
        )
    heads = ("Figure", "Model", "Published", "Ratio", "Asked", "Verdict")
    marks = "; ".join(f"{MARKS[kind]} {said}" for kind, said in SAID_OF_MARKS.items())
    return Table(title, heads, tuple(cells), (0, 5), f"{marks}.")


def _short(row: Row, names: dict[str, str]) -> str:
    """A label that fits beside a dot."""
    if row.topic == "Deaths":
        return f"deaths at {row.label}"
    label = names.get(row.label, row.label)
    return label if len(label) < 27 else label[:25].rstrip() + "…"
