# pyright: reportPrivateImportUsage=false
"""The evidence page: every value that a run rests on, by class, with its source; or the whole catalogue."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote

import solara

from icsim import evidence
from icsim.analysis.comparison import Comparison
from icsim.dashboards.parts import papers
from icsim.dashboards.results import finished
from icsim.evidence.catalogue import KINDS, Parameter
from icsim.evidence.search import search
from icsim.recording.run import Run, open_run
from icsim.recording.store import ResultError

PAGE = 60
SAID = {
    "measured": "published data",
    "reported": "said by those who took part",
    "assumed": "by nobody measured, or recalled and not read in a source",
}
SHORT = {
    "ae": "A&E",
    "acsc": "ACSC",
    "gp": "GP",
    "gps": "GPs",
    "gbp": "£",
    "imd": "deprivation",
    "nhs": "NHS",
}
"""Abbreviations of keys, as people write them."""
ALL = ""


@dataclass(frozen=True)
class Value:
    """One value that a run read: its row of the catalogue, and what the run took instead where it did."""

    row: Parameter
    set_to: str = ""


def counts(run: Run) -> dict[str, int]:
    """How many values of the evidence catalogue a run read, by class."""
    keys = run.manifest["evidence"]["keys"].values()
    return {kind: sum(entry["class"] == kind for entry in keys) for kind in KINDS}


def values_of(name: str) -> list[Value]:
    """What a run or the runs of a comparison read; the whole catalogue for no name.

    Raises:
        ResultError: no such result, or one that does not say.
    """
    catalogue = {row.key: row for row in evidence.load()}
    if not name:
        return [Value(row) for row in catalogue.values()]
    read: dict[str, Any] = {}
    for run in _runs(name):
        read |= run.manifest["evidence"]["keys"]
    if not read:
        raise ResultError(f"{name} does not say which values it read")
    return [_value(catalogue.get(key), key, entry) for key, entry in read.items()]


def _runs(name: str) -> list[Run]:
    found = finished.opened(name)
    if isinstance(found, Run):
        return [found]
    if not isinstance(found, Comparison):
        raise ResultError(f"{name} is a sweep: its runs read what its factors and base say, and keep no list")
    kept = sorted(each.parent for each in (found.path / "runs").glob("*/*/manifest.json"))
    kept += sorted(each.parent for each in (found.path / "runs").glob("*/manifest.json"))
    if not kept:
        raise ResultError(f"{name} has kept no run that says what it read: --keep-runs keeps them")
    return [open_run(each) for each in kept]


def _value(row: Parameter | None, key: str, entry: dict[str, Any]) -> Value:
    if row is None:
        gone = Parameter(
            key, entry["value"], None, None, "", "", "not in this catalogue", "", "", entry["class"], ""
        )
        return Value(gone)
    same = row.value == entry["value"]
    return Value(row, "" if same else f"the run took {_figure(entry['value'])}, not the catalogue's value")


def _figure(value: Any) -> str:
    return f"{value + 0.0:,.6g}".replace("-", "−") if isinstance(value, int | float) else str(value)


def _share(count: int, total: int) -> str:
    share = 100 * count / max(total, 1)
    return "under 1%" if 0 < share < 1 else f"{share:.0f}%"


def shown(value: Value) -> dict[str, Any]:
    """A value as the page shows it."""
    row = value.row
    span = "" if row.low is None or row.high is None else f"{_figure(row.low)} to {_figure(row.high)}"
    words = " ".join(SHORT.get(word, word) for word in row.key.split("_"))
    return {
        "key": row.key,
        "words": words[:1].upper() + words[1:],
        "value": _figure(row.value),
        "unit": row.unit,
        "range": span,
        "year": row.year,
        "topic": row.topic[:1].upper() + row.topic[1:],
        "source": row.source,
        "url": row.url if row.url.startswith(("https://", "http://")) else "",
        "kind": row.kind,
        "note": row.note,
        "set": value.set_to,
    }


@solara.component
def Evidence() -> Any:
    """The page; ``?run=NAME`` is what that run rests on."""
    router = solara.use_router()
    name = parse_qs((router.search or "").lstrip("?")).get("run", [""])[0]
    choices = solara.use_memo(_choices, [name])
    values = solara.use_memo(lambda: _values(name), [name])

    def take(chosen: str) -> None:
        router.push(f"/evidence?run={quote(chosen)}" if chosen else "/evidence")

    with solara.Div(classes=["ic-results"]) as main:
        solara.v.Html(tag="h1", children=["Evidence"])
        solara.v.Html(tag="p", children=[LEAD], class_="ic-lead")
        papers.Choice(label="What", choices=choices, chosen=name, name="picker", event_pick=take)
        if isinstance(values, str):
            solara.v.Html(
                tag="p",
                children=[values],
                class_="ic-said ic-wrong",
                attributes={"role": "alert", "data-test": "refused"},
            )
        else:
            Found(values, name).key(name)
    return main


LEAD = (
    "Every number that the model uses is a row of one catalogue: what it is, how far it may plausibly lie, "
    "where it is from, and how far to trust it."
)


def _choices() -> list[list[str]]:
    with_runs = [each for each in finished.shelf() if each.kind in ("run", "comparison")]
    return [["", "the whole catalogue"], *([each.name, f"what {each.name} rests on"] for each in with_runs)]


def _values(name: str) -> list[Value] | str:
    try:
        return values_of(name)
    except ResultError as error:
        return str(error)


@solara.component
def Found(values: list[Value], name: str) -> Any:
    """Values with a search."""
    word, set_word = solara.use_state("")
    kind, set_kind = solara.use_state(ALL)
    most, set_most = solara.use_state(PAGE)
    found = solara.use_memo(lambda: matching(values, word, kind), [values, word, kind])

    def look(asked: dict[str, Any]) -> None:
        set_word(str(asked.get("word", ""))[:100])
        set_kind(str(asked.get("kind", ALL)))
        set_most(PAGE)

    total = len(values)
    classes = []
    for one in KINDS:
        count = sum(value.row.kind == one for value in values)
        classes.append({"kind": one, "count": count, "share": _share(count, total), "said": SAID[one]})
    with solara.Div() as main:
        papers.Rows(
            classes=classes,
            kind=kind,
            word=word,
            rows=[shown(value) for value in found[:most]],
            found=len(found),
            total=total,
            event_look=look,
            event_more=lambda _: set_most(most + PAGE),
        )
        solara.FileDownload(
            lambda: table(found),
            filename=f"{name or 'catalogue'}-evidence.csv",
            label=f"These {len(found):,} values, CSV",
        )
    return main


def matching(values: list[Value], word: str, kind: str) -> list[Value]:
    """Values of a class (any for "") in which every word occurs; see ``icsim.evidence.search``."""
    by_key = {value.row.key: value for value in values if kind in (ALL, value.row.kind)}
    return [by_key[row.key] for row in search((value.row for value in by_key.values()), word)]


def table(values: list[Value]) -> str:
    """Values as CSV."""
    import pandas as pd

    return pd.DataFrame([shown(value) for value in values]).drop(columns="words").to_csv(index=False)
