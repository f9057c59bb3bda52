"""How the run compares with England: key figures by year, and the baseline's rows as dots around 1."""

import math
from collections.abc import Iterator
from itertools import groupby

from icsim.recording.store import ResultError
from icsim.reporting.charts import Dot, dots
from icsim.reporting.figures import Figures
from icsim.reporting.page import Figure, Group, Section, Table
from icsim.validation.baseline import HOW_TO_READ, Baseline, cells_of, compare
from icsim.validation.row import IN, NOT_COMPARABLE, OUT, TOO_FEW, VERDICTS, Row

MANY = 8
"""Topics of fewer rows than this share a chart."""
LONGEST = 30
"""Letters of a label that fit beside a dot; the table has the whole of it."""
CHANGES = ("Trend", "Regression")
"""Topics whose rows are changes, for which a ratio says little: they are in a table only."""


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
        "England's key figures are for England's own mix of ages and deprivation. In the charts below, "
        "figures that are published by age and deprivation are first applied to this place's people."
    ]
    if baseline is None:
        lead.append(
            "The run did not record people and counts by age and deprivation: it cannot be compared "
            "row by row."
        )
        return Section("england", "How it compares with England", tuple(lead), tuple(groups))
    lead.append(_counts(baseline))
    lead.append(
        "A square is out of what is asked (the shaded range), a filled circle in. An open circle is "
        "in, and the model was set so "
        "that it would be: agreement shows that, and nothing else. A small diamond is not judged: "
        "too few events, or not comparable."
    )
    if figures.run.manifest["experiment"].get("interventions"):
        lead.append("The run has interventions; the published figures have not.")
    title = f"The model over the published figure, {baseline.financial_year}"
    groups.append(Group(title, figures=tuple(_charts(baseline))))
    changes = [row for row in baseline.rows if row.topic.startswith(CHANGES)]
    if changes:
        groups.append(Group("From year to year", tables=(_table("Change from year to year", changes),)))
    return Section("england", "How it compares with England", tuple(lead), tuple(groups))


def _counts(baseline: Baseline) -> str:
    """How many rows are in, out and neither."""
    rows = baseline.rows
    number = {verdict: sum(row.verdict == verdict for row in rows) for verdict in VERDICTS}
    free = [row for row in rows if not row.published.set_to]
    good, bad = (sum(row.verdict == verdict for row in free) for verdict in (IN, OUT))
    return (
        f"In {baseline.financial_year}, {number[IN]} figures lie within what is asked of them and "
        f"{number[OUT]} outside; {number[TOO_FEW]} rest on too few events to tell, and "
        f"{number[NOT_COMPARABLE]} cannot be compared. Of those that nothing in the model was set to, "
        f"{good} lie within and {bad} outside."
    )


def _key_figures(figures: Figures) -> Table:
    known = figures.summary
    rows: list[tuple[str, ...]] = []
    for topic, lines in groupby(known.lines, key=lambda line: line.indicator.topic):
        rows.append((topic,))
        for line in lines:
            cells = (line.cell(k) for k in range(len(known.years)))
            rows.append((line.indicator.title, *cells, *line.england_cells()))
    heads = ("Figure", *(heading.replace("\n", ", ") for heading in known.headings), "England", "of year")
    return Table("The model by financial year, and England", heads, tuple(rows), note=" ".join(known.notes))


def _charts(baseline: Baseline) -> Iterator[Figure]:
    """A chart for each topic of many rows, and one for the rest together."""
    rows = [row for row in baseline.rows if not row.topic.startswith(CHANGES)]
    topics = [(topic, list(same)) for topic, same in groupby(rows, key=lambda row: row.topic)]
    own = [row for row in rows if row in baseline.own]
    small = [row for topic, same in topics if len(same) < MANY for row in same if row not in baseline.own]
    if own:
        yield _chart("own", "This place's own published figures", own)
    for number, (topic, same) in enumerate(topics):
        if len(same) >= MANY and same[0] not in baseline.own:
            yield _chart(str(number), topic, same)
    if small:
        names = dict.fromkeys(row.topic for row in small)
        yield _chart(
            "rest", ", ".join(name if k == 0 else _lower(name) for k, name in enumerate(names)), small
        )


def _lower(name: str) -> str:
    return name if name[1:2].isupper() or name[1:2] == "&" else name[0].lower() + name[1:]


def _chart(key: str, title: str, rows: list[Row]) -> Figure:
    shown = [row for row in rows if math.isfinite(row.ratio) and row.ratio > 0]
    picked = [Dot(_short(row), row.ratio, None if row.why else row.asked, _mark(row)) for row in shown]
    out = [row for row in rows if row.verdict == OUT]
    counted = {verdict: sum(row.verdict == verdict for row in rows) for verdict in VERDICTS}
    words = ", ".join(f"{number} {verdict}" for verdict, number in counted.items() if number) + "."
    if out:
        words += " Out: " + "; ".join(f"{row.label} ({row.ratio:.2f} times)" for row in out) + "."
    note = f"Model over published: 1 is equal, on a scale of ratios. {words}"
    drawn = dots(f"c-vs-{key}", title, words, picked)
    return Figure(f"vs-{key}", title, drawn, note, _table(title, rows))


def _mark(row: Row) -> str:
    if row.verdict == IN:
        return "set" if row.published.set_to else "within"
    return "outside" if row.verdict == OUT else "shown"


def _short(row: Row) -> str:
    """A label that fits beside a dot."""
    label = f"deaths at {row.label}" if row.topic == "Deaths" else row.label
    return label if len(label) <= LONGEST else label[: LONGEST - 1].rstrip(" ,") + "…"


def _table(title: str, rows: list[Row]) -> Table:
    reasons = list(dict.fromkeys(row.why for row in rows if row.why))
    cells: list[tuple[str, ...]] = []
    for topic, same in groupby(rows, key=lambda row: row.topic):
        cells.append((topic,))
        cells += [cells_of(row, reasons) for row in same]
    heads = ("Figure", "Model", "Published", "Ratio", "Asked", "Verdict")
    notes = [HOW_TO_READ, *(f"({number}) {reason}." for number, reason in enumerate(reasons, 1))]
    return Table(title, heads, tuple(cells), (0, 5), " ".join(notes))
