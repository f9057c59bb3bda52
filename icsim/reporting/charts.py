"""The charts of a report: control chart, bars, pyramid, lines by group, dots around one, flow.

Each returns SVG. Kinds of points and lines differ in shape and dash as well as in colour, lines are named
where they end, and every chart carries a description.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from icsim.reporting.drawing import Drawing, Scale, number, spread_out, wide
from icsim.reporting.spc import Xmr

WIDTH = 420.0
LEAST = 220.0
"""Room for intervals beside names of any length: ticks do not run into one another."""
LINES = ("a", "b", "c", "d", "e", "f")
"""Styles of lines, each of its own dash and colour."""


def control_chart(
    key: str,
    title: str,
    description: str,
    months: Sequence[date],
    chart: Xmr,
    *,
    settled: np.ndarray | None = None,
    lows: np.ndarray | None = None,
    highs: np.ndarray | None = None,
    target: tuple[str, float] | None = None,
    floor: float = 0.0,
    ceiling: float = np.inf,
) -> str:
    """An XmR chart: points, mean, limits; the band that other replicates cover; a standard.

    Args:
        months: first day of each month, as many as the chart has points.
        settled: all points, with those that the limits leave out (NaN in the chart); None for no others.
        lows, highs: edges of the band, or None for no band.
        target: its name and figure.
        floor, ceiling: what the measure cannot pass.
    """
    names = [
        ("mean", chart.mean),
        ("upper", chart.upper),
        ("lower", chart.lower),
        *([target] if target else []),
    ]
    ends = [(name, value, f"{name} {number(value)}") for name, value in names if np.isfinite(value)]
    height, left, top, bottom = 236.0, 44.0, 10.0, 198.0
    right = WIDTH - 12 - wide((words for *_, words in ends), 56.0)
    drawing = Drawing(key, WIDTH, height, title, description)
    every = chart.values if settled is None else settled
    shown = [*every, chart.lower, chart.upper, chart.mean, *([] if lows is None else lows)]
    shown += [*([] if highs is None else highs), *([target[1]] if target else [])]
    known = np.array(shown, float)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    pad = 0.07 * (high - low) or max(abs(high) * 0.1, 0.5)
    scale = Scale(max(low - pad, floor), min(high + pad, ceiling), bottom, top)
    step = (right - left) / max(len(months), 1)

    def x(point: int) -> float:
        return left + (point + 0.5) * step

    _seasons(drawing, months, left, step, top, bottom)
    _value_axis(drawing, scale, left, right)
    if lows is not None and highs is not None:
        edge = [(x(k), scale(v)) for k, v in enumerate(highs)]
        drawing.path([*edge, *reversed([(x(k), scale(v)) for k, v in enumerate(lows)])], "band", closed=True)
    ends = [each for each in ends if scale.low <= each[1] <= scale.high]
    styles = {"mean": "mean", "upper": "limit", "lower": "limit"}
    for name, value, _ in ends:
        drawing.line(left, scale(value), right, scale(value), styles.get(name, "target"))
    places = spread_out([scale(value) for _, value, _ in ends], 12.5, top + 4, bottom)
    for (_, _, words), y in zip(ends, places, strict=True):
        drawing.text(right + 8, y + 4, words, "end")
    drawing.path([(x(k), scale(value)) for k, value in enumerate(every)], "series")
    for k, (value, kind) in enumerate(zip(every, chart.signs, strict=True)):
        drawing.mark(x(k), scale(value), "settling" if np.isnan(chart.values[k]) else kind)
    return drawing.svg()


def _seasons(
    drawing: Drawing, months: Sequence[date], left: float, step: float, top: float, bottom: float
) -> None:
    """Winters shaded, and the months named along the foot."""
    every = 6 if len(months) > 8 else 3 if len(months) > 4 else 1
    for k, month in enumerate(months):
        if month.month in (12, 1, 2):
            drawing.rect(left + k * step, top, step, bottom - top, "winter")
    for k, month in enumerate(months):
        if (month.month - 4) % every == 0:
            middle = left + (k + 0.5) * step
            drawing.line(middle, bottom, middle, bottom + 4, "axis")
            drawing.text(middle, bottom + 16, f"{month:%b}", "tick", "middle")
            if month.month == 4 or every < 6:
                drawing.text(middle, bottom + 29, f"{month:%Y}", "tick", "middle")
    drawing.line(left, bottom, left + step * len(months), bottom, "axis")


def _value_axis(drawing: Drawing, scale: Scale, left: float, right: float) -> None:
    for tick, words in scale.labelled(4):
        drawing.line(left, scale(tick), right, scale(tick), "grid")
        drawing.text(left - 5, scale(tick) + 4, words, "tick", "end")


@dataclass(frozen=True)
class Bar:
    """One bar: its name, length, the range over replicates, and a figure to compare it with (or NaN)."""

    label: str
    value: float
    low: float = np.nan
    high: float = np.nan
    mark: float = np.nan
    words: str = ""


def bars(key: str, title: str, description: str, rows: Sequence[Bar], *, mark: str = "") -> str:
    """Horizontal bars with their figures; a diamond where a published figure stands."""
    row, left = 21.0, 12 + wide(bar.label for bar in rows)
    right = WIDTH - 14 - wide(bar.words or number(bar.value) for bar in rows)
    top = 22.0 if mark else 4.0
    drawing = Drawing(key, WIDTH, top + row * len(rows) + 4, title, description)
    reach = [each for bar in rows for each in (bar.value, bar.high, bar.mark) if np.isfinite(each)]
    scale = Scale(0.0, max(reach, default=1.0) or 1.0, left, right)
    if mark:
        drawing.mark(left + 6, 9, "england", 4.5)
        drawing.text(left + 16, 13, mark, "tick")
    for k, bar in enumerate(rows):
        y = top + k * row
        drawing.text(left - 7, y + 14, bar.label, "t", "end")
        drawing.rect(left, y + 3, scale(bar.value) - left, row - 7, "bar")
        if np.isfinite(bar.low) and bar.high > bar.low:
            drawing.line(scale(bar.low), y + row / 2 - 0.5, scale(bar.high), y + row / 2 - 0.5, "whisker")
        end = max(each for each in (bar.value, bar.high, bar.mark) if np.isfinite(each))
        if np.isfinite(bar.mark):
            drawing.mark(scale(bar.mark), y + row / 2 - 0.5, "england", 4.5)
        drawing.text(scale(end) + 9, y + 14, bar.words or number(bar.value), "end")
    drawing.line(left, top, left, top + row * len(rows), "axis")
    return drawing.svg()


def pyramid(
    key: str, title: str, description: str, bands: Sequence[str], men: np.ndarray, women: np.ndarray
) -> str:
    """Shares of residents by age, men to the left and women to the right, youngest at the foot.

    Args:
        men, women: per cent of all residents, shape (bands,).
    """
    row, top, middle, gap = 15.5, 22.0, WIDTH / 2, 25.0
    drawing = Drawing(key, WIDTH, top + row * len(bands) + 24, title, description)
    most = float(max(men.max(), women.max())) or 1.0
    right = Scale(0.0, most, middle + gap, WIDTH - 8)
    left = Scale(0.0, most, middle - gap, 8.0)
    foot = top + row * len(bands)
    for tick in right.ticks(3):
        for side in (left, right):
            drawing.line(side(tick), top, side(tick), foot, "grid")
            drawing.text(side(tick), foot + 14, f"{tick:g}%", "tick", "middle")
    for k, band in enumerate(bands):
        y = foot - (k + 1) * row
        drawing.rect(left(men[k]), y + 1, left.start - left(men[k]), row - 2, "bar men")
        drawing.rect(right.start, y + 1, right(women[k]) - right.start, row - 2, "bar women")
        drawing.text(middle, y + 12, band, "tick", "middle")
    drawing.text(left.start, 14, "Men", "t", "end")
    drawing.text(right.start, 14, "Women", "t")
    return drawing.svg()


@dataclass(frozen=True)
class Series:
    """A line over groups: its name, a figure for each group, and the band of replicates (or nothing)."""

    name: str
    values: np.ndarray
    lows: np.ndarray | None = None
    highs: np.ndarray | None = None


def lines(key: str, title: str, description: str, groups: Sequence[str], series: Sequence[Series]) -> str:
    """Lines over ordered groups, named where they end. From nothing upwards."""
    height, left, top, bottom = 236.0, 44.0, 12.0, 200.0
    right = WIDTH - 4 - wide(each.name for each in series)
    drawing = Drawing(key, WIDTH, height, title, description)
    tops = [float(np.nanmax(each.values if each.highs is None else each.highs)) for each in series]
    scale = Scale(0.0, max(tops, default=1.0) * 1.05 or 1.0, bottom, top)
    step = (right - left) / max(len(groups), 1)

    def x(group: int) -> float:
        return left + (group + 0.5) * step

    _value_axis(drawing, scale, left, right)
    for k, group in enumerate(groups):
        lowered = 13 if k % 2 and len(groups) > 6 else 0
        drawing.text(x(k), bottom + 14 + lowered, group, "tick", "middle")
    drawing.line(left, bottom, right, bottom, "axis")
    ends = spread_out([scale(float(each.values[-1])) for each in series], 13.0, top + 4, bottom)
    for each in series:
        if each.lows is not None and each.highs is not None:
            upper = [(x(k), scale(v)) for k, v in enumerate(each.highs)]
            lower = [(x(k), scale(v)) for k, v in enumerate(each.lows)]
            drawing.path([*upper, *reversed(lower)], "band", closed=True)
    for each, style, y in zip(series, LINES, ends, strict=False):
        drawing.path([(x(k), scale(v)) for k, v in enumerate(each.values)], f"line {style}")
        for k, value in enumerate(each.values):
            drawing.mark(x(k), scale(value), f"dot {style}", 2.6)
        drawing.text(right + 2, y + 4, each.name, f"end {style}")
    return drawing.svg()


@dataclass(frozen=True)
class Dot:
    """How a figure compares with a published one: their ratio, the range asked of it, and its kind "
    "of mark."""

    label: str
    ratio: float
    asked: tuple[float, float] | None
    mark: str


