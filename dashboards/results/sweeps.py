# pyright: reportPrivateImportUsage=false
"""A sweep, finished or not: what an outcome is sensitive to, and its points against any factor or all."""

from dataclasses import asdict
from typing import Any

import solara
import solara.lab

from icsim.analysis.outcomes import ALL
from icsim.dashboards.parts import papers
from icsim.dashboards.results import finished, scatter
from icsim.dashboards.results.drawing import GRID, INK, ROOM, Drawn, broken, drawn, short
from icsim.recording.store import ResultError
from icsim.reporting.sweeps import called
from icsim.sweeps.dataset import Dataset
from icsim.sweeps.sensitivity import Sensitivity, sensitivity

FIRST = "emergency_admissions"
ROW, FOOT = 40, 80
MISSING = 'This needs two libraries more: pip install "icsim[cluster,discovery]"'
GRIDDED = "Sensitivity needs ranges as factors"


def ranking(found: Sensitivity, name: str) -> Drawn:
    """How much each factor matters, the strongest first, with 95% intervals."""
    import plotly.graph_objects as go

    morris = found.method == "Morris"
    labels = [
        broken(f"{short(one.factor.key)}{f' ({one.factor.kind})' if one.factor.kind else ''}")
        for one in found.influences
    ]
    totals = [one.total for one in found.influences]
    halves = [
        max(one.total_half, 0.0) if one.total_half == one.total_half else 0.0 for one in found.influences
    ]
    sure = [one.total - half > 0 for one, half in zip(found.influences, halves, strict=True)]
    figure = go.Figure(
        go.Bar(
            x=totals,
            y=labels,
            orientation="h",
            marker={"color": [ROOM if each else GRID for each in sure], "line": {"color": ROOM, "width": 2}},
            error_x={"type": "data", "array": halves, "color": INK, "thickness": 2},
            hovertemplate="%{x:.3g}<extra></extra>",
        )
    )
    figure.update_yaxes(type="category", autorange="reversed")
    figure.update_xaxes(rangemode="tozero", nticks=6)
    strong = [
        f"{one.factor.key} {one.total:.2g}" for one, each in zip(found.influences, sure, strict=True) if each
    ]
    said = f"Beyond the noise: {', '.join(strong)}. " if strong else "No factor stands out from the noise. "
    said += f"{found.method}, {found.points} points; bars: 95% intervals."
    if found.emulator is not None:
        said += f" The emulator explains {100 * max(found.emulator.explained, 0):.0f}% of points kept from it"
        said += ": do not rely on it." if found.emulator.explained < 0.5 else "."
    if found.split.parameters == found.split.parameters:
        s = found.split
        said += (
            f" Of the variance of single runs {100 * s.parameters:.0f}% comes from the factors, "
            f"{100 * s.seeds:.0f}% from shared seeds, {100 * s.luck:.0f}% is luck."
        )
    share = "effect of its whole range" if morris else "share of the variance between points"
    title = f"{called(found.outcome)}: what matters, {share}"
    heads = ["factor", "total", "half-width", "alone", "half-width alone", "spread", "evidence"]
    rows = [
        [one.factor.key, one.total, one.total_half, one.first, one.first_half, one.spread, one.factor.kind]
        for one in found.influences
    ]
    return drawn(title, figure, FOOT + ROW * len(rows), said, heads, rows, name)


@solara.component
def OfSweep(found: Dataset) -> Any:
    """The page's part."""
    ready = solara.use_memo(lambda: _ready(found), [found])
    if isinstance(ready, str):
        return solara.v.Html(tag="p", children=[ready], class_="ic-said", attributes={"role": "status"})
    return Points(found, *ready)


