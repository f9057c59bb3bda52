"""Many runs at once: a process each with one thread, each run a results folder of its own."""

from collections.abc import Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from icsim.analysis.marked import MarkedModel
from icsim.experiment import load
from icsim.running import run
from icsim.workers import Workers, as_completed


@dataclass(frozen=True)
class Job:
    """One run to be made: which experiment, which replicate, and where it goes."""

    at: int
    replicate: int
    experiment: dict[str, Any]
    folder: Path
    may_fail: bool = False

    def do(self) -> float:
        """Make the run; returns the seconds it took, people's synthesis and all.

        One that may fail leaves no folder then, but a file of its name with ``.txt`` that says why.
        """
        try:
            made = run(load(self.experiment), out=self.folder, model=MarkedModel)
        except Exception as error:
            if not self.may_fail:
                raise
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.with_suffix(".txt").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
            return 0.0
        return float(made.manifest["timings_seconds"]["total_s"])


def _do(job: Job) -> float:
    return job.do()


class Runs(Workers):
    """Makes runs, ``jobs`` at a time; a context manager. With one job they are made in this process."""

    def make(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, float]]:
        """Make the runs of ``jobs``; yields each with its seconds as it is done.

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
