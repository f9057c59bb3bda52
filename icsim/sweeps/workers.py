"""Functions called side by side on a Ray cluster, for those that ask for a pool of workers."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeVar

from icsim.sweeps.execution import RETRIES, Cluster

T = TypeVar("T")


class RayWorkers:
    """What :class:`icsim.workers.Workers` offers, on a cluster: a context manager that connects and lets go.

    Args:
        cluster: where.
        memory: bytes that a call may take, told to Ray so that no machine has more than fit.

    Raises:
        ResultError: on entering, where Ray is not installed or no cluster answers.
    """

    shares_files = False
    """Whether the functions see this machine's files."""

    def __init__(self, cluster: Cluster, memory: int) -> None:
        self._cluster, self._memory = cluster, memory
        self._stack = ExitStack()
        self._ray: Any = None

    def __enter__(self) -> Self:
        self._ray = self._stack.enter_context(self._cluster.connected())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have a function called with these arguments; it is called again where a worker dies."""
        task = self._ray.remote(num_cpus=1, memory=self._memory, max_retries=RETRIES)(work)
        return task.remote(*arguments).future()
