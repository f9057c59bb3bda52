"""A run without a programme against published figures, row by row. Reads results only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim import __version__, evidence
from icsim.evidence.places import resolve
from icsim.recording.run import Run
from icsim.validation import national, own_level
from icsim.validation.row import IN, NOT_COMPARABLE, OUT, VERDICTS, Row
from icsim.validation.year import Year

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from icsim.experiment import Experiment

ENGLAND = "england"
COLUMNS = ("place", "topic", "label", "unit", "found", "published", "ratio", "asked", "verdict", "set_to")
COLUMNS += ("class", "source", "year", "why")
STYLES = {IN: "green", OUT: "bold red", NOT_COMPARABLE: "dim"}
HOW_TO_READ = (
    "in, out: within what is asked of the published figure, or not. too few: luck alone moves so few events "
    "as far. * recalled, not read in a source. = a number or an input of the model was set to this figure: "
    "agreement shows that, and nothing else."
)


@dataclass(frozen=True)
class Baseline:
    """All rows of one run and financial year; prints in a terminal, writes itself as data.

    Attributes:
        place, financial_year: of the run.
        own: comparisons with figures of the place itself.
        england: comparisons with England's figures.
        about: seed, sample, versions: what else tells one run from another.
    """

    place: str
    financial_year: str
    own: tuple[Row, ...]
    england: tuple[Row, ...]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All comparisons."""
        return self.own + self.england

    def to_frame(self) -> "pd.DataFrame":
        """One row a comparison, columns ``COLUMNS``."""
        return _frame(self.place, self.rows)

    def to_json(self) -> dict[str, Any]:
        """The table and what it is of, plain enough for JSON."""
        return _json(
            self.to_frame(), {"place": self.place, "financial_year": self.financial_year} | self.about
        )

    def __rich__(self) -> "Group":
        from rich.console import Group
        from rich.text import Text

        table = _columns(f"{self.place}, {self.financial_year}, no programme", "")
        topic, reasons = "", reasons_of(self.rows)
        for row in self.rows:
            if row.topic != topic:
                topic = row.topic
                table.add_row(Text(topic, style="bold"))
            label, *cells = cells_of(row, reasons)
            table.add_row(f"  {label}", *cells[:-1], Text(cells[-1], style=STYLES.get(row.verdict, "")))
        return Group(table, *_foot(self.rows, reasons))


def summary(rows: Sequence[Row]) -> str:
    """How many rows are in, out and neither, in one line."""

    def count(rows: Iterable[Row], verdict: str) -> int:
        return sum(row.verdict == verdict for row in rows)

    free = [row for row in rows if not row.published.set_to]
    counts = ", ".join(f"{count(rows, verdict)} {verdict}" for verdict in VERDICTS)
    return f"{counts}. Of those that nothing was set to: {count(free, IN)} in, {count(free, OUT)} out."


def _frame(place: str, rows: Iterable[Row]) -> "pd.DataFrame":
    import pandas as pd

    return pd.DataFrame([_plain(place, row) for row in rows], columns=list(COLUMNS))


def _json(frame: "pd.DataFrame", about: dict[str, Any]) -> dict[str, Any]:
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {**about, "rows": rows}


def _plain(place: str, row: Row) -> dict[str, Any]:
    published = row.published
    return {
        "place": place,
        "topic": row.topic,
        "label": row.label,
        "unit": row.unit,
        "found": row.found,
        "published": published.value,
        "ratio": row.ratio,
        "asked": row.asked_text,
        "verdict": row.verdict,
        "set_to": published.set_to,
        "class": published.kind,
        "source": published.source,
        "year": published.year,
        "why": row.why,
    }


