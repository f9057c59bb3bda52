"""Sets of values of behaviour that are plausible together: an ensemble, as ``icsim calibrate`` leaves it.

One file: a header of comments (``# key: value``) that says how it came about, then a table with a row for
each set and a column for each row of the catalogue.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from icsim.evidence.catalogue import Catalogue
from icsim.evidence.nearest import nearest

SHIPPED = Path(__file__).parent / "data" / "behaviour_ensemble.csv"


class EnsembleError(ValueError):
    """No such file, or not what an ensemble is; says where and what was expected."""


@dataclass(frozen=True)
class Ensemble:
    """Plausible sets.

    Attributes:
        about: how they came about: date, version, targets and the like.
        sets: values by key, one mapping for each set.
    """

    about: Mapping[str, str]
    sets: Sequence[Mapping[str, float]]

    @property
    def keys(self) -> tuple[str, ...]:
        """Rows of the catalogue that the sets give values to."""
        return tuple(self.sets[0]) if self.sets else ()

    def text(self) -> str:
        """The file, as :func:`read` takes it."""
        out = StringIO()
        for key, value in self.about.items():
            out.write(f"# {key}: {value}\n")
        table = csv.writer(out, lineterminator="\n")
        table.writerow(self.keys)
        table.writerows([f"{one[key]:.6g}" for key in self.keys] for one in self.sets)
        return out.getvalue()


def read(catalogue: Catalogue, path: str | Path | None = None) -> Ensemble:
    """The ensemble of a file; left out, the shipped one where there is one.

    Raises:
        EnsembleError: it is not there, or names rows that the catalogue does not have, or holds no numbers.
    """
    file = SHIPPED if path is None else Path(path).expanduser()
    if path is None and not file.exists():
        raise EnsembleError(
            "no plausible behaviours come with this icsim yet: make them with icsim calibrate --behaviour "
            "--out FILE, and give --ensemble-file FILE"
        )
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EnsembleError(f"{file}: an ensemble cannot be read: {error}") from None
    about = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
    rows = list(csv.reader(line for line in lines if line and not line.startswith("#")))
    if len(rows) < 2:
        raise EnsembleError(f"{file}: expected a row of keys and a row for each set of values")
    keys, sets = rows[0], []
    for key in keys:
        if key not in catalogue:
            close = nearest(key, [row.key for row in catalogue])
            hint = f"; did you mean {' or '.join(close)}?" if close else ""
            raise EnsembleError(f"{file}: {key!r} is no row of the evidence catalogue{hint}")
    for number, row in enumerate(rows[1:], 1):
        try:
            values = [float(cell) for cell in row]
        except ValueError as error:
            raise EnsembleError(f"{file}: set {number}: expected numbers: {error}") from None
        if len(values) != len(keys) or not all(abs(value) < float("inf") for value in values):
            raise EnsembleError(f"{file}: set {number}: expected {len(keys)} finite numbers")
        sets.append(dict(zip(keys, values, strict=True)))
    return Ensemble(about, sets)
