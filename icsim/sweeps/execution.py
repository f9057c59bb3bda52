"""Making the runs of a sweep on Ray: bounded tasks, retried, their results kept as they come."""

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim.recording.store import ResultError
from icsim.sweeps.design import Design, RunSpec
from icsim.sweeps.estimating import memory_of
from icsim.sweeps.people import SharedPeople
from icsim.sweeps.store import PART, Store, failure
from icsim.sweeps.work import make_one, make_runs, told
from icsim.workers import ONE_THREAD

if TYPE_CHECKING:
    import pyarrow as pa

TASK_SECONDS = 3.0
"""Short runs are made several in a task, so that Ray's own milliseconds do not count."""
MOST_IN_TASK = 100
IN_FLIGHT_A_CPU = 2
RETRIES = 2
"""Times that a task is made again when its worker dies, elsewhere if it can be."""
LOOK_SECONDS = 1.0
RESOURCES_SECONDS = 15.0
STORE_BYTES = 100 * 2**20
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**40)}
"""A worker keeps the memory of a run for the next: having the system clear it anew takes 3% of a run."""


@dataclass
class Cluster:
    """Where the runs are made.

    Attributes:
        address: of a Ray cluster; None starts one on this machine and ends it.
        jobs: workers on this machine; None is one a core.
        ship: send this icsim to the workers; None does so where a cluster is given.
    """

    address: str | None = None
    jobs: int | None = None
    ship: bool | None = None

    @property
    def workers(self) -> int:
        """How many there are on this machine."""
        return self.jobs or os.cpu_count() or 1

    @contextmanager
    def connected(self, store_bytes: int = STORE_BYTES) -> Iterator[Any]:
        """Ray, connected; ended or let go of afterwards.

        Args:
            store_bytes: of the object store of a Ray that is started here.

        Raises:
            ResultError: Ray is not installed, or no cluster answers.
        """
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
        try:
            import ray
        except ImportError:
            raise ResultError('a sweep needs Ray: pip install "icsim[cluster]"') from None
        package = Path(__file__).resolve().parents[1]
        environment: dict[str, Any] = {"env_vars": {**dict.fromkeys(ONE_THREAD, "1"), **KEEP_MEMORY}}
        settings: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
        if self.address is None:
            if package.parent.name != "site-packages":  # a checkout: workers on this machine see the same
                paths = [str(package.parent), os.environ.get("PYTHONPATH", "")]
                environment["env_vars"]["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
            settings |= {"num_cpus": self.workers, "include_dashboard": False}
            settings |= {"object_store_memory": store_bytes}
        if self.ship if self.ship is not None else self.address is not None:
            environment["py_modules"] = [str(package)]
            environment["excludes"] = ["**/__pycache__"]
        try:
            ray.init(address=self.address or "local", runtime_env=environment, **settings)
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            said = " ".join(str(error).split())[:300]
            where = self.address or "on this machine"
            raise ResultError(f"no Ray cluster {where}: {said}") from None
        try:
            yield ray
        finally:
            ray.shutdown()


@dataclass
class Progress:
    """How far a sweep is: told to whoever shows it."""

    total: int
    done: int = 0
    failed: int = 0
    made: int = 0
    retried: int = 0
    began: float = field(default_factory=time.monotonic)

    @property
    def a_minute(self) -> float:
        """Runs made a minute, since this process began to make them."""
        return 60 * self.made / max(time.monotonic() - self.began, 1e-9)

    @property
    def seconds_left(self) -> float:
        """Until all is done, at the pace so far; infinite before the first run."""
        return 60 * (self.total - self.done) / self.a_minute if self.made else float("inf")


@dataclass(frozen=True)
class Backlog:
    """What is left of a sweep: ``waiting`` in the order of the design, and how many are done and failed."""

    waiting: tuple[RunSpec, ...]
    total: int
    done: int
    failed: int


def backlog(design: Design, store: Store, retry_failed: bool = False) -> Backlog:
    """What is left to do; parts of which everything is done become one file each."""
    done = store.done()
    if retry_failed:
        done = {key: failed for key, failed in done.items() if not failed}
    first: dict[str, RunSpec] = {}
    for spec in design.runs:
        first.setdefault(spec.key, spec)  # points that come to the same experiment are run once
    waiting = tuple(spec for key, spec in first.items() if key not in done)
    known = [done[key] for key in first if key in done]
    busy = {spec.number // PART for spec in waiting}
    for part in range(-(-len(design.runs) // PART)):
        if part not in busy:
            join(design, store, part)
    return Backlog(waiting, len(first), len(known), sum(known))


def join(design: Design, store: Store, part: int) -> None:
    """One file of results from the shards of a part."""
    store.join(part, [spec.key for spec in design.runs[part * PART : (part + 1) * PART]])


@dataclass
class _Task:
    """Runs that are made by one worker in one go."""

    specs: list[RunSpec]
    alone: bool = False
    said: str = ""  # by the run when it failed before


class Execution:
    """Makes the runs of a design that are not done, and keeps what they come to.

    Args:
        design: all runs.
        store: where results are kept, entered.
        ray: connected.
        model: what is run instead of the model; sent to the workers.
        tell: called with the progress after every task and every second.
    """

    def __init__(
        self,
        design: Design,
        store: Store,
        ray: Any,
        *,
        model: Callable[..., Any] | None = None,
        tell: Callable[[Progress], object] = lambda progress: None,
    ) -> None:
        self.design, self.store, self.ray, self.tell = design, store, ray, tell
        self._many = ray.remote(make_runs)
        self._one = ray.remote(make_one)
        self._base, self._model = ray.put(design.base), model
        self._flying: dict[Any, _Task] = {}
        self._seconds_a_run = TASK_SECONDS
        self._left: Counter[int] = Counter()
        self._looked = -RESOURCES_SECONDS
        self._room = IN_FLIGHT_A_CPU

    def run(self, backlog: "Backlog") -> Progress:
        """Make every run of the backlog; raises ``ResultError`` where results cannot be kept."""
        self._people = SharedPeople(self.ray, self._base, backlog.waiting, self.design.sizes)
        waiting = deque(self._people.in_order(backlog.waiting))
        self.progress = Progress(backlog.total, backlog.done, backlog.failed)
        self._left = Counter(spec.number // PART for spec in waiting)
        self.tell(self.progress)
        try:
            while waiting or self._flying:
                while waiting and len(self._flying) < self._in_flight():
                    self._submit(self._next(waiting))
                ready, _ = self.ray.wait(list(self._flying), num_returns=1, timeout=LOOK_SECONDS)
                for reference in ready:
                    self._take(reference)
                self.tell(self.progress)
        except BaseException:
            for reference in self._flying:
                self.ray.cancel(reference, force=True)
            raise
        return self.progress

    def _in_flight(self) -> int:
        """How many tasks may be under way: two for each processor there is now."""
        if time.monotonic() - self._looked > RESOURCES_SECONDS:
            self._looked = time.monotonic()
            processors = int(self.ray.cluster_resources().get("CPU", 1))
            self._room = IN_FLIGHT_A_CPU * max(processors, 1)
        return self._room

    def _next(self, waiting: deque[RunSpec]) -> _Task:
        """The next runs in order, as many as fill a task, all of one part."""
        wanted = min(max(int(TASK_SECONDS / max(self._seconds_a_run, 1e-6)), 1), MOST_IN_TASK)
        specs = [waiting.popleft()]
        while waiting and len(specs) < wanted and waiting[0].number // PART == specs[0].number // PART:
            specs.append(waiting.popleft())
        return _Task(specs)

    def _submit(self, task: _Task) -> None:
        sizes = self.design.sizes
        largest = max((sizes[spec.number] for spec in task.specs), key=lambda size: size[0])
        options = {
            "num_cpus": 1,
            "memory": memory_of(*largest),
            "max_retries": RETRIES,
            "name": f"icsim runs {task.specs[0].number}-{task.specs[-1].number}",
        }
        keep = self.design.keep
        if task.alone:
            not_its_fault = [OSError, MemoryError]
            work = self._one.options(**options, retry_exceptions=not_its_fault)
            reference = work.remote(self._base, task.specs[0], keep, self._model)
        else:
            given = (self._base, task.specs, keep, self._model, *self._people.of(task.specs))
            reference = self._many.options(**options).remote(*given)
        self._flying[reference] = task

    def _take(self, reference: Any) -> None:
        """Keep what a task has made; what failed in it is made again, alone."""
        task = self._flying.pop(reference)
        try:
            found = self.ray.get(reference)
        except self.ray.exceptions.RayError as error:
            if not task.alone:  # a worker that died again and again: one of the runs is the reason
                self._again(task.specs, {})
                return
            cause = getattr(error, "cause", None)
            said = told(error) if cause is None else task.said or told(cause)
            self._keep(task.specs, failure(task.specs[0].key, said), failed=1)
            return
        if task.alone:
            self._keep(task.specs, found)
            return
        table, failed = found
        said = dict(failed)
        if table is not None:
            self._keep([spec for spec in task.specs if spec.number not in said], table)
        self._again([spec for spec in task.specs if spec.number in said], said)

    def _again(self, specs: Sequence[RunSpec], said: dict[int, str]) -> None:
        self.progress.retried += len(specs)
        for spec in specs:
            self._submit(_Task([spec], alone=True, said=said.get(spec.number, "")))

    def _keep(self, specs: Sequence[RunSpec], table: "pa.Table", failed: int = 0) -> None:
        self.store.add(specs[0].number, table)
        self._people.let_go(specs)
        progress, part = self.progress, specs[0].number // PART
        progress.made += len(specs)
        progress.done += len(specs)
        progress.failed += failed
        if not failed:
            seconds = table["seconds"].to_numpy()
            self._seconds_a_run += (float(seconds.mean()) - self._seconds_a_run) / 2
        self._left[part] -= len(specs)
        if not self._left[part]:
            join(self.design, self.store, part)
