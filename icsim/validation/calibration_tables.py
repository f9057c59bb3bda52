"""A finished calibration as words and tables: in a terminal, as a page of the documentation, as notes."""

import math
import os
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from icsim.evidence import places
from icsim.evidence.catalogue import FOLDER
from icsim.evidence.rewriting import FITTED, Change, rewrite
from icsim.experiment import load
from icsim.experiment.errors import ExperimentError, Problem
from icsim.validation.calibration import Calibration, FittedParameter, Task
from icsim.validation.evaluations import Evaluator, Figure
from icsim.validation.reach import AT_BOUND, MOSTLY, TRADE_OFF, Reach, Sureness, reaches, sureness

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table as RichTable

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Column titles and rows of text; the first column is text, the others figures unless they are words."""
NAMED_SHARE = 0.1
SURENESS = (
    "± targets: how far the value can move, the others refitted, until the fit is a tolerance worse. "
    "± luck: standard error from the seeds. Rows moved together are shown by their common factor."
)
REACH = (
    "How near values in range could bring each of them: alone, whatever becomes of the rest, and with every "
    "target held within tolerance, or no worse off than it is. A linear estimate by the slopes at the end."
)
SET_TO = (
    "= marks figures that some number or input of the model was set to in another way: agreement with them "
    "is no test either."
)
PAGE = (
    "*Written by `icsim calibrate --write` from `icsim/validation/calibration.yaml`: not edited by hand.*",
    "",
    "A few parameters that nobody has measured are fitted so that a run of all England without a programme",
    "gives published totals. Agreement with the targets used shows that they were fitted, no more; the",
    "rows not used are the test. No figure of a vanguard is used, and no place has a value of its own.",
    "Trends are those of the years run here; `icsim baseline england` runs three, and its trends are surer.",
)


class Account:
    """What there is to say of a calibration."""

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self.fit = calibration.fit
        self.sure: Sureness = sureness(self.fit, calibration.weights, calibration.plan.pull)
        lower, upper = np.array([parameter.bounds for parameter in calibration.parameters]).T
        self.lower, self.upper = lower, upper
        self.reaches: list[Reach] = [
            reach
            for reach in reaches(self.fit, calibration.weights, lower, upper)
            if calibration.after[reach.number].within is False
        ]
        self.targets = [int(row) for row in np.flatnonzero(calibration.used)]

    def _name(self, row: int) -> str:
        return self.calibration.before[row].name

    # --- parameters ---

    def parameters(self) -> Table:
        """Each parameter before and after, how sure it is, and what it serves."""
        titles = ("parameter", "before", "fitted", "± targets", "± luck", "range", "serves")
        rows = []
        for k, parameter in enumerate(self.calibration.parameters):
            at = float(self.fit.at[k])
            factor = len(parameter.keys) > 1
            after = parameter.value(at)
            before = 1.0 if factor else parameter.values[0]
            swing = [parameter.value(at + sign * self.sure.spread[k]) for sign in (-1, 1)]
            lucky = [parameter.value(at + sign * self.sure.luck[k]) for sign in (-1, 1)]
            mark = self.bound(k)
            rows.append(
                (
                    _shown_name(parameter),
                    f"{before:.4g}",
                    f"{after:.4g}{mark and f' ({mark})'}",
                    f"{(swing[1] - swing[0]) / 2:.2g}",
                    f"{(lucky[1] - lucky[0]) / 2:.2g}" if self.fit.seeds > 1 else "",
                    f"{parameter.limits[0]:.3g} - {parameter.limits[1]:.3g}",
                    self.serves(k),
                )
            )
        return titles, rows

    def bound(self, k: int) -> str:
        """Whether a parameter stands at an end of its range."""
        if self.fit.at[k] - self.lower[k] < AT_BOUND:
            return "lowest"
        return "highest" if self.upper[k] - self.fit.at[k] < AT_BOUND else ""

    def serves(self, k: int) -> str:
        """The targets that a parameter moves, and by what share of its effect."""
        shares = self.sure.shares[:, k]
        order = [i for i in np.argsort(-shares) if shares[i] >= NAMED_SHARE]
        if not order:
            return "no target that can be told from luck"
        if shares[order[0]] >= MOSTLY:
            return f"one target only: {self._name(self.targets[order[0]])}"
        return "; ".join(f"{self._name(self.targets[i])} {shares[i]:.0%}" for i in order[:4])

    def identifiability(self) -> Iterator[str]:
        """What trades off, in lines."""
        names = [parameter.name for parameter in self.calibration.parameters]
        correlation = self.sure.correlation
        pairs = [(i, j) for i in range(len(names)) for j in range(i) if abs(correlation[i, j]) > TRADE_OFF]
        for i, j in sorted(pairs, key=lambda pair: -abs(correlation[pair])):
            way = "one up, the other down" if correlation[i, j] < 0 else "both up or both down"
            yield f"{names[j]} and {names[i]} trade off ({way}, correlation {correlation[i, j]:.2f})."
        if not pairs:
            yield f"No two parameters trade off (no correlation above {TRADE_OFF})."
        loose = [names[k] for k in range(len(names)) if self.sure.spread[k] > 1]
        if loose:
            yield f"Hardly determined (± a quarter of their range or more): {', '.join(loose)}."
        worst = np.argsort(-np.abs(self.sure.loosest))[:3]
        parts = ", ".join(f"{self.sure.loosest[k]:+.2f} {names[k]}" for k in worst)
        yield f"Condition number {self.sure.condition:.3g}; least determined: {parts} (in spreads)."

    # --- targets ---

    def rows(self, used: bool) -> Table:
        """Rows of the baseline table before and after, those that were targets or those that were not."""
        titles = ("row", "unit", "published", "before", "after", "ratio", "asked", "verdict", "luck")
        rows = []
        for i, (before, after) in enumerate(
            zip(self.calibration.before, self.calibration.after, strict=True)
        ):
            if self.calibration.used[i] != used or math.isnan(after.published):
                continue
            luck = self.fit.luck[i] * before.tolerance / math.sqrt(self.fit.seeds)
            rows.append(
                (
                    before.name,
                    before.unit,
                    _short(after.published) + ("=" if after.set_to and not used else ""),
                    _short(before.found),
                    _short(after.found),
                    f"{after.ratio:.3f}",
                    _asked(before),
                    _verdict(before, after),
                    "" if math.isnan(luck) or self.fit.seeds < 2 else f"±{luck:.1%}",
                )
            )
        return titles, rows

    def counts(self) -> tuple[str, str]:
        """How many targets, and how many other rows, came within what is asked."""
        c = self.calibration
        pairs = list(zip(c.before, c.after, c.used, strict=True))
        targets = [pair[:2] for pair in pairs if pair[2]]
        others = [pair[:2] for pair in pairs if not pair[2]]
        free = [pair for pair in others if not pair[0].set_to]
        return (
            f"{_within(targets)} are within what is asked.",
            f"{_within(others)} are within what is asked. {SET_TO} Of those without it, {_within(free)} are.",
        )

    def misfits(self) -> Table:
        """Rows still outside: whether any values in range would meet them, alone or with the targets met."""
        titles = ("row", "found/published", "asked", "nearest, alone", "nearest, targets held", "reading")
        rows = []
        for reach in sorted(self.reaches, key=lambda r: (not self.calibration.used[r.number], -r.alone)):
            figure = self.calibration.after[reach.number]
            asked = self.calibration.before[reach.number].tolerance
            side = 1 if figure.ratio > 1 else -1
            nearest = [1 + side * asked * distance for distance in (reach.alone, reach.together)]
            row = (
                figure.name,
                f"{figure.ratio:.2f}",
                _asked(self.calibration.before[reach.number]),
                f"{nearest[0]:.2f}",
                f"{nearest[1]:.2f}",
            )
            rows.append((*row, self._reading(reach)))
        return titles, rows

    def _reading(self, reach: Reach) -> str:
        if reach.alone > 1:
            return "structural: no values in range meet it"
        if reach.together > 1:
            held = "; ".join(self._name(row) for row in reach.held_by)
            return f"only at the cost of: {held}" if held else "only at the cost of targets"
        return "in reach, by the slopes"

    # --- the whole ---

    def heading(self) -> str:
        """Where and how it was run, in a sentence."""
        c = self.calibration
        first, last = min(c.seeds), max(c.seeds)
        seeds = f"seeds {first} to {last}" if last > first else f"seed {first}"
        reused = f", slopes of {c.reused} parameters from an earlier calibration" if c.reused else ""
        return (
            f"{c.place}, a sample of {c.sample:g}, {c.years:g} years, {seeds}, {c.runs} runs made{reused}. "
            f"Ended because {c.fit.ended}."
        )

    def sections(self) -> Iterator[tuple[str, str, Table | None]]:
        """Title, words and table of each part, in order."""
        targets, others = self.counts()
        yield "Parameters", SURENESS, self.parameters()
        yield "What the targets can tell apart", " ".join(self.identifiability()), None
        yield "Targets used", targets, self.rows(True)
        yield "Rows not used", others, self.rows(False)
        if self.reaches:
            yield "Rows that are still outside", REACH, self.misfits()
        else:
            yield "Rows that are still outside", "None.", None

    def __rich__(self) -> "Group":
        from rich.console import Group
        from rich.text import Text

        parts: list[RenderableType] = [Text(self.heading())]
        for title, words, table in self.sections():
            parts += [Text(f"\n{title}", style="bold"), Text(words)]
            if table is not None:
                parts.append(_rich(table))
        return Group(*parts)

    def markdown(self, today: date) -> str:
        """The page ``docs/calibration.md``."""
        lines = ["# Calibration", "", *PAGE, "", f"{today.isoformat()}: {self.heading()}", ""]
        for title, words, table in self.sections():
            lines += [f"## {title}", "", words, ""]
            if table is not None:
                lines += [*_markdown(table), ""]
        return "\n".join(lines)

    def changes(self, today: date) -> dict[str, Change]:
        """What the catalogue is to hold, by key."""
        values = self.calibration.values
        found = {}
        for k, parameter in enumerate(self.calibration.parameters):
            if all(values[key] == value for key, value in _before(parameter)):
                continue
            together = f" by one factor with {parameter.name}" if len(parameter.keys) > 1 else ""
            bound = f", at the {self.bound(k)} of its range" if self.bound(k) else ""
            note = f"{FITTED} on {today.isoformat()}{together}{bound}; serves {self.serves(k)}"
            found |= {key: Change(values[key], note) for key in parameter.keys}
        return found


def planned(task: Task, evaluator: Evaluator) -> "Group":
    """What a calibration would fit, to what, and about how long it would take."""
    from rich.console import Group
    from rich.text import Text

    seconds = task.seconds_a_run(evaluator)
    minutes = seconds * task.runs_needed / evaluator.jobs / 60
    people = round(places.resolve(task.experiment.place).population * task.experiment.population.sample)
    rows = [
        (_shown_name(one), "" if len(one.keys) > 1 else f"{one.values[0]:.4g}",
         f"{one.limits[0]:.3g} - {one.limits[1]:.3g}")
        for one in task.parameters
    ]  # fmt: skip
    targets = [
        (target.row, f"±{target.tolerance:.0%}" if target.tolerance else "the table's", f"{target.weight:g}")
        for target in task.plan.targets
    ]
    return Group(
        Text(
            f"{task.experiment.name}: {people:,} people, {task.experiment.years:g} years, "
            f"{len(task.seeds)} seeds from {task.seeds[0]}"
        ),
        Text("\nParameters", style="bold"),
        _rich((("parameter", "value", "range"), rows)),
        Text("\nTargets", style="bold"),
        _rich((("row", "tolerance", "weight"), targets)),
        Text(
            f"\nAbout {task.runs_needed} runs of {seconds:.0f} s, {evaluator.jobs} at once: some "
            f"{minutes:.0f} minutes, at most {evaluator.most} runs. Nothing was fitted or written."
        ),
    )


def ready(task: Task, out: Path | None, write: bool) -> None:
    """Raise ``ExperimentError`` now for what could not be written at the end."""
    if write:
        checkout()
        if task.experiment.name != load(task.plan.place).name:
            said = f"writes to the catalogue, which is the same for every place: fit it to {task.plan.place}"
            raise ExperimentError(Problem("--write", "", said, task.experiment.name))
    if out is not None and not out.absolute().parent.is_dir():
        raise ExperimentError(Problem("--out", "", "cannot be written: there is no such folder", str(out)))


def overlay(account: Account, today: date) -> str:
    """The fitted values as an experiment file to extend, or to copy ``parameters:`` from."""
    lines = [f"# Fitted by icsim calibrate on {today.isoformat()}: {account.heading()}", "parameters:"]
    lines += [f"  {key}: {value:.10g}" for key, value in account.calibration.values.items()]
    return "\n".join(lines) + "\n"


def checkout() -> Path:
    """The folder of the source checkout that this icsim is; raises ``ExperimentError`` if it is none."""
    root = FOLDER.parents[2]
    if not (root / "pyproject.toml").is_file() or not (root / "docs").is_dir():
        said = (
            "this icsim is installed, not a source checkout; use --out FILE and parameters: of an experiment"
        )
        raise ExperimentError(Problem("--write", "", said))
    return root


def write_to_checkout(account: Account, today: date) -> list[Path]:
    """Write changed values to the catalogue, and ``docs/calibration.md`` whether or not any changed."""
    root = checkout()
    changes = account.changes(today)
    page = root / "docs" / "calibration.md"
    partial = page.with_name(f".{page.name}.{os.getpid()}.partial")
    try:
        partial.write_text(account.markdown(today), encoding="utf-8")
        files = rewrite(changes) if changes else []
        partial.replace(page)
    finally:
        partial.unlink(missing_ok=True)
    return [*files, page]


def _shown_name(parameter: FittedParameter) -> str:
    several = len(parameter.keys) > 1
    return f"{parameter.name} (× {len(parameter.keys)} rows)" if several else parameter.name


def _before(parameter: FittedParameter) -> Iterator[tuple[str, float]]:
    return zip(parameter.keys, parameter.values, strict=True)


def _asked(figure: Figure) -> str:
    if math.isnan(figure.high):
        return ""
    if figure.low == 0:
        return "at most"
    even = math.isclose(figure.high - 1, 1 - figure.low)
    return f"±{figure.tolerance:.0%}" if even else f"{figure.low:g} to {figure.high:g}"


def _verdict(before: Figure, after: Figure) -> str:
    if before.within is None or after.within is None:
        return ""
    now = "in" if after.within else "out"
    return now if before.within == after.within else f"now {now}"


def _within(pairs: Sequence[tuple[Figure, Figure]]) -> str:
    judged = [pair for pair in pairs if None not in (pair[0].within, pair[1].within)]
    before, after = (sum(bool(pair[k].within) for pair in judged) for k in (0, 1))
    return f"{after} of {len(judged)} (before {before})"


def _short(value: float) -> str:
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def _is_words(rows: Sequence[tuple[str, ...]], column: int) -> bool:
    return any(row[column][:1].isalpha() for row in rows)


def _rich(table: Table) -> "RichTable":
    from rich.table import Table as RichTable

    titles, rows = table
    shown = RichTable(box=None, pad_edge=False, header_style="bold")
    for column, title in enumerate(titles):
        left = column == 0 or _is_words(rows, column)
        shown.add_column(title, justify="left" if left else "right", overflow="fold")
    for row in rows:
        style = "red" if any(cell in ("out", "now out") for cell in row) else ""
        shown.add_row(*row, style=style)
    return shown


def _markdown(table: Table) -> Iterator[str]:
    titles, rows = table
    yield f"| {' | '.join(titles)} |"
    sides = ["---" if c == 0 or _is_words(rows, c) else "---:" for c in range(len(titles))]
    yield f"| {' | '.join(sides)} |"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