def _ready(found: Dataset) -> tuple[list[str], list[str], str] | str:
    """Outcomes, financial years and how far the sweep has come; or why there is nothing to show."""
    try:
        table = found.outcomes()
        years = sorted(str(each) for each in found.figures["financial_year"].dropna().unique() if each != ALL)
        runs = found.runs
    except (ResultError, OSError, ValueError) as error:
        return finished.said(error)
    outcomes = [str(each) for each in table if each not in found.design.table]
    failed = int(runs["error"].notna().sum())
    said = f"{int(runs['done'].sum()):,} of {len(runs):,} runs are done, {failed:,} of them failed."
    return outcomes, years, said


@solara.component
def Points(found: Dataset, outcomes: list[str], years: list[str], said: str) -> Any:
    """Choices and charts."""
    name = found.url.rstrip("/").rpartition("/")[2]
    policies = [str(each) for each in found.design.table["policy"].drop_duplicates()]
    keys = [factor.key for factor in found.design.factors]
    outcome, set_outcome = solara.use_state(FIRST if FIRST in outcomes else outcomes[0])
    policy, set_policy = solara.use_state(policies[-1])
    year, set_year = solara.use_state(ALL)
    across, set_across = solara.use_state(keys[0] if keys else "")
    asked = [found, outcome, policy, year]
    charts = solara.use_memo(lambda: _charts(found, outcome, policy, year, across, name), [*asked, across])
    ranked = solara.lab.use_task(lambda: _ranked(found, outcome, policy, year, name), dependencies=asked)
    with solara.Div() as main:
        solara.v.Html(tag="p", children=[said])
        with solara.Div(classes=["ic-card", "ic-choosing"]):
            papers.Choice(
                label="Outcome",
                choices=[[one, called(one)] for one in outcomes],
                chosen=outcome,
                name="outcome",
                event_pick=set_outcome,
            )
            if len(policies) > 1:
                papers.Choice(
                    label="Policy",
                    choices=[[one, one or "none"] for one in policies],
                    chosen=policy,
                    name="policy",
                    event_pick=set_policy,
                )
            papers.Choice(
                label="Over",
                choices=[[ALL, "the whole run"], *([one, one] for one in years)],
                chosen=year,
                name="year",
                event_pick=set_year,
            )
            if len(keys) > 1:
                papers.Choice(
                    label="Against",
                    choices=[[one, one] for one in keys],
                    chosen=across,
                    name="factor",
                    event_pick=set_across,
                )
            solara.FileDownload(
                lambda: found.outcomes(year).drop(columns=["position", "settings"]).to_csv(index=False),
                filename=f"{name}-points.csv",
                label="All runs, CSV",
            )
        with solara.Div(classes=["ic-charts"]):
            if ranked.finished and isinstance(ranked.value, Drawn):
                papers.Chart(**asdict(ranked.value)).key("ranking")
            else:
                words = (
                    ranked.value
                    if ranked.finished
                    else str(ranked.exception or "") or "Reckoning what matters…"
                )
                solara.v.Html(
                    tag="p",
                    children=[words],
                    class_="ic-card",
                    attributes={"role": "status", "data-test": "ranking"},
                )
            for each in charts:
                papers.Chart(**asdict(each)).key(each.name)
    return main


def _charts(found: Dataset, outcome: str, policy: str, year: str, across: str, name: str) -> list[Drawn]:
    table: Any = found.outcome(outcome, year)
    table = table[table["policy"] == policy]
    factors = list(found.design.factors)
    own = next((one for one in factors if one.key == across), None)
    many = [scatter.against(table, outcome, own, name)] if own is not None and len(table) else []
    if len(factors) > 1 and len(table):
        many.append(scatter.parallel(table, outcome, factors, name))
    return many


def _ranked(found: Dataset, outcome: str, policy: str, year: str, name: str) -> Drawn | str:
    try:
        return ranking(
            sensitivity(found, outcome, policy=policy, financial_year=year), f"{name}-{outcome}-sensitivity"
        )
    except (ImportError, ResultError) as error:
        return MISSING if isinstance(error, ImportError) else finished.said(error)