def _columns(title: str, first: str) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None)
    table.add_column(first)
    for head in ("found", "published", "ratio"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("asked", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    return table


def reasons_of(rows: Iterable[Row]) -> list[str]:
    """Why rows are not comparable, each reason once."""
    return list(dict.fromkeys(row.why for row in rows if row.why))


def _foot(rows: Sequence[Row], reasons: Sequence[str]) -> "list[Text]":
    """What stands under a table: the count, how to read it, the reasons by number."""
    from rich.text import Text

    notes = [HOW_TO_READ, *(f"({number}) {reason}" for number, reason in enumerate(reasons, 1))]
    return [Text(summary(rows), style="bold"), *(Text(note, style="dim") for note in notes)]


def cells_of(row: Row, reasons: Sequence[str]) -> tuple[str, ...]:
    """A row as text: label with unit, found, published with its marks, ratio, what is asked, verdict."""
    marks = ("=" if row.published.set_to else "") + ("*" if row.published.kind == "assumed" else "")
    verdict = f"{row.verdict} ({reasons.index(row.why) + 1})" if row.why else row.verdict
    ratio = f"{row.ratio:.2f}" if row.ratio == row.ratio else "–"
    published = f"{_figure(row.published.value)}{marks}"
    return f"{row.label}, {row.unit}", _figure(row.found), published, ratio, row.asked_text, verdict


def _figure(value: float) -> str:
    if value != value:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.3g}"


def baseline_of(experiment: "Experiment", out: Path | None = None) -> Baseline:
    """Run an experiment and compare it; its results are kept in ``out``, if given.

    Raises:
        ResultError: ``out`` is taken or cannot be written.
    """
    import tempfile

    from icsim.running import run

    with tempfile.TemporaryDirectory() as folder:
        return compare(run(experiment, out=out or Path(folder) / "baseline"))


def compare(run: Run) -> Baseline:
    """The baseline table of a run's second financial year (its only one if it has one)."""
    years = list(dict.fromkeys(run.monthly["financial_year"]))
    chosen = years[min(1, len(years) - 1)]
    place = resolve(run.manifest["experiment"]["place"]).name
    year = Year(run, chosen)
    catalogue = evidence.load()
    own = _by_topic(own_level.rows(year, catalogue, place))
    rows = list(national.rows(year, catalogue, place == ENGLAND))
    whole = [Year(run, name) for name in years if _whole(run, name)]
    if len(whole) > 1:
        rows += national.trends(whole, catalogue)
    if len(years) > 1:
        rows += national.regression(run, years, catalogue)
    about = {"seed": run.manifest["seed"], "replicates": run.replicates, "sample": year.sample}
    about |= {"version": __version__, "date": str(date.today())}
    return Baseline(run.name, chosen, own, _by_topic(rows), about)


def _by_topic(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows of one topic together, topics as they first come."""
    listed = list(rows)
    topics = list(dict.fromkeys(row.topic for row in listed))
    return tuple(sorted(listed, key=lambda row: topics.index(row.topic)))


def _whole(run: Run, financial_year: str) -> bool:
    months = run.monthly.loc[run.monthly["financial_year"] == financial_year, "month"]
    return months.nunique() == 12


@dataclass(frozen=True)
class Places:
    """Several places, each against its own published level: one line a place and measure."""

    tables: tuple[Baseline, ...]

    @property
    def rows(self) -> list[Row]:
        """The comparisons of all places with their own figures."""
        return [row for table in self.tables for row in table.own]

    def to_frame(self) -> "pd.DataFrame":
        """One row a comparison, columns ``COLUMNS``."""
        import pandas as pd

        return pd.concat([_frame(table.place, table.own) for table in self.tables], ignore_index=True)

    def to_json(self) -> dict[str, Any]:
        """The table and what it is of, plain enough for JSON."""
        first = self.tables[0]
        places = [table.place for table in self.tables]
        return _json(
            self.to_frame(), {"places": places, "financial_year": first.financial_year} | first.about
        )

    def __rich__(self) -> "Group":
        from rich.console import Group
        from rich.text import Text

        table = _columns("Each place against its own published level, no programme", "place")
        table.columns[0].no_wrap = True
        table.add_column("", no_wrap=False)
        reasons = reasons_of(self.rows)
        for one in self.tables:
            for row in one.own:
                label, *cells = cells_of(row, reasons)
                verdict = Text(cells[-1], style=STYLES.get(row.verdict, ""))
                table.add_row(one.place, *cells[:-1], verdict, label)
        return Group(table, *_foot(self.rows, reasons))
