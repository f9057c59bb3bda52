# pyright: reportPrivateImportUsage=false
"""The results page: a shelf of finished runs, comparisons and sweeps, and the one that was taken from it."""

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qs, quote

import solara

from icsim.analysis.comparison import Comparison
from icsim.dashboards.parts import papers
from icsim.dashboards.results import finished
from icsim.dashboards.results.comparisons import OfComparison
from icsim.dashboards.results.runs import OfRun
from icsim.dashboards.results.sweeps import OfSweep
from icsim.recording.run import Run
from icsim.recording.store import ResultError


def asked(key: str) -> str:
    """What the address of the page says of a key, "" where it is silent."""
    search = solara.use_router().search or ""
    return parse_qs(search.lstrip("?")).get(key, [""])[0]


@solara.component
def Results() -> Any:
    """The page; ``?open=NAME`` opens a result at once."""
    router = solara.use_router()
    chosen = asked("open")
    shelf = solara.use_memo(finished.shelf, [chosen])

    def take(name: str) -> None:
        router.push(f"/results?open={quote(name)}" if name else "/results")

    with solara.Div(classes=["ic-results"]) as main:
        solara.v.Html(tag="h1", children=["Results"])
        if chosen:
            with solara.Div(classes=["ic-back"]), solara.Link("/results"):
                solara.v.Html(tag="span", children=["‹ All results"])
            Result(chosen).key(chosen)
        else:
            papers.Shelf(
                entries=[asdict(each) for each in shelf], folder=str(finished.folder().name), event_take=take
            )
    return main


@solara.component
def Result(name: str) -> Any:
    """One result."""
    found = solara.use_memo(lambda: _opened(name), [name])
    with solara.Div(classes=["ic-result"]) as main:
        if isinstance(found, str):
            solara.v.Html(tag="p", children=[found], class_="ic-said ic-wrong",
                          attributes={"role": "alert", "data-test": "refused"})  # fmt: skip
            return main
        title = f"{name}: {finished.about(found)}"
        solara.v.Html(tag="h2", children=[title], attributes={"data-test": "result"})
        if isinstance(found, Run):
            OfRun(found)
        elif isinstance(found, Comparison):
            OfComparison(found)
        else:
            OfSweep(found)
    return main


def _opened(name: str) -> finished.Found | str:
    try:
        return finished.opened(name)
    except ResultError as error:
        return str(error)