def dots(key: str, title: str, description: str, rows: Sequence[Dot]) -> str:
    """Ratios around 1 on a scale of halves and doubles, each with the range it is asked to be in."""
    row, left, right, top = 19.0, 14 + wide(each.label for each in rows), WIDTH - 46.0, 20.0
    drawing = Drawing(key, WIDTH, top + row * len(rows) + 6, title, description)
    edge = 0.6  # log2: ratios from 0.66 to 1.52; those beyond stand at the edge with an arrow
    scale = Scale(-edge, edge, left, right)
    foot = top + row * len(rows)
    for ratio in (0.7, 0.85, 1.0, 1.2, 1.5):
        at = scale(float(np.log2(ratio)))
        drawing.line(at, top, at, foot, "one" if ratio == 1.0 else "grid")
        drawing.text(at, 13, f"{ratio:g}" if ratio != 1.0 else "1", "tick", "middle")
    for k, each in enumerate(rows):
        y = top + (k + 0.5) * row
        drawing.text(left - 8, y + 4, each.label, "t", "end")
        if each.asked is not None:
            a, b = (scale(float(np.clip(np.log2(max(ratio, 1e-3)), -edge, edge))) for ratio in each.asked)
            drawing.rect(a, y - 6, b - a, 12, "asked")
        if not np.isfinite(each.ratio):
            drawing.text(right + 6, y + 4, "–", "end")
            continue
        at = float(np.log2(max(each.ratio, 1e-3)))
        beyond = abs(at) > edge
        drawing.mark(scale(float(np.clip(at, -edge, edge))), y, each.mark, 4.0)
        arrow = ("◂ " if at < 0 else "▸ ") if beyond else ""
        drawing.text(right + 6, y + 4, f"{arrow}{each.ratio:.2f}", "end")
    return drawing.svg()


