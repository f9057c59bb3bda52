# pyright: reportPrivateImportUsage=false
"""A finished run: its months with the band of its replicates, any measure of it, its figures."""

from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import solara

from icsim.dashboards.parts import papers
from icsim.dashboards.results import finished
from icsim.dashboards.results.drawing import Drawn, drawn
from icsim.dashboards.results.evidence import counts
from icsim.recording.measures import KIND_LABELS
from icsim.recording.plot import Panel, alone, of_measure, overview
from icsim.recording.run import Run
from icsim.recording.store import ResultError

HEIGHT = 250
OVERVIEW = ""


def measures_of(run: Run) -> list[list[str]]:
    """What can be drawn: names and words, by kind of organisation."""
    found: dict[str, str] = {}
    for kind, measures in run.measures.items():
        for one in measures:
            found.setdefault(one.name, f"{KIND_LABELS.get(kind, kind)}: {one.label}")
    return [[OVERVIEW, "The system at a glance"], *([name, said] for name, said in found.items())]


def charts_of(run: Run, measure: str) -> list[Drawn]:
    """The charts of a measure, a chart for each kind of organisation, or the overview."""
    panels = of_measure(run, measure) if measure else overview(run)
    label = next(
        (said.partition(": ")[2] for name, said in measures_of(run) if measure and name == measure), ""
    )
    return [_chart(run, panel, months, label) for panel, months in panels]


def _chart(run: Run, panel: Panel, months: Any, label: str) -> Drawn:
    title = f"{label}: {panel.title}" if label else panel.title
    first, last, most = months.iloc[0], months.iloc[-1], months["mean"].idxmax()
    banded = bool((months["high"] > months["low"]).any())
    said = (
        f"{_figure(first['mean'])} in {months.index[0]:%B %Y}, {_figure(last['mean'])} in "
        f"{months.index[-1]:%B %Y}; highest {_figure(months['mean'].max())} in {most:%B %Y}."
    )
    if banded:
        said += f" Line: mean; band: 95% of {run.replicates} replicates."
    heads = ["month", "mean", *(["low", "high"] if banded else [])]
    rows = [
        [f"{month:%Y-%m}", row["mean"], *([row["low"], row["high"]] if banded else [])]
        for month, row in months.iterrows()
    ]
    name = f"{run.path.name}-{panel.kind}-{title}".lower().replace("&", "and")
    file = "-".join("".join(each if each.isalnum() else " " for each in name).split())
    return drawn(f"{title}, {panel.unit}", alone(panel, months), HEIGHT, said, heads, rows, file)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


@solara.component
def OfRun(run: Run) -> Any:
    """The page's part."""
    measure, set_measure = solara.use_state(OVERVIEW)
    charts = solara.use_memo(lambda: _charts(run, measure), [run, measure])
    known = solara.use_memo(lambda: measures_of(run), [run])
    with solara.Div() as main:
        with solara.Div(classes=["ic-card", "ic-choosing"]):
            papers.Choice(label="Show", choices=known, chosen=measure, name="measure", event_pick=set_measure)
            solara.FileDownload(
                lambda: run.monthly.to_csv(index=False),
                filename=f"{run.path.name}-months.csv",
                label="All months of all organisations, CSV",
            )
        if isinstance(charts, str):
            solara.v.Html(tag="p", children=[charts], class_="ic-said ic-wrong", attributes={"role": "alert"})
        else:
            with solara.Div(classes=["ic-charts"]):
                for each in charts:
                    papers.Chart(**asdict(each)).key(each.name)
        Summary(run)
        said = ", ".join(f"{count:,} {kind}" for kind, count in counts(run).items())
        with solara.Div(classes=["ic-card"]):
            solara.v.Html(tag="h3", children=["What it rests on"])
            solara.v.Html(tag="p", children=[f"Values of the evidence catalogue that the run read: {said}."])
            with solara.Link(f"/evidence?run={quote(run.path.name)}"):
                solara.v.Html(tag="span", children=["Every value, searchable ›"])
    return main


def _charts(run: Run, measure: str) -> list[Drawn] | str:
    try:
        return charts_of(run, measure)
    except (ResultError, OSError, ValueError) as error:
        return finished.said(error)


@solara.component
def Summary(run: Run) -> Any:
    """The run's figures by financial year, England's beside them."""
    table = solara.use_memo(lambda: _summary(run), [run])
    with solara.Div() as main:
        if isinstance(table, str):
            solara.v.Html(tag="p", children=[table], class_="ic-said", attributes={"role": "status"})
        else:
            papers.Table(**table)
    return main


def _summary(run: Run) -> dict[str, Any] | str:
    try:
        found = run.summary()
    except (ResultError, OSError, ValueError) as error:
        return finished.said(error)
    rows: list[list[str]] = []
    topic = ""
    for line in found.lines:
        if line.indicator.topic != topic:
            topic = line.indicator.topic
            rows.append([topic])
        england, year = line.england_cells()
        cells = [line.cell(k) for k in range(len(found.years))]
        rows.append([line.indicator.title, *cells, england, year])
    heads = ["", *found.headings, "England", "of year"]
    return {"title": "In figures, by financial year", "heads": heads, "rows": rows,
            "note": " ".join(found.notes)}  # fmt: skip
