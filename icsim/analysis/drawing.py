"""Makes the runs of draws: every experiment of a comparison under other values of the catalogue."""

import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim import evidence
from icsim.analysis.doubt import ASSUMPTIONS, ENSEMBLE, PAIRS_EACH, drawn, parameters_of, rows_to_draw
from icsim.analysis.outcomes import ALL, values_of
from icsim.analysis.runs import Job, Runs
from icsim.evidence import ensemble as ensembles
from icsim.experiment import Experiment, ExperimentError
from icsim.experiment.errors import Problem, near
from icsim.recording.run import open_run

if TYPE_CHECKING:
    import pandas as pd

MOST_DRAWS = 10_000
COLUMNS = ("study", "draw", "replicate", "experiment", "outcome", "value")
VALUES = ("study", "draw", "key", "value")
Written = Callable[[Experiment, int, bool], dict[str, Any]]


@dataclass
class Drawing:
    """The draws of a comparison: planned before anything runs, made when it is known what the runs read.

    Attributes:
        loaded: the experiments, the reference first.
        counts: draws of each study.
        over: patterns of assumed keys.
        plausible: sets of behaviour, where some are drawn.
        left_out: draws that could not be run, by what was said.
    """

    loaded: list[Experiment]
    counts: dict[str, int]
    over: tuple[str, ...] = ()
    plausible: ensembles.Ensemble | None = None
    left_out: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._values: list[tuple[Any, ...]] = []
        self._keys: dict[str, int] = {}

    @classmethod
    def planned(
        cls,
        loaded: list[Experiment],
        assumptions: int,
        over: Sequence[str],
        ensemble: int,
        ensemble_file: str | Path | None,
    ) -> "Drawing":
        """What is asked for, or one clear error."""
        for key, count in (("assumptions", assumptions), ("ensemble", ensemble)):
            if not 0 <= count <= MOST_DRAWS:
                said = f"expected a whole number of draws from 0 to {MOST_DRAWS:,}"
                raise ExperimentError(Problem("compare", key, said, count))
        catalogue = evidence.load()
        for pattern in over:
            assumed = [row.key for row in catalogue if row.kind == "assumed"]
            if not rows_to_draw(catalogue, assumed, [pattern]):
                said = (
                    "no assumed value of the catalogue that has a range is called so (* stands for anything)"
                )
                raise ExperimentError(Problem("compare", "over", said, pattern, near(pattern, assumed)))
        if over and not assumptions:
            raise ExperimentError(Problem("compare", "over", "it narrows --assumptions: give that too"))
        plausible = None
        if ensemble:
            try:
                plausible = ensembles.read(catalogue, ensemble_file)
            except ensembles.EnsembleError as error:
                raise ExperimentError(Problem("compare", "ensemble", str(error))) from None
        counts = {ASSUMPTIONS: assumptions, ENSEMBLE: ensemble}
        return cls(loaded, {study: n for study, n in counts.items() if n}, tuple(over), plausible)

    @property
    def runs(self) -> int:
        """How many runs all draws take."""
        return sum(self.counts.values()) * PAIRS_EACH * len(self.loaded)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of draws that could not be run."""
        if not self.left_out:
            return ()
        whole = sum(self.counts.values())
        return (
            f"{len(self.left_out)} of {whole} draws could not be run and are left out: {self.left_out[0]}",
        )

    def about(self) -> dict[str, Any]:
        """What the manifest says: by study the draws and how many values vary."""
        found: dict[str, Any] = {
            study: {"draws": count, "values": self._keys.get(study, 0), "pairs_each": PAIRS_EACH}
            for study, count in self.counts.items()
        }
        if self.over and ASSUMPTIONS in found:
            found[ASSUMPTIONS]["over"] = list(self.over)
        if self.plausible is not None and ENSEMBLE in found:
            found[ENSEMBLE]["about"] = dict(self.plausible.about)
        return found

    def make(
        self, runs: Runs, read: Iterable[str], written: Written, folder: Path, advance: Callable[..., None]
    ) -> None:
        """Make the runs of all draws, of values that the runs before have read."""
        fixed = {key for experiment in self.loaded for key in experiment.parameters}
        for study, count in self.counts.items():
            for at, draw in enumerate(self._sets(study, count, set(read), fixed)):
                self._draw(runs, (study, at), draw, written, folder, advance)
        shutil.rmtree(folder, ignore_errors=True)

    def _sets(self, study: str, count: int, read: set[str], fixed: set[str]) -> list[dict[str, float]]:
        if study == ENSEMBLE and self.plausible is not None:
            sets = [
                {key: value for key, value in one.items() if key not in fixed} for one in self.plausible.sets
            ]
            found = [sets[k % len(sets)] for k in range(count)]
        else:
            rows = rows_to_draw(evidence.load(), read, self.over, fixed)
            if not rows:
                raise ExperimentError(
                    Problem(
                        "compare", "over", "these runs read no such value that is not set", list(self.over)
                    )
                )
            found = drawn(rows, count)
        self._keys[study] = len(found[0])
        return found

    def _draw(
        self,
        runs: Runs,
        which: tuple[str, int],
        draw: dict[str, float],
        written: Written,
        folder: Path,
        advance: Callable[..., None],
    ) -> None:
        """One draw: pairs at seeds that no other draw has."""
        study, number = which
        jobs = []
        for replicate in range(PAIRS_EACH):
            for at, experiment in enumerate(self.loaded):
                plain = written(experiment, (number + 1) * PAIRS_EACH + replicate, False)
                plain["parameters"] = parameters_of(draw, plain["parameters"])
                place = folder / f"{study}{number}" / f"{at}-{replicate}"
                jobs.append(Job(at, replicate, plain, place, may_fail=True))
        for _ in runs.make(jobs):
            advance(1)
        wrong = next((job for job in jobs if not job.folder.exists()), None)
        if wrong is not None:
            self.left_out.append(wrong.folder.with_suffix(".txt").read_text(encoding="utf-8"))
        else:
            for job in jobs:
                self._rows += [
                    (study, number, job.replicate, job.at, outcome, value)
                    for outcome, value in _figures(job.folder)
                ]
            self._values += [(study, number, key, value) for key, value in draw.items()]
        shutil.rmtree(folder / f"{study}{number}", ignore_errors=True)

    def tables(self, labels: Sequence[str]) -> dict[str, "pd.DataFrame"]:
        """``draws`` and ``drawn_values``; nothing where nothing was drawn."""
        import pandas as pd

        if not self.runs:
            return {}
        figures = pd.DataFrame(self._rows, columns=list(COLUMNS))
        figures["experiment"] = [labels[at] for at in figures["experiment"]]
        return {"draws": figures, "drawn_values": pd.DataFrame(self._values, columns=list(VALUES))}


def _figures(folder: Path) -> list[tuple[str, float]]:
    """Outcomes of the place over the whole run."""
    table: Any = values_of(open_run(folder), organisations=False)
    here = table[(table["dimension"] == "place") & (table["financial_year"] == ALL)]
    return [
        (str(outcome), float(value)) for outcome, value in zip(here["outcome"], here["value"], strict=True)
    ]
