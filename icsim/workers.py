"""Processes that work side by side, one thread each: how several runs are made at once."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

ONE_THREAD = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SECONDS_TO_END = 5
T = TypeVar("T")


class Pool(Protocol):
    """What has functions called side by side."""

    @property
    def shares_files(self) -> bool:
        """Whether the functions see this machine's files."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have a function called with these arguments."""
        ...


class Workers:
    """At most ``jobs`` processes, started when first needed; a context manager that ends them.

    Left by an exception, Ctrl-C among them, it stops what is under way; else it waits for it.
    """

    shares_files = True

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
                process.join(SECONDS_TO_END)

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have a function called with these arguments; both must be such as can be sent to a process."""
        if self._pool is None:
            # spawned, not forked: threads and compiled code do not survive a fork
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.jobs, mp_context=context, initializer=_begin)
        before = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # a process started now has one thread
        try:
            return self._pool.submit(work, *arguments)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def as_completed(futures: Iterable[Future[T]]) -> Iterator[Future[T]]:
    """Each as it is done, looking up every second so that Ctrl-C is heard."""
    left = set(futures)
    while left:
        done, left = wait(left, timeout=1.0, return_when=FIRST_COMPLETED)
        yield from done


def _begin() -> None:
    """A worker shows no bar of its own and ends at once on Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for the worker's life
