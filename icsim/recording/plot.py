"""Monthly charts of a run, as Plotly figures that need no network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from icsim.recording.indicators import OWN_TRUSTS, own_trusts, place_months
from icsim.recording.measures import KIND_LABELS, Measure
from icsim.recording.run import Run
from icsim.recording.store import ResultError
from icsim.recording.summary import heading

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    Drawn = tuple["Panel", pd.DataFrame]
    """A panel and its months: mean, low and high."""

# Blue of Okabe and Ito's palette, told apart by people with any colour blindness.
LINE = "#0072B2"
BAND = "rgba(0, 114, 178, 0.2)"
BAND_QUANTILES = (0.025, 0.975)
TEXT, GRID = "#222222", "#e3e3e3"


@dataclass(frozen=True)
class Panel:
    """One small chart: its title, unit, and the monthly figure from a kind's ``place_months``."""

    title: str
    unit: str
    kind: str
    needs: tuple[str, ...]
    value: Callable[[Any], Any]


def _a_day(kind: str, name: str, title: str, unit: str = "a day") -> Panel:
    """What happens, for each day of the month: months differ in length."""
    return Panel(title, unit, kind, (name,), lambda months: months[name] / months["days"])


def _level(kind: str, name: str, title: str, unit: str) -> Panel:
    return Panel(title, unit, kind, (name,), lambda months: months[name])


def _measure_panel(kind: str, measure: Measure) -> Panel:
    title = KIND_LABELS.get(kind, kind)
    if measure.over_time == "sum":
        return _a_day(kind, measure.name, title, f"{measure.unit} a day")
    return _level(kind, measure.name, title, measure.unit)


OVERVIEW: tuple[Panel, ...] = (
    _a_day("gp_practice", "requests_refused", "GP requests turned away"),
    _level("gp_practice", "routine_wait_days", "Wait for a routine GP appointment", "days"),
    _a_day("acute_trust", "ae_attendances", "A&E attendances"),
    Panel(
        "A&E within four hours",
        "%",
        "acute_trust",
        ("ae_breaches", "ae_attendances"),
        lambda months: 100 * (1 - months["ae_breaches"] / months["ae_attendances"]),
    ),
    _a_day("acute_trust", "emergency_admissions", "Emergency admissions"),
    Panel(
        "Bed occupancy, own hospitals",
        "%",
        OWN_TRUSTS,
        ("beds_occupied", "beds_open"),
        lambda months: 100 * months["beds_occupied"] / months["beds_open"],
    ),
    _a_day("acute_trust", "delayed_transfers", "Delayed transfers of care", "beds a day"),
    _level("acute_trust", "elective_waiting", "Waiting for planned treatment", "patients"),
)


def plot_overview(run: Run) -> "go.Figure":
    """Eight monthly charts of where a system is under strain; those the run did not record are left out."""
    return _draw(run, overview(run), "Residents, month by month")


def overview(run: Run) -> "list[Drawn]":
    """The panels of :func:`plot_overview` and what each shows: the columns of :func:`bands` by month."""
    names = {(kind, measure.name) for kind, table in _tables(run).items() for measure in table}
    panels = [panel for panel in OVERVIEW if all((panel.kind, need) in names for need in panel.needs)]
    return _shown(run, panels)


def _tables(run: Run) -> dict[str, list[Measure]]:
    """What was recorded for each kind of organisation, the place's own trusts being one."""
    tables = run.measures
    return tables | {OWN_TRUSTS: tables["acute_trust"]} if "acute_trust" in tables else tables


def plot_measure(run: Run, name: str) -> "go.Figure":
    """One measure, a chart for each kind of organisation that records it.

    Raises:
        ResultError: no kind of organisation records it; the message gives the nearest.
    """
    found = of_measure(run, name)
    label = next(
        measure.label for table in run.measures.values() for measure in table if measure.name == name
    )
    return _draw(run, found, label)


