"""The points of a sweep: an outcome against one factor, and all factors side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from icsim.analysis.outcomes import KNOWN
from icsim.dashboards.results.drawing import GRID, INK, ROOM, Drawn, broken, drawn
from icsim.reporting.sweeps import called
from icsim.sweeps.factors import Factor

SHADES = ("#005ea2", "#4f8dc4", "#868d94", "#c97b2e", "#a83c00")
LINES = 300
"""Points that the parallel coordinates draw; more would be a carpet."""


def against(table: Any, outcome: str, factor: Factor, name: str) -> Drawn:
    """Every run as a dot and every point's mean as a diamond, against a factor."""
    import plotly.graph_objects as go

    means = table.groupby("scenario").agg(x=(factor.key, "first"), y=("value", "mean"))
    listed = bool(factor.values)
    figure = go.Figure()
    runs_x, means_x = (
        each.astype(str) if listed else each.astype(float) for each in (table[factor.key], means["x"])
    )
    if table["replicate"].nunique() > 1:
        figure.add_scatter(
            x=runs_x,
            y=table["value"],
            mode="markers",
            name="a run",
            hovertemplate="a run: %{y:,.5g}<extra></extra>",
            marker={"size": 6, "color": "#7aaecd"},
        )
    figure.add_scatter(
        x=means_x,
        y=means["y"],
        mode="markers",
        name="mean of a point",
        hovertemplate="%{x}: %{y:,.5g}<extra></extra>",
        marker={"size": 10, "symbol": "diamond-open", "color": ROOM, "line": {"width": 2}},
    )
    if listed:
        order = [str(each) for each in factor.values]
        figure.update_xaxes(type="category", categoryorder="array", categoryarray=order)
    figure.update_xaxes(title=factor.key, nticks=6)
    about = KNOWN.get(outcome)
    unit = about.unit if about else ""
    figure.update_yaxes(nticks=6, tickformat=",.4~g")
    heads = ["point", factor.key, "replicate", outcome]
    rows = table[["scenario", factor.key, "replicate", "value"]].to_numpy().tolist()
    title = f"{called(outcome)} against {factor.key}{f', {unit}' if unit else ''}"
    return drawn(
        title,
        figure,
        420,
        _trend(means, factor),
        heads,
        rows,
        f"{name}-{outcome}-{factor.key}",
        "Diamonds: means of points; dots: single runs.",
    )


def _trend(means: Any, factor: Factor) -> str:
    if factor.values:
        by = means.groupby(means["x"].astype(str))["y"].mean()
        known = [str(each) for each in factor.values if str(each) in by]
        return "Means: " + ", ".join(f"{key} {by[key]:,.4g}" for key in known) + "."
    if len(means) < 3 or means["y"].std() == 0 or means["x"].astype(float).std() == 0:
        return f"{len(means)} points."
    r = float(np.corrcoef(means["x"].astype(float).rank(), means["y"].rank())[0, 1])
    return f"{len(means)} points, rank correlation {r:+.2f}."


def parallel(table: Any, outcome: str, factors: Sequence[Factor], name: str) -> Drawn:
    """A line for each point through the values of all factors to its outcome; the colour is the outcome."""
    import plotly.graph_objects as go

    keys = [factor.key for factor in factors]
    means = table.groupby("scenario").agg({**dict.fromkeys(keys, "first"), "value": "mean"})
    shown = means if len(means) <= LINES else means.iloc[np.linspace(0, len(means) - 1, LINES).astype(int)]
    low, high = float(means["value"].min()), float(means["value"].max())
    columns = np.array([[_at(factor, each) for each in shown[factor.key]] for factor in factors])
    share = (shown["value"].to_numpy(float) - low) / ((high - low) or 1.0)
    heights = np.vstack([columns, share])
    figure = go.Figure()
    bins = np.minimum((share * len(SHADES)).astype(int), len(SHADES) - 1)
    for shade, colour in enumerate(SHADES):
        x: list[Any] = []
        y: list[Any] = []
        for k in np.flatnonzero(bins == shade):
            x += [*range(len(heights)), None]
            y += [*heights[:, k].tolist(), None]
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines",
            hoverinfo="skip",
            opacity=0.75,
            line={"color": colour, "width": 2},
        )
    ends = [_ends(factor) for factor in factors] + [(f"{low:,.4g}", f"{high:,.4g}")]
    for k, (foot, top) in enumerate(ends):
        figure.add_shape(type="line", x0=k, x1=k, y0=0, y1=1, line={"color": INK, "width": 1.5})
        for words, at, anchor in ((foot, -0.02, "top"), (top, 1.02, "bottom")):
            figure.add_annotation(x=k, y=at, text=words, showarrow=False, yanchor=anchor)
    labels = [broken(each.rpartition(".")[2], 14) for each in keys] + [
        f"<b>{broken(called(outcome), 14)}</b>"
    ]
    figure.update_xaxes(
        tickvals=list(range(len(labels))),
        ticktext=labels,
        range=[-0.35, len(labels) - 0.65],
        showgrid=False,
        showline=False,
        side="top",
        tickangle=0,
    )
    figure.update_yaxes(visible=False, range=[-0.1, 1.1], gridcolor=GRID)
    said = f"{len(shown)} of {len(means)} points, a line each, through all factors to the outcome: "
    said += f"{low:,.4g} (blue) to {high:,.4g} (orange)."
    heads = ["point", *keys, outcome]
    rows = [[int(str(k)), *row] for k, row in zip(means.index, means.to_numpy().tolist(), strict=True)]
    return drawn(
        f"All factors and {called(outcome).lower()}",
        figure,
        460,
        said,
        heads,
        rows,
        f"{name}-{outcome}-parallel",
    )


def _at(factor: Factor, value: Any) -> float:
    if factor.values:
        order = [str(each) for each in factor.values]
        return order.index(str(value)) / max(len(order) - 1, 1) if str(value) in order else 0.0
    return (float(value) - factor.low) / ((factor.high - factor.low) or 1.0)


def _ends(factor: Factor) -> tuple[str, str]:
    if factor.values:
        return str(factor.values[0]), str(factor.values[-1])
    return f"{factor.low:.3g}", f"{factor.high:.3g}"
