"""Many runs at once: a process each with one thread, each run a results folder of its own."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from icsim.analysis.marked import MarkedModel
from icsim.analysis.outcomes import ALL, figures_of
from icsim.experiment import load
from icsim.recording.arrays import of_recorder
from icsim.running import record, run
from icsim.workers import Workers, as_completed


@dataclass(frozen=True)
class Job:
    """One run to be made: which experiment, which replicate, and where it goes."""

    at: int
    replicate: int
    experiment: dict[str, Any]
    folder: Path

    def do(self) -> float:
        """Make the run; returns the seconds it took, people's synthesis and all."""
        made = run(load(self.experiment), out=self.folder, model=MarkedModel)
        return float(made.manifest["timings_seconds"]["total_s"])


@dataclass(frozen=True)
class Trial:
    """One run of a draw: which experiment of which draw, and which pair. Nothing is written.

    Attributes:
        draw: a study and a number in it.
        at: the experiment's place in the comparison.
        replicate: which of the draw's pairs.
        experiment: as written, but for
        settings: its dotted keys that are others in this run, and
        parameters: the drawn values of the catalogue.
    """

    draw: tuple[str, int]
    at: int
    replicate: int
    experiment: dict[str, Any]
    settings: Mapping[str, Any]
    parameters: Mapping[str, float]

    def do(self) -> "list[tuple[str, float]] | str":
        """Make the run; returns outcomes of the place over all of it, or why it could not be made."""
        try:
            written = {**self.experiment, "parameters": self.parameters}
            recorder = record(load(written, self.settings))
            figures = figures_of(of_recorder(recorder), organisations=False)
        except Exception as error:  # a draw may ask for what cannot be
            return f"{type(error).__name__}: {error}"
        return [
            (outcome, float(value))
            for year, dimension, _, outcome, value in figures
            if (year, dimension) == (ALL, "place")
        ]


J = TypeVar("J", Job, Trial)


def _do(job: Job | Trial) -> Any:
    return job.do()


class Runs(Workers):
    """Makes runs, ``jobs`` at a time; a context manager. With one job they are made in this process."""

    def make(self, jobs: Iterable[J]) -> Iterator[tuple[J, Any]]:
        """Make the runs of ``jobs``; yields each with what its ``do`` returned, as it is done.

        Raises:
            RuntimeError: a process died, or could not start from a script without a main guard.
        """
        if self.jobs == 1:
            for job in jobs:
                yield job, job.do()
            return
        try:
            futures = {self.submit(_do, job): job for job in jobs}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            raise RuntimeError(
                "a process that made runs ended before its time: too little memory for so many at once "
                '(try jobs=1), or a script that calls compare() outside of if __name__ == "__main__":'
            ) from None
