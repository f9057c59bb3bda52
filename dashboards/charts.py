"""Charts with axes, Plotly's: a run at a glance, differences of a comparison."""

from typing import TYPE_CHECKING

import numpy as np

from icsim.analysis.comparison import Comparison
from icsim.analysis.outcomes import ALL
from icsim.recording.run import Run

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROOM, INK = "#005ea2", "#14202b"


def of_run(run: Run) -> "go.Figure":
    """The run at a glance, month by month, with the band that its replicates cover."""
    figure = run.plot()
    figure.update_layout(font={"size": 15, "color": INK}, height=900, autosize=True, width=None)
    return figure


def of_comparison(found: Comparison, policy: str) -> "go.Figure":
    """Differences from the reference in per cent of it with 95% intervals, over the whole run and place."""
    import plotly.graph_objects as go

    rows = found.differences
    rows = rows[(rows["experiment"] == policy) & (rows["financial_year"] == ALL)]
    rows = rows[(rows["dimension"] == "place") & (rows["reference"].abs() > 0)]
    share = 100 / rows["reference"].abs().to_numpy(float)
    middle, low, high = (rows[name].to_numpy(float) * share for name in ("difference", "low", "high"))
    clear = (low > 0) | (high < 0)
    figure = go.Figure(
        go.Scatter(
            x=middle, y=rows["outcome"].str.replace("_", " "), mode="markers",
            error_x={"type": "data", "symmetric": False, "array": high - middle, "arrayminus": middle - low,
                     "color": INK},
            marker={"size": 13, "color": np.where(clear, ROOM, "#ffffff"),
                    "symbol": np.where(clear, "diamond", "circle"), "line": {"width": 2, "color": ROOM}},
        )
    )  # fmt: skip
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    figure.update_layout(
        template="plotly_white", height=120 + 26 * len(rows), font={"size": 15, "color": INK},
        margin={"l": 10, "r": 10, "t": 10, "b": 40}, showlegend=False,
        xaxis_title=f"difference of {policy} from {found.reference}, % (filled: the interval leaves out 0)",
    )  # fmt: skip
    figure.update_yaxes(automargin=True, autorange="reversed")
    return figure
