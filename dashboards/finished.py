"""Finished runs and comparisons that a visitor may look at: those in one folder, by name, no others."""

import os
from pathlib import Path
from typing import Any

from icsim.analysis.comparison import Comparison, is_comparison, open_comparison
from icsim.recording.run import Run, open_run
from icsim.recording.store import MANIFEST, ResultError

FOLDER = "ICSIM_DASHBOARD_RUNS"


def folder() -> Path:
    """The folder that is served."""
    return Path(os.environ.get(FOLDER, "runs")).expanduser().resolve()


def names() -> list[str]:
    """What can be opened, newest first; links out of the folder are left out."""
    root = folder()
    if not root.is_dir():
        return []
    found = [each for each in root.iterdir() if (each / MANIFEST).is_file() and each.resolve().parent == root]
    return [each.name for each in sorted(found, key=lambda each: -(each / MANIFEST).stat().st_mtime)]


def opened(name: str) -> Run | Comparison:
    """A run or comparison of :func:`names`.

    Raises:
        ResultError: no such one, or damaged.
    """
    if name not in names():
        raise ResultError(f"no result {name!r} in the folder that is served")
    path = folder() / name
    return open_comparison(path) if is_comparison(path) else open_run(path)


def rests_on(run: Run) -> dict[str, int]:
    """How many values of the evidence catalogue a run read, by class, most first."""
    counted: dict[str, int] = {}
    for entry in run.manifest["evidence"]["keys"].values():
        counted[entry["class"]] = counted.get(entry["class"], 0) + 1
    return dict(sorted(counted.items(), key=lambda each: -each[1]))


def table(found: Run | Comparison) -> Any:
    """What can be downloaded as CSV: a run's months, a comparison's differences."""
    return found.monthly if isinstance(found, Run) else found.differences