@dataclass(frozen=True)
class Change:
    """A change against a reference: its share, the interval (or NaN), and the kind of its mark."""

    label: str
    share: float
    low: float
    high: float
    mark: str


def changes(key: str, title: str, description: str, rows: Sequence[Change]) -> str:
    """Relative changes in percent around no change, each with its interval; cut off at the middle of all."""
    row, left, top = 20.0, 14 + wide(each.label for each in rows), 20.0
    width = max(WIDTH, left + LEAST + 56)
    right = width - 56
    drawing = Drawing(key, width, top + row * len(rows) + 6, title, description)
    ends = [abs(end) for each in rows for end in (each.share, each.low, each.high) if np.isfinite(end)]
    most = max([abs(each.share) for each in rows if np.isfinite(each.share)] or [0.0])
    edge = max(min(max(ends, default=0.01), 3 * most), 0.001)  # one wide interval does not hide the others
    scale = Scale(-100 * edge, 100 * edge, left, right)
    foot = top + row * len(rows)
    for tick, words in scale.labelled(4):
        drawing.line(scale(tick), top, scale(tick), foot, "one" if tick == 0 else "grid")
        drawing.text(scale(tick), 13, f"{words}%", "tick", "middle")
    for k, each in enumerate(rows):
        y = top + (k + 0.5) * row
        drawing.text(left - 8, y + 4, each.label, "t", "end")
        if not np.isfinite(each.share):
            drawing.text(right + 6, y + 4, "–", "end")
            continue
        if np.isfinite(each.low):
            a, b = (scale(100 * float(np.clip(end, -edge, edge))) for end in (each.low, each.high))
            drawing.line(a, y, b, y, "whisker")
        drawing.mark(scale(100 * float(np.clip(each.share, -edge, edge))), y, each.mark, 4.0)
        drawing.text(right + 6, y + 4, f"{round(100 * each.share, 1) + 0.0:+.1f}%".replace("-", "−"), "end")
    return drawing.svg()


