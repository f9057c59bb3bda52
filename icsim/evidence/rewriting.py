"""New values for rows of the catalogue files: only the lines of those rows change, all files or none."""

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from icsim.evidence.catalogue import COLUMNS, FOLDER, UnknownParameter

FITTED = "fitted by icsim calibrate"
"""How the part of a note that says so begins; what stood there from an earlier fit is replaced."""


@dataclass(frozen=True)
class Change:
    """A row's new value and what its note says of it (begins with ``FITTED``)."""

    value: float
    note: str


def rewrite(changes: Mapping[str, Change], folder: Path = FOLDER) -> list[Path]:
    """Write new values and notes to the rows of these keys; their class becomes ``assumed``.

    Returns:
        the files changed, sorted.

    Raises:
        UnknownParameter: no row has this key; nothing is written.
        OSError: a file cannot be written; those not yet renamed are as they were.
    """
    texts: dict[Path, str] = {}
    missing = dict(changes)
    keys: list[str] = []
    for path in sorted(folder.glob("*.csv")):
        lines = io.StringIO(path.read_bytes().decode(), newline="").readlines()
        rows = csv.reader(lines)
        began, found = 0, False
        for cells in rows:
            keys.append(cells[0] if cells else "")
            if cells and cells[0] in missing:
                lines[began : rows.line_num] = [
                    _line(cells, missing.pop(cells[0]), _ending(lines[rows.line_num - 1])),
                    *[""] * (rows.line_num - began - 1),
                ]
                found = True
            began = rows.line_num
        if found:
            texts[path] = "".join(lines)
    if missing:
        raise UnknownParameter(next(iter(missing)), keys)
    _write_all(texts)
    return sorted(texts)


def note_of(before: str, fitted: str) -> str:
    """A note with what it says of a fit replaced by ``fitted``."""
    kept = before.split(FITTED)[0].rstrip("; ")
    return f"{kept}; {fitted}" if kept else fitted


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _line(cells: list[str], change: Change, ending: str) -> str:
    row = dict(zip(COLUMNS, cells, strict=True))
    row |= {"value": f"{change.value:.10g}", "class": "assumed", "note": note_of(row["note"], change.note)}
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row.values())
    return text.getvalue() + ending


def _write_all(texts: Mapping[Path, str]) -> None:
    partials = {path: path.with_name(f".{path.name}.{os.getpid()}.partial") for path in texts}
    try:
        for path, text in texts.items():
            partials[path].write_bytes(text.encode())
        for path, partial in partials.items():
            partial.replace(path)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)
