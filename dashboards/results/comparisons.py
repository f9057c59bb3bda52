# pyright: reportPrivateImportUsage=false
"""A finished comparison: what each policy changes, with intervals over pairs, for whom, in every pair."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import solara

from icsim.analysis.comparison import Comparison
from icsim.analysis.outcomes import ALL, KNOWN
from icsim.analysis.telling import (
    FIFTHS,
    KIND_OF_GROUP,
    ORDERS,
    SHOWN,
    percent,
    signed,
    span,
    tables_of,
    told,
)
from icsim.dashboards.parts import papers
from icsim.dashboards.results.drawing import BAD, GOOD, INK, ROOM, SOFT, Drawn, broken, drawn

ROW, FOOT, FIGURES = 30, 70, 74
FAR = 4.0
"""A change beyond this many times the usual one is drawn at the edge, with its figure."""
MARKS = {"better": ("diamond-open", GOOD), "worse": ("square", BAD), "neither": ("circle", SOFT)}
SAID = "Open diamond: better beyond luck. Filled square: worse beyond luck. Dot: neither."


def years_of(found: Comparison) -> list[list[str]]:
    """The financial years that are compared, all of the run first."""
    years = sorted(str(each) for each in found.differences["financial_year"].unique() if each != ALL)
    return [[ALL, "the whole run"], *([each, each] for each in years)]


def rows_of(found: Comparison, policy: str, year: str, dimension: str = "place") -> Any:
    """Differences of one policy in one year."""
    d: Any = found.differences
    return d[(d["experiment"] == policy) & (d["financial_year"] == year) & (d["dimension"] == dimension)]


def verdict(row: Any) -> str:
    """``better``, ``worse`` or ``neither``: an interval that holds no change says nothing."""
    better = KNOWN[row.outcome].better if row.outcome in KNOWN else 0
    if not better or not row.difference or not (row.low > 0 or row.high < 0):
        return "neither"
    return "better" if row.difference * better > 0 else "worse"


def all_outcomes(found: Comparison, policy: str, year: str) -> Drawn:
    """Relative change of every outcome of the place with its 95% interval."""
    same = {row.outcome: row for row in rows_of(found, policy, year).itertuples()}
    rows = [(one.label, same[one.name]) for one in SHOWN if one.name in same]
    title = f"What {policy} changes against {found.reference}, %"
    return replace(_changes(title, found, rows, f"{policy}-outcomes", year), wide=True)


def by_group(found: Comparison, policy: str, year: str, outcome: str, dimension: str) -> Drawn | None:
    """Relative change of one outcome in each group; None where it is not known by group."""
    here: Any = rows_of(found, policy, year, dimension)
    same = {row.group: row for row in here[here["outcome"] == outcome].itertuples()}
    rows = [(FIFTHS[g] if dimension == "imd_fifth" else g, same[g]) for g in ORDERS[dimension] if g in same]
    if not rows:
        return None
    title = f"{KNOWN[outcome].label} {KIND_OF_GROUP[dimension].lower()}, change in %"
    return _changes(title, found, rows, f"{policy}-{outcome}-{dimension}", year)


def _changes(title: str, found: Comparison, rows: list[tuple[str, Any]], name: str, year: str) -> Drawn:
    import plotly.graph_objects as go

    rows = [(label, row) for label, row in rows if np.isfinite(row.relative)]
    ends = (
        np.array([[row.relative, row.relative_low, row.relative_high] for _, row in rows], float).reshape(
            -1, 3
        )
        * 100
    )
    ends = np.where(np.isfinite(ends), ends, ends[:, :1])
    sizes = np.sort(np.abs(ends).max(axis=1))
    edge = min(float(sizes[-1]), FAR * float(np.median(sizes))) if len(sizes) else 0.0
    edge = 1.08 * edge or 1.0
    figure = go.Figure()
    labels = [broken(label) for label, _ in rows]
    for kind, (symbol, colour) in MARKS.items():
        these = [k for k, (_, row) in enumerate(rows) if verdict(row) == kind]
        at = np.clip(ends[these], -edge, edge)
        figure.add_scatter(
            x=at[:, 0],
            y=these,
            text=[f"{rows[k][0]} {percent(rows[k][1].relative)}" for k in these],
            mode="markers",
            hovertemplate="%{text}<extra></extra>",
            error_x={
                "type": "data",
                "symmetric": False,
                "array": at[:, 2] - at[:, 0],
                "arrayminus": at[:, 0] - at[:, 1],
                "color": colour,
                "thickness": 2,
            },
            marker={"size": 12, "symbol": symbol, "color": colour, "line": {"width": 2.5, "color": colour}},
        )
    for k, (_, row) in enumerate(rows):
        figure.add_annotation(
            x=1.01,
            xref="paper",
            y=k,
            text=percent(row.relative).replace("-", "−"),
            showarrow=False,
            xanchor="left",
            bgcolor="#fff",
            borderpad=1,
        )
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    figure.update_yaxes(tickvals=[*range(len(rows))], ticktext=labels, range=[len(rows) - 0.4, -0.6])
    figure.update_xaxes(range=[-1.06 * edge, 1.06 * edge], ticksuffix="%", nticks=5, side="top", tickangle=0)
    beyond = [f"{label} {percent(row.relative)}" for label, row in rows if verdict(row) != "neither"]
    said = f"Beyond luck: {', '.join(beyond)}. " if beyond else "No interval leaves no change out. "
    if found.replicates == 1:
        said = "One pair of runs: no intervals, and every difference may be luck. "
    if len(sizes) and sizes[-1] > edge:
        said += "What lies beyond the scale stands at its edge, with its figure. "
    heads = [
        "outcome",
        "group",
        "financial year",
        "reference",
        "policy",
        "difference",
        "low",
        "high",
        "relative",
        "relative low",
        "relative high",
        "pairs",
    ]
    table = [
        [
            row.outcome,
            label,
            row.financial_year,
            row.reference,
            row.policy,
            row.difference,
            row.low,
            row.high,
            row.relative,
            row.relative_low,
            row.relative_high,
            row.pairs,
        ]
        for label, row in rows
    ]
    when = "" if year == ALL else f"-{year.replace('/', '-')}"
    lines = sum(label.count("<br>") for label in labels)
    return drawn(
        title,
        figure,
        FOOT + ROW * len(rows) + 8 * lines,
        said + SAID,
        heads,
        table,
        f"{found.path.name}-{name}{when}",
        "Differences of pairs that share their luck; bars: 95% intervals.",
        right=FIGURES,
    )


def every_pair(found: Comparison, policy: str, outcome: str) -> Drawn | None:
    """The difference of one outcome in each pair of runs, by financial year, with mean and 95% interval."""
    import plotly.graph_objects as go

    about = KNOWN[outcome]
    figure = go.Figure()
    table, words, names = [], [], []
    whole, *years = years_of(found)
    for year, label in [*years, *([whole] if len(years) != 1 else [])]:
        pairs = found.pairs(policy, outcome, year)
        here: Any = rows_of(found, policy, year)
        row = next(here[here["outcome"] == outcome].itertuples(), None)
        if row is None or not len(pairs):
            continue
        apart = (pairs["policy"] - pairs["reference"]).to_numpy(float)
        names.append(label)
        figure.add_scatter(
            x=[label] * len(apart),
            y=apart,
            mode="markers",
            hovertemplate="a pair: %{y:+,.4g}<extra></extra>",
            marker={"size": 10, "symbol": "circle-open", "color": ROOM, "line": {"width": 2}},
        )
        if np.isfinite(row.low):
            figure.add_scatter(
                x=[label],
                y=[row.difference],
                mode="markers",
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [row.high - row.difference],
                    "arrayminus": [row.difference - row.low],
                    "color": INK,
                    "thickness": 3,
                    "width": 9,
                },
                marker={"size": 15, "symbol": "line-ew", "line": {"width": 4, "color": INK}},
                hovertemplate="mean: %{y:+,.4g}<extra></extra>",
            )
        d = about.decimals + (about.decimals > 0)
        between = f" ({span(row.low, row.high, d)})" if np.isfinite(row.low) else ""
        words.append(f"{label} {signed(row.difference, d)}{between}")
        table += [
            [label, int(str(k)) + 1, r, p, p - r]
            for k, r, p in zip(pairs.index, pairs["reference"], pairs["policy"], strict=True)
        ]
    if not names:
        return None
    figure.add_hline(y=0, line={"color": INK, "width": 1})
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=names)
    figure.update_yaxes(nticks=7, tickformat=",.4~g")
    said = f"{'; '.join(words)}. Rings: one pair of runs each; bar: mean and its 95% interval."
    heads = ["financial year", "pair", "reference", "policy", "difference"]
    title = f"{about.label} in every pair, difference in {about.unit}"
    return drawn(title, figure, 380, said, heads, table, f"{found.path.name}-{policy}-{outcome}-pairs")


@solara.component
def OfComparison(found: Comparison) -> Any:
    """The page's part."""
    policy, set_policy = solara.use_state(found.policies[0])
    year, set_year = solara.use_state(ALL)
    outcome, set_outcome = solara.use_state("emergency_admissions")
    known = {str(each) for each in found.differences["outcome"].unique()}
    outcomes = [[one.name, one.label] for one in SHOWN if one.name in known]
    charts = solara.use_memo(lambda: _charts(found, policy, year, outcome), [found, policy, year, outcome])
    tables = solara.use_memo(lambda: tables_of(found, policy), [found, policy])
    notes = solara.use_memo(lambda: told(found).notes, [found])
    with solara.Div() as main:
        with solara.Div(classes=["ic-card", "ic-choosing"]):
            if len(found.policies) > 1:
                papers.Choice(
                    label="Policy",
                    choices=[[each, each] for each in found.policies],
                    chosen=policy,
                    name="policy",
                    event_pick=set_policy,
                )
            papers.Choice(
                label="Over", choices=years_of(found), chosen=year, name="year", event_pick=set_year
            )
            papers.Choice(
                label="In detail", choices=outcomes, chosen=outcome, name="outcome", event_pick=set_outcome
            )
            solara.FileDownload(
                lambda: found.differences.to_csv(index=False),
                filename=f"{found.path.name}-differences.csv",
                label="All differences, CSV",
            )
        with solara.Div(classes=["ic-card"]):
            for note in notes:
                solara.v.Html(tag="p", children=[note])
        with solara.Div(classes=["ic-charts"]):
            for each in charts:
                papers.Chart(**asdict(each)).key(each.name)
        with solara.Div(classes=["ic-tables"]):
            for one in tables:
                rows = [list(row) for row in one.rows]
                papers.Table(title=one.title, heads=list(one.heads), rows=rows, note=one.note).key(one.title)
    return main


def _charts(found: Comparison, policy: str, year: str, outcome: str) -> list[Drawn]:
    groups = (by_group(found, policy, year, outcome, each) for each in ORDERS)
    many = [all_outcomes(found, policy, year), every_pair(found, policy, outcome), *groups]
    return [each for each in many if each is not None]
