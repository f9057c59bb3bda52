"""Runs of a place with other values of parameters, side by side, each kept so that none is made twice."""

import hashlib
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import icsim.running as running
from icsim import __version__, evidence
from icsim.experiment import Experiment, load
from icsim.recording.manifest import digest
from icsim.validation.baseline import compare
from icsim.validation.fitting import OutOfRuns
from icsim.validation.row import IN, OUT, Row
from icsim.workers import Workers, as_completed

OWN = {
    "calibration.py",
    "calibration_tables.py",
    "evaluations.py",
    "fitting.py",
    "reach.py",
    "slopes.py",
    "usual.py",
}
"""Files that decide which runs are made, not what comes of them."""


@dataclass(frozen=True)
class Figure:
    """A row of the baseline table as one run has it.

    Attributes:
        name: topic and label, by which it is known.
        unit, found, published: what is compared.
        low, high: least and most of found over published that is asked; NaN where nothing is.
        set_to: whether the table says that a number or an input was set to this figure.
    """

    name: str
    unit: str
    found: float
    published: float
    low: float = math.nan
    high: float = math.nan
    set_to: bool = False

    @property
    def ratio(self) -> float:
        """Found over published."""
        return self.found / self.published if self.published else math.nan

    @property
    def tolerance(self) -> float:
        """How far from 1 the ratio may be, the nearer side; NaN where nothing is asked but a most."""
        return min(self.high - 1, 1 - self.low) if self.high > 1 else math.nan

    @property
    def within(self) -> bool | None:
        """Whether it is as asked; None where nothing is."""
        return None if math.isnan(self.high) else self.low <= self.ratio <= self.high


@dataclass(frozen=True)
class Evaluation:
    """What came of one run: a figure for every row, and the seconds it took."""

    figures: tuple[Figure, ...]
    seconds: float


def figure_of(row: Row) -> Figure:
    """A row of the table as a figure, named by topic and label (``Deaths: 85+``)."""
    judged = row.asked is not None and row.verdict in (IN, OUT)
    low, high = row.asked if row.asked is not None and judged else (math.nan, math.nan)
    published = row.published
    return Figure(
        f"{row.topic}: {row.label}", row.unit, float(row.found), float(published.value), low, high,
        published.set_to,
    )  # fmt: skip


def evaluate(
    experiment: Mapping[str, Any],
    values: Mapping[str, float],
    seed: int,
    folder: str,
    sample: float | None = None,
) -> Evaluation:
    """Run a place without a programme and compare it with published figures."""
    began = time.perf_counter()
    overrides: dict[str, Any] = {"seed": seed, "programme": "none", "replicates": 1}
    if sample is not None:
        overrides["population.sample"] = sample
    source = {**experiment, "parameters": {**experiment.get("parameters", {}), **values}}
    with tempfile.TemporaryDirectory(dir=folder) as own:
        rows = compare(running.run(load(source, overrides), out=Path(own) / "run")).rows
    return Evaluation(tuple(figure_of(row) for row in rows), time.perf_counter() - began)


def cache_folder() -> Path:
    """Where evaluations are kept."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "icsim" / "calibrate"


def code_digest() -> str:
    """Hash of the package's sources and data: an evaluation by other code is not taken for one by this."""
    found = hashlib.sha256(__version__.encode())
    root = Path(running.__file__).parent
    for folder, subfolders, files in os.walk(root, followlinks=True):
        subfolders.sort()
        for file in sorted(files):
            path = Path(folder, file)
            if path.parent.name == "cli":
                continue
            if (file.endswith(".py") and file not in OWN) or path.parent.name == "data":
                found.update(f"{path.relative_to(root)}\n".encode())
                found.update(path.read_bytes())
    return found.hexdigest()


class Evaluator(Workers):
    """Evaluates points, several at once, and remembers.

    Args:
        experiment: the place.
        jobs: processes.
        most: runs that may be made; kept ones cost nothing.
        cache: folder of earlier evaluations.
        told: called after every run.

    Attributes:
        made: runs made; ``seconds``: what they took, added up.
    """

    def __init__(
        self,
        experiment: Experiment,
        jobs: int = 1,
        most: int = 100,
        cache: Path | None = None,
        told: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(jobs)
        self.experiment: dict[str, Any] = experiment.to_dict()
        self.most, self.told = most, told
        self.cache = cache_folder() if cache is None else cache
        self.made, self.seconds = 0, 0.0
        self._code = code_digest()
        self._folder = ""
        self._scratch: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self.cache.mkdir(parents=True, exist_ok=True)
        self._scratch = tempfile.TemporaryDirectory(prefix="icsim-calibrate-")
        self._folder = self._scratch.name
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._scratch is not None:
            self._scratch.cleanup()

    def key(self, values: Mapping[str, float], seed: int, sample: float | None = None) -> str:
        """What an evaluation is kept under: code, every value of the catalogue, place, seed, sample.

        A value counts the same whether the catalogue or the experiment holds it.
        """
        given = {**self.experiment.get("parameters", {}), **values}
        catalogue = evidence.load().with_values(given)
        rest = {key: value for key, value in self.experiment.items() if key not in ("parameters", "seed")}
        rows = {row.key: row.value for row in catalogue}
        return digest([self._code, rows, rest, seed, *([] if sample is None else [sample])])

    def _kept(self, key: str) -> Evaluation | None:
        """An earlier evaluation, if there is one that can be read."""
        try:
            written = json.loads((self.cache / f"{key}.json").read_text(encoding="utf-8"))
            return Evaluation(tuple(Figure(**figure) for figure in written["figures"]), written["seconds"])
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def evaluations(
        self, points: Sequence[tuple[Mapping[str, float], int]], sample: float | None = None
    ) -> list[Evaluation]:
        """Evaluate points of values and seed; raises ``OutOfRuns`` before the first run too many.

        ``sample`` replaces the place's.
        """
        keys = [self.key(*point, sample) for point in points]
        found = {key: self._kept(key) for key in keys}
        wanted = {key: point for key, point in zip(keys, points, strict=True) if found[key] is None}
        if self.made + len(wanted) > self.most:
            raise OutOfRuns
        asked: dict[Future[Evaluation], str] = {}
        for key, (values, seed) in wanted.items():
            asked[self.submit(evaluate, self.experiment, values, seed, self._folder, sample)] = key
        for future in as_completed(asked):
            evaluation = found[asked[future]] = future.result()
            self._keep(asked[future], evaluation)
            self.made += 1
            self.seconds += evaluation.seconds
            self.told()
        return [one for key in keys if (one := found[key]) is not None]

    def _keep(self, key: str, evaluation: Evaluation) -> None:
        path = self.cache / f"{key}.json"
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        figures = [vars(figure) for figure in evaluation.figures]
        partial.write_text(json.dumps({"figures": figures, "seconds": evaluation.seconds}), encoding="utf-8")
        partial.replace(path)