@dataclass(frozen=True)
class Node:
    """A place in a flow: its name, the column it stands in, from 0, and an order within the column."""

    name: str
    column: int


@dataclass(frozen=True)
class Flow:
    """Who goes from where to where: nodes in reading order, and links with amounts."""

    nodes: tuple[Node, ...]
    links: Mapping[tuple[str, str], float]
    columns: tuple[str, ...] = ()
    show: Mapping[str, str] = field(default_factory=dict)

    def size(self, name: str) -> float:
        """What passes through a node: the larger of what comes and what goes."""
        come = sum(value for (_, to), value in self.links.items() if to == name)
        go = sum(value for (source, _), value in self.links.items() if source == name)
        return max(come, go)


def flow(
    key: str, title: str, description: str, found: Flow, *, width: float = 800.0, height: float = 370.0
) -> str:
    """A Sankey diagram: bars for nodes, bands for links, as thick as the amounts; each node named "
    "with its figure."""
    drawing = Drawing(key, width, height, title, description)
    top, gap, bar, line = 26.0 if found.columns else 8.0, 22.0, 12.0, 32.0
    columns = sorted({node.column for node in found.nodes})
    members = {column: [node for node in found.nodes if node.column == column] for column in columns}
    scale = min(
        (height - top - 22 - gap * (len(nodes) - 1)) / max(sum(found.size(n.name) for n in nodes), 1e-9)
        for nodes in members.values()
    )
    shown = {node.name: found.show.get(node.name, number(found.size(node.name))) for node in found.nodes}
    room = 18 + 1.25 * wide(node.name for node in members[columns[-1]])
    place = {
        column: 4 + (width - room - bar - 4) * k / max(len(columns) - 1, 1)
        for k, column in enumerate(columns)
    }
    at: dict[str, tuple[float, float]] = {}
    for column in columns:
        nodes = members[column]
        total = sum(found.size(node.name) for node in nodes) * scale + gap * (len(nodes) - 1)
        y = top + max(0.0, (height - top - 18 - total) / 2)
        for node in nodes:
            at[node.name] = (place[column], y)
            y += found.size(node.name) * scale + gap
    for column, name in zip(columns, found.columns, strict=False):
        drawing.text(place[column], 13, name, "head")
    order = {node.name: k for k, node in enumerate(found.nodes)}
    out = dict.fromkeys(order, 0.0)
    into = dict.fromkeys(order, 0.0)
    for source, to in sorted(found.links, key=lambda link: (order[link[0]], order[link[1]])):
        thick = found.links[source, to] * scale
        (x1, y1), (x2, y2) = at[source], at[to]
        style = f"ribbon r{order[source] % 4}"
        drawing.ribbon(x1 + bar, y1 + out[source], x2, y2 + into[to], max(thick, 0.6), style)
        out[source] += thick
        into[to] += thick
    for column in columns:
        middles = [at[node.name][1] + found.size(node.name) * scale / 2 for node in members[column]]
        places = spread_out(middles, line, top + line / 2, height - line / 2)
        for node, y in zip(members[column], places, strict=True):
            x, upper = at[node.name]
            drawing.rect(x, upper, bar, max(found.size(node.name) * scale, 1.5), "node")
            drawing.text(x + bar + 6, y - 1, node.name, "name")
            drawing.text(x + bar + 6, y + 14, shown[node.name], "amount")
    return drawing.svg()
