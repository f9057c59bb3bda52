"""Slopes of an earlier calibration: what each parameter did to each row, kept beside the evaluations."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from icsim.recording.manifest import digest
from icsim.validation.fitting import Fit


class Scaled(Protocol):
    """A parameter as far as its slopes depend on it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def scale(self) -> tuple[bool, float]:
        """Whether it is sought on a log scale, and the spread that slopes are for."""
        ...


def file_of(folder: Path, experiment: Mapping[str, object]) -> Path:
    """Where the slopes of a place, its sample and the length of its runs are kept."""
    known = {key: experiment[key] for key in ("name", "place", "population", "years")}
    return folder / f"slopes-{digest(known)[:16]}.json"


def keep(
    path: Path, fit: Fit, parameters: Sequence[Scaled], rows: Sequence[str], tolerances: np.ndarray
) -> None:
    """Keep the slopes at the end of a search, as changes of found over published for each spread."""
    if not fit.slopes.any():  # stopped before there were any
        return
    changes = fit.slopes * tolerances[:, None]
    content = {
        parameter.name: {
            "scale": parameter.scale,
            "rows": {row: changes[i, k] for i, row in enumerate(rows) if np.isfinite(changes[i, k])},
        }
        for k, parameter in enumerate(parameters)
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(content), encoding="utf-8")
    partial.replace(path)


def kept(
    path: Path, parameters: Sequence[Scaled], rows: Sequence[str], tolerances: np.ndarray, used: np.ndarray
) -> np.ndarray:
    """Slopes as ``Search`` takes them, shape (m, n): NaN where none are kept for a parameter and all targets.

    A row that is no target and has no slope gets 0.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = {}
    slopes = np.full((len(rows), len(parameters)), np.nan)
    targets = {row for row, wanted in zip(rows, used, strict=True) if wanted}
    for k, parameter in enumerate(parameters):
        known = content.get(parameter.name, {"rows": {}, "scale": [None, 0]})
        is_log, spread = known["scale"]
        same = is_log == parameter.scale[0] and np.isclose(spread, parameter.scale[1], rtol=0.02)
        if same and targets <= set(known["rows"]):
            slopes[:, k] = [known["rows"].get(row, 0.0) for row in rows] / tolerances
    return slopes