def of_measure(run: Run, name: str) -> "list[Drawn]":
    """The panels of :func:`plot_measure` and what each shows; raises as that does."""
    panels = [
        _measure_panel(kind, measure)
        for kind, table in run.measures.items()
        for measure in table
        if measure.name == name
    ]
    if not panels:
        known = sorted({measure.name for table in run.measures.values() for measure in table})
        near = get_close_matches(name, known, n=3) or known
        raise ResultError(f"this run records no measure {name!r}; try {', '.join(near)}")
    return _shown(run, panels)


def bands(months: Any, value: Any) -> "pd.DataFrame":
    """Mean, low and high over replicates of each month, without months only begun if there are others."""
    whole = months["days"] == months["month"].dt.days_in_month
    use = whole if whole.any() else whole | True
    by_month = value[use].groupby(months.loc[use, "month"])
    low, high = (by_month.quantile(quantile) for quantile in BAND_QUANTILES)
    return by_month.mean().to_frame("mean").assign(low=low, high=high)


def _shown(run: Run, panels: Sequence[Panel]) -> "list[Drawn]":
    """Panels with their months; those without any are left out."""
    tables, monthly = _tables(run), run.monthly
    months: Mapping[str, pd.DataFrame] = {
        kind: place_months(own_trusts(monthly) if kind == OWN_TRUSTS else monthly, kind, tables[kind])
        for kind in {panel.kind for panel in panels}
    }
    found = [panel for panel in panels if len(months[panel.kind])]
    if not found:
        raise ResultError(f"{run.path} records nothing that can be drawn")
    return [(panel, bands(months[panel.kind], panel.value(months[panel.kind]))) for panel in found]


def _draw(run: Run, panels: "list[Drawn]", about: str) -> "go.Figure":
    """The panels in two columns under a title that says what run this is."""
    from plotly.subplots import make_subplots

    width = 2 if len(panels) > 1 else 1
    height = -(-len(panels) // width)
    titles = [f"<b>{panel.title}</b>, {panel.unit}" for panel, _ in panels]
    figure: Any = make_subplots(
        height, width, subplot_titles=titles, vertical_spacing=0.38 / height, horizontal_spacing=0.08
    )
    for number, (panel, months) in enumerate(panels):
        _add(figure, months, panel, number // width + 1, number % width + 1)
    if run.replicates > 1:
        about += f"; mean and 95% range of {run.replicates} replicates"
    figure.update_layout(
        title={
            "text": f"{heading(run)}<br><sup>{about}</sup>",
            "x": 0.01,
            "y": 1 - 30 / (100 + 215 * height),
            "yanchor": "top",
            "font": {"size": 17},
        },
        template="plotly_white",
        showlegend=False,
        height=100 + 215 * height,
        margin={"l": 60, "r": 20, "t": 90, "b": 40},
        hovermode="x unified",
        font={"size": 13, "color": TEXT},
    )
    for number, note in enumerate(figure.layout.annotations):
        left = figure.get_subplot(number // width + 1, number % width + 1).xaxis.domain[0]
        note.update(font_size=14, x=left, xanchor="left")
    return figure


def alone(panel: Panel, months: "pd.DataFrame") -> "go.Figure":
    """One panel as a figure of its own, without a title."""
    from plotly.subplots import make_subplots

    figure: Any = make_subplots(1, 1)
    _add(figure, months, panel, 1, 1)
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
    first = months.index.min()
    figure.update_xaxes(
        row=row, col=column, dtick="M6", tick0=first, tickformat="%b\n%Y", showgrid=False, linecolor=TEXT
    )
    figure.update_yaxes(
        row=row, col=column, range=_range(months, panel.unit), tickformat=",", nticks=5, gridcolor=GRID
    )


def _range(months: "pd.DataFrame", unit: str) -> tuple[float, float]:
    """Counts and waits start at nothing; shares end at 100% and start at the ten below the lowest."""
    low, high = float(months["low"].to_numpy().min()), float(months["high"].to_numpy().max())
    if unit == "%":
        return min(90.0, 10 * (low // 10)) - 0.5, max(100.0, high) + 0.5
    return (0.0 if low >= 0 else 1.08 * low), (1.08 * high if high > 0 else 1.0)
