"""The summary of a run: one table for a terminal, a notebook or plain text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from itertools import chain, repeat
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.recording.indicators import (
    INDICATORS,
    OLDER_BANDS,
    OUTSIDE,
    OWN_TRUSTS,
    SPENDING,
    Indicator,
    Year,
    own_trusts,
    place_months,
    spending_indicators,
    year_length,
)
from icsim.recording.recorder import financial_year
from icsim.recording.run import Run

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, ConsoleOptions
    from rich.table import Table

CONFIDENCE = 0.95
MARKS = {"measured": "", "reported": "†", "assumed": "*"}
SAID_OF_MARKS = {"assumed": "recalled, not read in a source", "reported": "said by participants"}
PARTS = ("of which", "in ")  # lines about part of the line above
SMALL_WORDS = ("and", "of", "on", "the", "upon")
TEXT_WIDTH, WIDEST = 100, 10_000
LEAST_SHOWN = 2


@dataclass(frozen=True)
class Line:
    """One indicator: mean and 95% confidence interval of each year over replicates, and England's figure."""

    indicator: Indicator
    means: tuple[float, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    england: float
    england_row: Any | None

    def cell(self, year: int) -> str:
        """``108.2``, over replicates ``108.2 ±1.1``; a dash when unknown."""
        mean, low = self.means[year], self.lows[year]
        if isnan(mean):
            return "-"
        text = self._number(mean)
        return text if isnan(low) else f"{text} ±{self._number(mean - low)}"

    def england_cells(self) -> tuple[str, str]:
        """England's figure and its year, marked when it was not measured; or nothing."""
        row = self.england_row
        return (self._number(self.england), f"{row.year[:7]}{MARKS[row.kind]}") if row else ("", "")

    def _number(self, value: float) -> str:
        return f"{value:,.{self.indicator.decimals}f}"


@dataclass(frozen=True)
class Summary:
    """What a run shows at a glance.

    ``print(summary)`` gives plain text, ``rich.print(summary)`` a table, a notebook shows it as HTML, and
    ``to_frame()`` is for further work.
    """

    title: str
    years: tuple[str, ...]
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    notes: tuple[str, ...]

    def to_frame(self) -> "pd.DataFrame":
        """A row for each indicator and year: mean, low, high, England's figure and its class."""
        import pandas as pd

        rows = []
        for line in self.lines:
            about, england = line.indicator, line.england_row
            for number, year in enumerate(self.years):
                rows.append(
                    {
                        "indicator": about.name,
                        "label": about.label,
                        "unit": about.unit,
                        "financial_year": year,
                        "mean": line.means[number],
                        "low": line.lows[number],
                        "high": line.highs[number],
                        "england": line.england,
                        "england_year": england.year if england else "",
                        "england_class": england.kind if england else "",
                        "england_source": england.source if england else "",
                    }
                )
        return pd.DataFrame(rows)

    def _sections(self) -> Iterator[tuple[str, list[Line]]]:
        for topic in dict.fromkeys(line.indicator.topic for line in self.lines):
            yield topic, [line for line in self.lines if line.indicator.topic == topic]

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> Iterator[Any]:
        """As many years as the width has room for, the first and the last among them."""
        from rich.box import SIMPLE_HEAD
        from rich.measure import Measurement
        from rich.text import Text

        every = shown = len(self.years)
        table = self._rich(SIMPLE_HEAD, range(every))
        wide = options.update(max_width=WIDEST)
        while shown > LEAST_SHOWN and Measurement.get(console, wide, table).maximum > options.max_width:
            shown -= 1
            table = self._rich(SIMPLE_HEAD, [k * (every - 1) // (shown - 1) for k in range(shown)])
        yield table
        if shown < every:
            yield Text(f"{shown} of {every} years, for want of room: icsim report has all.", style="dim")
        yield from (Text(note, style="dim") for note in self.notes)

    def _rich(self, box: Any, shown: Sequence[int]) -> "Table":
        from rich.table import Table

        table = Table(box=box, title=self.title, title_justify="left", pad_edge=False, collapse_padding=True)
        table.add_column("")
        for number in shown:
            table.add_column(self.headings[number], justify="right", no_wrap=True)
        table.add_column("England", justify="right", no_wrap=True)
        table.add_column("of year", no_wrap=True)
        for topic, lines in self._sections():
            table.add_row(f"[bold]{topic}[/bold]")
            for line in lines:
                cells = [line.cell(number) for number in shown]
                indent = "   " if line.indicator.title.startswith(PARTS) else " "
                table.add_row(f"{indent}{line.indicator.title}", *cells, *line.england_cells())
        return table

    def __str__(self) -> str:
        from rich.console import Console

        out = StringIO()
        Console(file=out, width=TEXT_WIDTH, color_system=None).print(self._rich(None, range(len(self.years))))
        return "\n".join([*(row.rstrip() for row in out.getvalue().splitlines()), *self.notes])

    def _repr_html_(self) -> str:
        heads = _cells("th", ("", *self.headings, "England", "of year", "class"))
        rows = [f"<tr>{heads}</tr>"]
        for topic, lines in self._sections():
            rows.append(
                f"<tr><th style='text-align:left' colspan='{len(self.years) + 4}'>{escape(topic)}</th></tr>"
            )
            for line in lines:
                row = line.england_row
                years = (line.cell(number) for number in range(len(self.years)))
                texts = (line.indicator.title, *years, *line.england_cells(), row.kind if row else "")
                source = escape(row.source, quote=True) if row else ""
                rows.append(f"<tr title='{source}'>{_cells('td', texts)}</tr>")
        notes = "".join(f"<p><small>{escape(note)}</small></p>" for note in self.notes)
        return f"<table><caption>{escape(self.title)}</caption>{''.join(rows)}</table>{notes}"


def _cells(tag: str, texts: Iterable[str]) -> str:
    """HTML cells, the first to the left and figures to the right."""
    sides = chain(["left"], repeat("right"))
    return "".join(
        f"<{tag} style='text-align:{side}'>{escape(text).replace(chr(10), '<br>')}</{tag}>"
        for text, side in zip(texts, sides, strict=False)
    )


def years_of(run: Run) -> dict[str, list[Year]]:
    """Each financial year's replicates.

    Raises:
        ResultError: the run did not record its months.
    """
    measures = run.measures
    months = {kind: place_months(run.monthly, kind, table) for kind, table in measures.items() if table}
    if "acute_trust" in measures:
        measures[OWN_TRUSTS] = measures["acute_trust"]
        months[OWN_TRUSTS] = place_months(own_trusts(run.monthly), OWN_TRUSTS, measures[OWN_TRUSTS])
    months = {kind: frame for kind, frame in months.items() if len(frame)}
    named = {(kind, measure.name): measure for kind, table in measures.items() for measure in table}
    older, spending = _older_person_days(run), _spending(run)
    found: dict[str, list[Year]] = {}
    system = months["system"]
    for replicate, name in dict.fromkeys(zip(system["replicate"], system["financial_year"], strict=True)):
        own: dict[str, Any] = {
            kind: frame[(frame["replicate"] == replicate) & (frame["financial_year"] == name)]
            for kind, frame in months.items()
        }
        key = (replicate, name)
        found.setdefault(name, []).append(Year(name, own, named, older.get(key, nan), spending.get(key, {})))
    return found


def _older_person_days(run: Run) -> dict[tuple[int, str], float]:
    if "by_age_and_imd" not in run.manifest["tables"]:
        return {}
    table: Any = run.by_age_and_imd
    older = table[table["age_band"].isin(OLDER_BANDS)]
    days = older.groupby(["replicate", "financial_year"], observed=True)["person_days"].sum()
    return {(int(replicate), str(year)): float(value) for (replicate, year), value in days.items()}


def _spending(run: Run) -> dict[tuple[int, str], dict[str, float]]:
    """GBP paid to each kind of organisation, by replicate and financial year."""
    if "money" not in run.manifest["tables"]:
        return {}
    money: Any = run.money
    money = money[~money["account"].str.startswith(OUTSIDE)]
    kinds: Any = run.organisations.set_index("name")["kind"]
    spent: dict[tuple[int, str], dict[str, float]] = {}
    paid = money.assign(kind=money["payee"].map(kinds)).dropna(subset="kind")
    sums = paid.groupby(["replicate", "month", "kind"], observed=True)["amount_gbp"].sum().reset_index()
    for row in sums.itertuples():
        year = spent.setdefault((row.replicate, financial_year(row.month.date())), {})
        year[row.kind] = year.get(row.kind, 0.0) + row.amount_gbp
    return spent


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and its 95% confidence interval by Student's t over replicates; no interval for a single one."""
    values = values[~np.isnan(values)]
    if not len(values):
        return nan, nan, nan
    mean = float(values.mean())
    if len(values) == 1:
        return mean, nan, nan
    from scipy.special import stdtrit

    half = float(stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    return mean, mean - half, mean + half


def _line(indicator: Indicator, years: dict[str, list[Year]], parameters: dict[str, Any]) -> Line:
    figures = [interval(np.array([indicator.value(year) for year in same])) for same in years.values()]
    means, lows, highs = zip(*figures, strict=True)
    row = indicator.england.row(parameters, list(years)[-1]) if indicator.england else None
    england = indicator.england.figure(parameters, row) if indicator.england and row is not None else nan
    return Line(indicator, means, lows, highs, england, row)


def _notes(run: Run, lines: Sequence[Line]) -> Iterator[str]:
    if run.replicates > 1:
        yield f"Mean of {run.replicates} replicates, ± 95% confidence interval of the mean."
    yield "Rates are a year and of residents; beds are those of the place's own hospitals."
    if any(line.england_row for line in lines):
        yield "England's figures are for England's ages and deprivation, not this place's."
    kinds = {line.england_row.kind for line in lines if line.england_row}
    marks = [f"{MARKS[kind]} {said}" for kind, said in SAID_OF_MARKS.items() if kind in kinds]
    if marks:
        yield f"{'; '.join(marks)}."
    if any(line.indicator.topic == SPENDING for line in lines):
        yield "Councils pass money on to care homes and charities: payments do not add up."
    classes = run.manifest.get("evidence", {}).get("classes", {})
    if classes:
        parts = ", ".join(f"{count} {kind}" for kind, count in classes.items())
        yield f"Rests on {sum(classes.values())} values of the evidence: {parts}."


def heading(run: Run) -> str:
    """What a run is of: its name, the place where that is another, the days and the seed."""
    name, place = place_name(run.name), run.manifest.get("experiment", {}).get("place")
    if isinstance(place, str) and place_name(place) != name:
        name = f"{name} ({place_name(place)})"
    first, last = run.period
    days = f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
    seeds = [replicate["seed"] for replicate in run.manifest["replicates"]]
    luck = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
    return f"{name}: {days}, {luck}"


def place_name(name: str) -> str:
    """A name as people write it: ``isle-of-wight`` is Isle of Wight; one with spaces or capitals stays."""
    if " " in name or name != name.lower():
        return name
    return " ".join(word if word in SMALL_WORDS else word.capitalize() for word in name.split("-"))


def summarise(run: Run) -> Summary:
    """The summary of a run; indicators the run cannot tell are left out."""
    from icsim.evidence import load

    # Iterating, unlike looking up, does not count as resting on a value.
    parameters = {parameter.key: parameter for parameter in load()}
    years = years_of(run)
    paid = {kind for same in years.values() for year in same for kind in year.spending_gbp}
    indicators = [*INDICATORS, *spending_indicators([kind for kind in run.measures if kind in paid])]
    lines = [_line(indicator, years, parameters) for indicator in indicators]
    lines = [line for line in lines if not all(isnan(mean) for mean in line.means)]
    headings = tuple(
        name if same[0].days == year_length(name) else f"{name}\n{same[0].days} days"
        for name, same in years.items()
    )
    return Summary(
        title=heading(run),
        years=tuple(years),
        headings=headings,
        lines=tuple(lines),
        notes=tuple(_notes(run, lines)),
    )
