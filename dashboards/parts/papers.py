# pyright: reportPrivateImportUsage=false
"""The parts of the pages that are read: charts with axes, tables, choices, rows of evidence."""

from collections.abc import Callable
from typing import Any

import solara

State = dict[str, Any]
Told = Callable[[Any], None]
_VUETIFY = False


@solara.component_vue("chart.vue", vuetify=_VUETIFY)
def Chart(
    title: str,
    figure: State,
    said: str,
    heads: list[str],
    rows: list[list[Any]],
    name: str,
    note: str = "",
    wide: bool = False,
) -> None:
    """A figure of Plotly's, as plain values, with its words and figures; saved as PNG and CSV by the browser.

    ``said`` is the text alternative; ``heads`` and ``rows`` are what is drawn, as numbers and text; ``name``
    is that of the files, without an ending.
    """


@solara.component_vue("table.vue", vuetify=_VUETIFY)
def Table(title: str, heads: list[str], rows: list[list[str]], note: str = "") -> None:
    """Text in rows; a row of one cell is a heading within the table."""


@solara.component_vue("choice.vue", vuetify=_VUETIFY)
def Choice(label: str, choices: list[list[str]], chosen: str, name: str, event_pick: Told) -> None:
    """One of several: pairs of a key and its words."""


@solara.component_vue("evidence.vue", vuetify=_VUETIFY)
def Rows(
    classes: list[State],
    kind: str,
    word: str,
    rows: list[State],
    found: int,
    total: int,
    event_look: Told,
    event_more: Told,
) -> None:
    """Rows of the evidence catalogue, with a search and the classes to choose from."""


@solara.component_vue("shelf.vue", vuetify=_VUETIFY)
def Shelf(entries: list[State], folder: str, event_take: Told) -> None:
    """Finished results to take one from."""
