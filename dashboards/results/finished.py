"""Finished runs, comparisons and sweeps that a visitor may look at: those in one folder, no others."""

import os
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from icsim.analysis.comparison import FORMAT as COMPARISON
from icsim.analysis.comparison import Comparison, open_comparison
from icsim.recording.run import Run, open_run
from icsim.recording.store import MANIFEST, ResultError
from icsim.recording.summary import place_name
from icsim.sweeps.dataset import Dataset, open_dataset
from icsim.sweeps.store import MANIFEST as SWEEP

FOLDER = "ICSIM_DASHBOARD_RUNS"
KEPT = 6
"""Results that are kept open, for all visitors together."""
Found = Run | Comparison | Dataset


@dataclass(frozen=True)
class Entry:
    """A result on the shelf: its folder's name, what kind it is, what it is of, and when it was written."""

    name: str
    kind: str
    about: str
    written: str


def folder() -> Path:
    """The folder that is served."""
    return Path(os.environ.get(FOLDER, "runs")).expanduser().resolve()


def names() -> list[str]:
    """What can be opened, newest first; links out of the folder are left out."""
    root = folder()
    if not root.is_dir():
        return []
    found = [
        (each, said) for each in root.iterdir() if each.resolve().parent == root and (said := _says(each))
    ]
    return [each.name for each, said in sorted(found, key=lambda pair: -pair[1].stat().st_mtime)]


def _says(path: Path) -> Path | None:
    """The file in which a result's folder says what it is; None for any other folder."""
    return next((each for each in (path / MANIFEST, path / SWEEP) if each.is_file()), None)


def shelf() -> list[Entry]:
    """Every result that can be opened, newest first; a damaged one says so."""
    return [_entry(name, _stamp(name)) for name in names()]


@lru_cache(maxsize=2000)
def _entry(name: str, stamp: int) -> Entry:
    written = f"{date.fromtimestamp(stamp / 1e9):%-d %B %Y}"
    try:
        found = opened(name)
        return Entry(name, kind_of(found), about(found), written)
    except ResultError as error:
        return Entry(name, "damaged", str(error), written)


def _stamp(name: str) -> int:
    said = _says(folder() / name)
    return said.stat().st_mtime_ns if said else 0


def kind_of(found: Found) -> str:
    """``run``, ``comparison`` or ``sweep``."""
    return "run" if isinstance(found, Run) else "comparison" if isinstance(found, Comparison) else "sweep"


def about(found: Found) -> str:
    """What a result is of, in words."""
    if isinstance(found, Run):
        first, last = found.period
        times = f", {found.replicates} replicates" if found.replicates > 1 else ""
        days = f"{first:%-d %B %Y} to {last:%-d %B %Y}"
        return f"{place_name(found.name)}, {days}{_sampled(found.manifest)}{times}"
    if isinstance(found, Comparison):
        pairs = f"{found.replicates} pairs of runs" if found.replicates > 1 else "one pair of runs"
        return f"{', '.join(found.policies)} against {found.reference}{_sampled(found.manifest)}, {pairs}"
    design = found.design
    varied = ", ".join(factor.key for factor in design.factors) or "nothing"
    return f"{design.points:,} points that vary {varied}; {len(design.table):,} runs"


def _sampled(manifest: dict[str, Any]) -> str:
    share = manifest["experiment"]["population"]["sample"]
    return "" if share == 1 else f", {100 * share:g}% of the people"


def opened(name: str) -> Found:
    """A result of :func:`names`; visitors who look at the same one share it.

    Raises:
        ResultError: no such one, or damaged.
    """
    if name not in names():
        raise ResultError(f"no result {name!r} in the folder that is served")
    try:
        return _opened(folder() / name, _stamp(name))
    except ResultError as error:
        raise ResultError(said(error)) from None


def said(error: Exception) -> str:
    """What is wrong, without where the folder lies on the server."""
    return str(error).replace(f"{folder()}{os.sep}", "")


@lru_cache(maxsize=KEPT)
def _opened(path: Path, stamp: int) -> Found:
    import json

    if not (path / MANIFEST).is_file():
        return open_dataset(path)
    try:
        said = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = None
    if isinstance(said, dict) and said.get("format") == COMPARISON:
        return open_comparison(path)
    return open_run(path)
