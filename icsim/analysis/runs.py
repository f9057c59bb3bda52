"""Many runs at once: a process each with one thread, each run a results folder of its own."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from icsim.analysis.marked import MarkedModel
from icsim.experiment import load
from icsim.running import run

ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


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


def _do(job: Job) -> float:
    return job.do()


class Runs:
    """Makes runs, ``jobs`` at a time; a context manager. With one job they are made in this process."""

    def __init__(self, jobs: int) -> None:
        self.jobs = max(1, jobs)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is None:
            return
        processes = list((getattr(self._pool, "_processes", None) or {}).values())
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        if kind is not None:
            for process in processes:
                process.terminate()
            for process in processes:
                process.join(5)

    def make(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, float]]:
        """Make the runs of ``jobs``; yields each with its seconds as it is done.

        Raises:
            RuntimeError: a process died, or could not start from a script without a main guard.
        """
        if self.jobs == 1:
            for job in jobs:
                yield job, job.do()
            return
        with _one_thread():
            pool = self._workers()
            futures = {pool.submit(_do, job): job for job in jobs}
            try:
                for future in _as_completed(futures):
                    yield futures[future], future.result()
            except BrokenProcessPool:
                raise RuntimeError(
                    "a process that made runs ended before its time: too little memory for so many at once "
                    '(try jobs=1), or a script that calls compare() outside of if __name__ == "__main__":'
                ) from None

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # spawned, not forked: threads and compiled code do not survive a fork
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.jobs, mp_context=context, initializer=_quiet)
        return self._pool


@contextmanager
def _one_thread() -> Iterator[None]:
    """New processes compute with one thread each, since there is one for every core."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _as_completed(futures: Iterable[Future[float]]) -> Iterator[Future[float]]:
    """As they come, looking up every second so that Ctrl-C is heard."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=1.0, return_when=FIRST_COMPLETED)
        yield from done


def _quiet() -> None:
    """A worker shows no bar of its own and ends at once on Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the worker's life
