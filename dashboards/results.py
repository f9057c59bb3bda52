# pyright: reportPrivateImportUsage=false
"""The results page: finished runs and comparisons, drawn, and what they rest on."""

from typing import Any

import solara

from icsim.analysis.comparison import Comparison
from icsim.dashboards import charts, finished, parts
from icsim.recording.run import Run
from icsim.recording.store import ResultError


@solara.component
def Results() -> Any:
    """The page."""
    known = solara.use_memo(finished.names, [])
    chosen, choose = solara.use_state("")
    with solara.Div(classes=["ic-results"]) as main:
        solara.HTML(tag="h1", unsafe_innerHTML="Results")
        if not known:
            solara.Text("No run or comparison is in the folder that is served. icsim run makes one.")
            return main
        parts.Picker(label="A finished run or comparison", choices=known, chosen=chosen, event_pick=choose)
        if chosen:
            Result(chosen).key(chosen)
    return main


@solara.component
def Result(name: str) -> Any:
    """One run or comparison."""
    found = solara.use_memo(lambda: _opened(name), [name])
    with solara.Div() as main:
        if isinstance(found, str):
            solara.v.Html(tag="p", children=[found], class_="ic-said ic-wrong", attributes={"role": "alert"})
        elif isinstance(found, Run):
            OfRun(found)
        else:
            OfComparison(found)
    return main


def _opened(name: str) -> Run | Comparison | str:
    try:
        return finished.opened(name)
    except ResultError as error:
        return str(error)


@solara.component
def OfRun(run: Run) -> Any:
    """A run: its months, its summary, the evidence."""
    figure = solara.use_memo(lambda: charts.of_run(run), [run])
    first, last = run.period
    said = f"{run.name}, {first:%d %B %Y} to {last:%d %B %Y}, replicates: {run.replicates}"
    summary = solara.use_memo(lambda: str(run.summary()), [run])
    with solara.Div() as main:
        solara.v.Html(tag="h2", children=[said], attributes={"data-test": "result"})
        with solara.Div(classes=["ic-card"], attributes={"role": "group", "aria-label": f"Months of {said}"}):
            solara.FigurePlotly(figure)
        with solara.Div(classes=["ic-card"]):
            solara.v.Html(tag="h2", children=["In figures"])
            solara.v.Html(tag="pre", children=[summary], attributes={"tabindex": "0"})
        with solara.Div(classes=["ic-card"]):
            solara.v.Html(tag="h2", children=["What it rests on"])
            for kind, count in finished.rests_on(run).items():
                solara.v.Html(tag="p", children=[f"{count:,} values {kind}"])
        Download(run, f"{run.path.name}-months.csv")
    return main


@solara.component
def OfComparison(found: Comparison) -> Any:
    """A comparison: each policy's differences."""
    with solara.Div() as main:
        said = f"{', '.join(found.policies)} against {found.reference}, replicates: {found.replicates}"
        solara.v.Html(tag="h2", children=[said], attributes={"data-test": "result"})
        for policy in found.policies:
            with solara.Div(
                classes=["ic-card"], attributes={"role": "group", "aria-label": f"Differences: {said}"}
            ):
                solara.FigurePlotly(charts.of_comparison(found, policy))
        Download(found, f"{found.path.name}-differences.csv")
    return main


@solara.component
def Download(found: Run | Comparison, name: str) -> Any:
    """A table as CSV."""
    return solara.FileDownload(
        lambda: finished.table(found).to_csv(index=False), filename=name, label=f"{name}: download"
    )
