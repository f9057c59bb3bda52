# pyright: reportPrivateImportUsage=false
"""The dashboard's pages, as Solara serves them (``icsim dashboard``)."""

import threading
from pathlib import Path
from typing import Any

import solara

from icsim.dashboards import visits
from icsim.dashboards.hands import catalogue
from icsim.dashboards.live import Live
from icsim.dashboards.results.evidence import Evidence
from icsim.dashboards.results.page import Results

STYLES = tuple(
    Path(__file__).parent / name for name in ("dashboard.css", "stories.css", "results/results.css")
)
threading.Thread(target=catalogue, daemon=True).start()  # a second's reading, before anybody asks
PAGES = (("/", "Live", Live), ("results", "Results", Results), ("evidence", "Evidence", Evidence))


@solara.component
def Layout(children: list[Any]) -> Any:
    """Head, ways to the pages, and the page."""
    route, routes = solara.use_route()
    with solara.Div(classes=["ic"]) as main:
        for style in STYLES:
            solara.Style(style)
        solara.Title("icsim")
        with solara.v.Html(tag="header", class_="ic-head"):
            solara.HTML(tag="span", classes=["ic-brand"], unsafe_innerHTML="icsim")
            with solara.v.Html(tag="nav", attributes={"aria-label": "Pages"}):
                for each in routes:
                    with solara.Link(each):
                        solara.HTML(tag="span", classes=["ic-nav", "on" if each is route else ""],
                                    unsafe_innerHTML=each.label or "")  # fmt: skip
        if not visits.admitted():
            said = f"{visits.MOST} people are watching, as many as this server can take. Reload in a minute."
            children = [
                solara.v.Html(tag="p", children=[said], class_="ic-said", attributes={"role": "alert"})
            ]
        solara.v.Html(tag="main", children=children, class_="ic-main")
    return main


routes = [
    solara.Route(path, component=component, label=label, layout=Layout if path == "/" else None)
    for path, label, component in PAGES
]
