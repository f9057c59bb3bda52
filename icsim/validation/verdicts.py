"""Verdicts on patterns as a table: for a terminal, a page and a script."""

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from icsim import __version__
from icsim.validation.validating import NOT_SHOWN, SHOWN, UNSURE, Finding, Setting, Verdict

if TYPE_CHECKING:
    from rich.console import Group

STYLES = {SHOWN: "green", NOT_SHOWN: "red", UNSURE: "yellow"}
HEADS = ("pattern", "asked", "found (95% interval)", "tells apart", "without the mechanism", "verdict")


def interval(finding: Finding | None) -> str:
    """Mean and interval in a few digits; a dash where nothing is asked."""
    if finding is None:
        return "–"
    if math.isnan(finding.low):
        return f"{finding.mean:.3g}"
    return f"{finding.mean:.3g} ({finding.low:.3g} to {finding.high:.3g})"


def _cells(verdict: Verdict) -> tuple[str, ...]:
    check = verdict.check
    says = f"{verdict.says}: {verdict.why}" if verdict.why else verdict.says
    return (
        f"{verdict.name}, {check.unit}", str(check), interval(verdict.found), tells(verdict.found),
        interval(verdict.ablated), says,
    )  # fmt: skip


def tells(finding: Finding) -> str:
    """How far from what is asked a figure must lie for these seeds to tell; a dash where nobody knows."""
    return "–" if math.isnan(finding.tells) else f"{finding.tells:.2g}"


def summary(verdicts: Iterable[Verdict]) -> str:
    """How many checks came out how, in one line."""
    said = [verdict.says for verdict in verdicts]
    return ", ".join(f"{said.count(one)} {one}" for one in (SHOWN, NOT_SHOWN, UNSURE))


def by_pattern(verdicts: Sequence[Verdict]) -> str:
    """How many patterns are shown whole, and how many checks are shown of which no ablation is asked."""
    known = {verdict.pattern.id for verdict in verdicts}
    short = {verdict.pattern.id for verdict in verdicts if verdict.says != SHOWN}
    unasked = sum(verdict.says == SHOWN and verdict.ablated is None for verdict in verdicts)
    return (
        f"of {len(known)} patterns {len(known - short)} are shown in every check, and {unasked} of the "
        "checks shown are not asked without the mechanism (–)"
    )


def about(setting: Setting) -> str:
    """What was run, in one line."""
    share = "everybody" if setting.sample == 1 else f"{setting.sample:.0%} of the people"
    last = setting.first_seed + setting.seeds - 1
    return f"{setting.place}, {share}, seeds {setting.first_seed} to {last}"


def _more(verdict: Verdict, setting: Setting) -> str:
    """How many seeds a pattern took that fewer could not tell."""
    seeds = len(verdict.found.values)
    return f", {seeds} seeds" if seeds > setting.seeds else ""


def table(verdicts: Sequence[Verdict], setting: Setting) -> "Group":
    """For a terminal."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    drawn = Table(title=f"Patterns: {about(setting)}", title_justify="left", box=None)
    for head in HEADS:
        drawn.add_column(head)
    shown = ""
    for verdict in verdicts:
        if verdict.pattern.id != shown:
            shown, place = verdict.pattern.id, verdict.pattern.place
            where = f" ({place})" if place else ""
            drawn.add_row(
                Text(f"{shown}{where}{_more(verdict, setting)}: {verdict.pattern.title}", style="bold")
            )
            drawn.add_row(Text(f"  without: {verdict.pattern.ablation.title}", style="dim"))
        *cells, says = _cells(verdict)
        drawn.add_row(f"  {cells[0]}", *cells[1:], Text(says, style=STYLES[verdict.says]))
    return Group(drawn, Text(summary(verdicts), style="bold"))


def page(verdicts: Sequence[Verdict], setting: Setting) -> str:
    """For documentation, as Markdown."""
    ran = f"icsim {__version__}, {date.today()}; {about(setting)}"
    lines = [
        "# Patterns: what was found", "", "*Written by `icsim validate --page`: not edited by hand.*", "",
        f"{ran}: of {len(verdicts)} checks **{summary(verdicts)}**; {by_pattern(verdicts)}.", "",
        "*Tells apart*: how far from what is asked a figure must lie for so many seeds to tell it in four of "
        "five cases. A check that is not shown stays; one that cannot be told has its pattern run over twice "
        "as many seeds, and again, up to a bound (looking again errs a little oftener than one in twenty). "
        "[How it is done](validating.md).", "",
    ]  # fmt: skip
    shown = ""
    for verdict in verdicts:
        pattern = verdict.pattern
        if pattern.id != shown:
            shown = pattern.id
            where = f", in {pattern.place}" if pattern.place else ""
            lines += [
                "", f"## {pattern.title}", "", f"`{pattern.id}`{where}{_more(verdict, setting)}. Expected: "
                f"{pattern.expected}.",
                f"Source: {pattern.source}. Taken away: {pattern.ablation.title}.", "",
                *([pattern.explained, ""] if pattern.explained else []),
                "| check | asked | found (95% interval) | tells apart | without the mechanism | verdict |",
                "| --- | --- | --- | --- | --- | --- |",
            ]  # fmt: skip
        lines.append(f"| {' | '.join(_cells(verdict))} |")
    return "\n".join(lines) + "\n"


def plain(verdicts: Sequence[Verdict], setting: Setting) -> dict[str, Any]:
    """For a script, as JSON would hold it."""

    def figure(finding: Finding | None) -> dict[str, Any] | None:
        if finding is None:
            return None
        found = {"mean": finding.mean, "low": finding.low, "high": finding.high}
        found["tells_apart"] = finding.tells
        known = {key: None if math.isnan(value) else value for key, value in found.items()}
        return known | {"values": [None if math.isnan(value) else value for value in finding.values]}

    return {
        "place": setting.place,
        "sample": setting.sample,
        "seeds": list(range(setting.first_seed, setting.first_seed + setting.seeds)),
        "checks": [
            {
                "pattern": verdict.pattern.id, "title": verdict.pattern.title,
                "source": verdict.pattern.source,
                "place": verdict.pattern.place or setting.place,
                "check": verdict.name, "unit": verdict.check.unit, "asked": str(verdict.check),
                "found": figure(verdict.found), "ablation": verdict.pattern.ablation.title,
                "without": figure(verdict.ablated), "verdict": verdict.says, "why": verdict.why,
            }
            for verdict in verdicts
        ],
    }  # fmt: skip
