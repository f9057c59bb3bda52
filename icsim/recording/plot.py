"""Monthly charts of a run, as Plotly figures that need no network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from icsim.recording.indicators import place_months
from icsim.recording.measures import KIND_LABELS
from icsim.recording.run import Run
from icsim.recording.store import ResultError

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

# Blue of Okabe and Ito's palette, told apart by people with any colour blindness.
LINE = "#0072B2"
BAND = "rgba(0, 114, 178, 0.2)"
BAND_QUANTILES = (0.025, 0.975)


@dataclass(frozen=True)
class Panel:
    """One small chart: its title, unit, and the monthly figure from a kind's ``place_months``."""

    title: str
    unit: str
    kind: str
    needs: tuple[str, ...]
    value: Callable[[Any], Any]


def _measure_panel(kind: str, name: str, title: str, unit: str) -> Panel:
    return Panel(title, unit, kind, (name,), lambda months: months[name])


OVERVIEW: tuple[Panel, ...] = (
    _measure_panel("acute_trust", "ae_attendances", "A&E attendances", "a month"),
    Panel(
        "A&E within four hours",
        "%",
        "acute_trust",
        ("ae_breaches", "ae_attendances"),
        lambda months: 100 * (1 - months["ae_breaches"] / months["ae_attendances"]),
    ),
    _measure_panel("acute_trust", "emergency_admissions", "Emergency admissions", "a month"),
    Panel(
        "Bed occupancy",
        "%",
        "acute_trust",
        ("beds_occupied", "beds_open"),
        lambda months: 100 * months["beds_occupied"] / months["beds_open"],
    ),
    _measure_panel("acute_trust", "delayed_transfers", "Delayed transfers of care", "bed days a month"),
    _measure_panel("acute_trust", "elective_waiting", "Waiting for planned treatment", "patients"),
)


def plot_overview(run: Run) -> "go.Figure":
    """Six monthly charts of the hospital end of the system; those the run did not record are left out."""
    names = {(kind, measure.name) for kind, table in run.measures.items() for measure in table}
    panels = [panel for panel in OVERVIEW if all((panel.kind, need) in names for need in panel.needs)]
    return _draw(run, panels, f"{run.name}, month by month")


def plot_measure(run: Run, name: str) -> "go.Figure":
    """One measure, a chart for each kind of organisation that records it.

    Raises:
        ResultError: no kind of organisation records it; the message gives the nearest.
    """
    panels = [
        _measure_panel(kind, name, KIND_LABELS.get(kind, kind), measure.unit)
        for kind, table in run.measures.items()
        for measure in table
        if measure.name == name
    ]
    if not panels:
        known = sorted({measure.name for table in run.measures.values() for measure in table})
        near = get_close_matches(name, known, n=3) or known
        raise ResultError(f"this run records no measure {name!r}; try {', '.join(near)}")
    label = next(
        measure.label for table in run.measures.values() for measure in table if measure.name == name
    )
    return _draw(run, panels, f"{run.name}: {label}")


def bands(months: Any, value: Any) -> "pd.DataFrame":
    """Mean, low and high over replicates of each month, without months only begun if there are others."""
    whole = months["days"] == months["month"].dt.days_in_month
    use = whole if whole.any() else whole | True
    by_month = value[use].groupby(months.loc[use, "month"])
    low, high = (by_month.quantile(quantile) for quantile in BAND_QUANTILES)
    return by_month.mean().to_frame("mean").assign(low=low, high=high)


def _draw(run: Run, panels: Sequence[Panel], title: str) -> "go.Figure":
    from plotly.subplots import make_subplots

    if not panels:
        raise ResultError(f"{run.path} records nothing that can be drawn")
    width = 2 if len(panels) > 1 else 1
    height = -(-len(panels) // width)
    titles = [f"{panel.title} ({panel.unit})" for panel in panels]
    figure = make_subplots(
        height, width, subplot_titles=titles, vertical_spacing=0.3 / height, horizontal_spacing=0.1
    )
    months: Mapping[str, pd.DataFrame] = {
        kind: place_months(run.monthly, kind, run.measures[kind]) for kind in {panel.kind for panel in panels}
    }
    for number, panel in enumerate(panels):
        frame = months[panel.kind]
        _add(figure, bands(frame, panel.value(frame)), panel, number // width + 1, number % width + 1)
    note = "" if run.replicates < 2 else f"<br><sup>mean and 95% range of {run.replicates} replicates</sup>"
    figure.update_layout(
        title=title + note,
        template="plotly_white",
        showlegend=False,
        height=120 + 240 * height,
        hovermode="x unified",
        font={"size": 13},
    )
    figure.update_annotations(font_size=13)
    return figure


def _add(figure: "go.Figure", months: "pd.DataFrame", panel: Panel, row: int, column: int) -> None:
    import plotly.graph_objects as go

    if (months["high"].to_numpy() > months["low"].to_numpy()).any():
        edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
        figure.add_trace(go.Scatter(x=months.index, y=months["high"], **edge), row=row, col=column)
        filled = {"fill": "tonexty", "fillcolor": BAND}
        figure.add_trace(go.Scatter(x=months.index, y=months["low"], **edge, **filled), row=row, col=column)
    line = go.Scatter(
        x=months.index,
        y=months["mean"],
        mode="lines+markers" if len(months) < 3 else "lines",
        line={"color": LINE, "width": 2},
        name=panel.title,
        hovertemplate="%{y:,.1f}",
    )
    figure.add_trace(line, row=row, col=column)
