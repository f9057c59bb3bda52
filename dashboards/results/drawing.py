"""What the charts of results have in common: Plotly's figures as plain values, with words and figures."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROOM, INK, GRID, SOFT = "#005ea2", "#14202b", "#dfe4e8", "#5b6670"
GOOD, BAD = "#00614a", "#a83c00"
FONT = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
SIZE = 15
"""Of letters, in pixels; the page makes letters and height larger on a larger screen."""
WIDE = 24
"""Letters of a name beside a chart before it is broken."""


@dataclass(frozen=True)
class Drawn:
    """A chart as the page is given it; see ``icsim.dashboards.parts.papers.Chart``."""

    title: str
    figure: dict[str, Any]
    said: str
    heads: list[str]
    rows: list[list[Any]]
    name: str
    note: str = ""
    wide: bool = False


def drawn(
    title: str,
    figure: "go.Figure",
    height: float,
    said: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    name: str,
    note: str = "",
    right: float = 16,
) -> Drawn:
    """A figure in the dress of the pages; height and margin on the right in pixels at letters of ``SIZE``."""
    figure.update_layout(
        template="none", height=height, showlegend=False, autosize=True,
        font={"family": FONT, "size": SIZE, "color": INK}, paper_bgcolor="#fff", plot_bgcolor="#fff",
        margin={"l": 10, "r": right, "t": 10, "b": 10}, hoverlabel={"font": {"size": SIZE}}, dragmode=False,
    )  # fmt: skip
    quiet: dict[str, Any] = {"automargin": True, "zeroline": False, "gridcolor": GRID, "linecolor": INK}
    figure.update_xaxes(**quiet)
    figure.update_yaxes(**quiet)
    plain = [[_plain(cell) for cell in row] for row in rows]
    said = re.sub(r"(?<![\w-])-(?=\d)", "−", said)
    return Drawn(title, json.loads(str(figure.to_json())), said, list(heads), plain, name, note)


def _plain(cell: Any) -> Any:
    """What JSON can say: numbers to six figures, None for what is not known, the rest as text."""
    if cell is None or isinstance(cell, str | bool):
        return cell
    if isinstance(cell, int | float | np.number):
        return float(f"{float(cell):.6g}") if np.isfinite(cell) else None
    return str(cell)


def broken(words: str, width: int = WIDE) -> str:
    """A name in lines, for the side of a chart."""
    return "<br>".join(wrap(words.replace("_", " "), width)) or words


def short(key: str) -> str:
    """The last part of a dotted key, in words."""
    return key.rpartition(".")[2].replace("_", " ")
