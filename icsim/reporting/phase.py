"""The picture of where trust and effort end: two maps side by side, as SVG that stands alone, and a table."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from icsim.analysis.phase import Phase
from icsim.recording.leftovers import partial_of, sweep_leftovers
from icsim.recording.store import ResultError, set_aside, sweep
from icsim.reporting.drawing import Drawing, wide

if TYPE_CHECKING:
    import rich.table

CELL, HIGH, GAP, TOP = 38.0, 26.0, 40.0, 44.0
SHADES = 10
HALF = 0.5
"""Effort from which a state is called collaboration."""


def words_of(phase: Phase) -> str:
    """What the picture shows, for those who cannot see it: under each rule, which starts end where."""
    said = []
    for rule, efforts, trusts in zip(
        phase.down.values, phase.ends("effort"), phase.ends("trust"), strict=True
    ):
        high = efforts >= HALF
        starts = [start for start, there in zip(phase.across.values, high, strict=True) if there]
        if not len(starts):
            found = f"all starts end in silos, at an effort of {efforts.min():.2f} to {efforts.max():.2f}"
        elif high.all():
            found = f"all starts end in collaboration, at an effort of {efforts.min():.2f} or more"
        else:
            found = (
                f"{', '.join(starts)} end in collaboration (effort {efforts[high].mean():.2f}, trust "
                f"{trusts[high].mean():.2f}), the others in silos (effort {efforts[~high].mean():.2f}, trust "
                f"{trusts[~high].mean():.2f})"
            )
        said.append(f"{phase.down.key}={rule}: of {phase.across.key}, {found}.")
    return " ".join(said)


def svg_of(phase: Phase) -> str:
    """The picture; every cell bears its figure."""
    left = 16 + wide(phase.down.values, 40.0)
    across, down = len(phase.across.values), len(phase.down.values)
    each = across * CELL
    width, height = left + 2 * each + GAP + 12, TOP + down * HIGH + 48
    title = f"{phase.name}: where trust and effort end after {phase.years} years"
    drawing = Drawing("phase", width, height, title, words_of(phase))
    drawing.rect(0, 0, width, height, "paper")
    for k, what in enumerate(("trust", "effort")):
        x0 = left + k * (each + GAP)
        drawing.text(x0, 18, f"{what} after {phase.years} years", "head")
        for row, values in enumerate(phase.ends(what)):
            y = TOP + row * HIGH
            if not k:
                drawing.text(left - 8, y + HIGH * 0.65, phase.down.values[row], anchor="end")
            for column, value in enumerate(values):
                shade = int(np.clip(value * SHADES, 0, SHADES - 1))
                drawing.rect(x0 + column * CELL, y, CELL - 1, HIGH - 1, f"s{shade}")
                style = "light" if shade >= SHADES / 2 else "t"
                drawing.text(x0 + (column + HALF) * CELL, y + HIGH * 0.65, f"{value:.2f}", style, "middle")
        below = TOP + down * HIGH
        for column, value in enumerate(phase.across.values):
            drawing.text(x0 + (column + HALF) * CELL, below + 16, value, anchor="middle")
        drawing.text(x0, below + 36, phase.across.key)
    drawing.text(8, TOP - 8, phase.down.key)
    styles = [f".s{k}{{fill:hsl(212,60%,{96 - 7 * k}%)}}" for k in range(SHADES)]
    styles.append(
        "text{font:12px sans-serif;fill:#222}.head{font-weight:bold}text.light{fill:#fff}.paper{fill:#fff}"
    )
    text = drawing.svg()
    at = text.index(">") + 1
    opening = text[:at].replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{opening}<style>{''.join(styles)}</style>{text[at:]}\n"


def table_of(phase: Phase) -> "rich.table.Table":
    """Effort at the end (and trust), for a terminal."""
    from rich.table import Table

    table = Table(title=f"{phase.name}: effort (trust) after {phase.years} years", title_justify="left")
    table.add_column(f"{phase.down.key} \\ {phase.across.key}")
    for value in phase.across.values:
        table.add_column(value, justify="right")
    for rule, efforts, trusts in zip(
        phase.down.values, phase.ends("effort"), phase.ends("trust"), strict=True
    ):
        pairs = zip(efforts, trusts, strict=True)
        table.add_row(rule, *(f"{effort:.2f} ({trust:.2f})" for effort, trust in pairs))
    return table


def write(phase: Phase, out: Path, overwrite: bool = False) -> Path:
    """A folder with ``phase.csv``, ``phase.svg`` and, in words, ``phase.txt``: whole or not at all.

    Raises:
        ResultError: the folder is there already, or cannot be written.
    """
    out = out.expanduser()
    check_free(out, overwrite)
    partial = partial_of(out, os.getpid())
    try:
        partial.mkdir(parents=True)
        phase.table.to_csv(partial / "phase.csv", index=False)
        (partial / "phase.svg").write_text(svg_of(phase), encoding="utf-8")
        (partial / "phase.txt").write_text(f"{words_of(phase)}\n", encoding="utf-8")
        set_aside(out)
        partial.rename(out)
        sweep(out.parent)
        sweep_leftovers(out)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise ResultError(f"{out} cannot be written ({error})") from None
    return out


def check_free(out: Path, overwrite: bool) -> None:
    """Refuse a folder that holds anything but an earlier picture that may be replaced."""
    if out.exists() and not (overwrite and (out / "phase.csv").exists()):
        said = "give --overwrite to replace an earlier picture" if not overwrite else "it holds no picture"
        raise ResultError(f"{out} is there already; {said}")
