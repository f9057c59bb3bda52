"""What a sweep costs over its runs in a plain loop, beside what Mesa and Starsim offer for many runs.

    python tests/benchmarks/sweeps.py            # about five minutes on two idle cores
    python tests/benchmarks/sweeps.py --quick    # a few runs of each: is all well?

The plain loop is what one writes without a sweep: one process that calls ``icsim.run`` and takes the figures
from the run. It has what any run has (tables that follow from the evidence alone are worked out once in a
process), and of a sweep's own ways none: it writes each run as a folder and reads it back, and each run
makes its own people. The other loop is one process that does for each run what a worker of a sweep does when
it is given no people: against that, what is left is the cost of Ray and of two workers on one memory, less
the people that runs share. Here two runs share their people, those of the same seed.

Half of each loop is timed before the sweep and half after, and all of that several times over, as a machine's
own speed wanders: the table has the round of the middling gain, and below it the range. The pace of a sweep
is counted from when every worker has made its first task, so that starting Ray and importing, which are told
apart, do not count. Mesa (``mesa.batch_run``) and Starsim (``MultiSim``) run models of their own of about as
many seconds a run, on two processes and in a loop: it is the gain that is compared.

*Wall* counts everything else that the machine was doing; *processor* does not: it is the processor time
of all processes that had a part, Ray's own among them. What two free cores would gain is twice the
loop's processor time over that. This needs Linux (``/proc``).
"""

import argparse
import contextlib
import io
import os
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

for library in ("NUMBA", "OMP", "OPENBLAS", "MKL", "ARROW"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import mesa  # noqa: E402 - what it imports reads how many threads it may have
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

WORKERS = 2
ROUNDS = 3
TARGET_GAIN, TARGET_OVERHEAD_MS = 1.9, 50
TICKS = os.sysconf("SC_CLK_TCK")
HEADS = (
    "load", "runs", "loop: wall, s a run", "processor", f"{WORKERS} workers: wall", "processor",
    "gain, wall", "gain, free cores", "others had",
)  # fmt: skip
console = Console(width=None if sys.stdout.isatty() else 150)


@dataclass
class Cost:
    """Seconds by the clock, of processors at work for it, and of processors at work for anything."""

    wall: float = 0.0
    cpu: float = 0.0
    busy: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu, self.busy + other.busy)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.wall - other.wall, self.cpu - other.cpu, self.busy - other.busy)

    def times(self, factor: float) -> "Cost":
        """As much of everything again."""
        return Cost(self.wall * factor, self.cpu * factor, self.busy * factor)


def _busy() -> float:
    fields = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def _of_tree() -> float:
    """Processor seconds of this process and of every living one below it."""
    parents, seconds = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)] = int(fields[1])
                seconds[int(entry.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    found, fresh = 0.0, {os.getpid()}
    while fresh:
        found += sum(seconds[pid] for pid in fresh)
        fresh = {pid for pid, parent in parents.items() if parent in fresh}
    return found


def _now() -> Cost:
    return Cost(time.perf_counter(), _of_tree(), _busy())


def _ended() -> Cost:
    """As :func:`_now`, with processes below this one that have ended, instead of those that live."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Cost(time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in used), _busy())


@contextlib.contextmanager
def measured(into: list[Cost]) -> Iterator[None]:
    """Add to ``into`` what is done within, processes that are waited for included."""
    before = _ended()
    yield
    into.append(_ended() - before)


def sweep_of(runs: int, sample: float, folder: str) -> Any:
    """A sweep of so many runs of a year of Salford in routine care."""
    from icsim.sweeps import sweeping

    file = {
        "base": "salford",
        "set": {"years": 1, "population.sample": sample, "programme": "none"},
        "factors": {"relationships.initial_trust": [0.3, 0.7]},
        "replicates": runs // 2,
    }
    return sweeping.prepare(file, out=Path(folder) / "sweep")


def plain(sweep: Any, specs: Any) -> Cost:
    """Runs by library calls in a loop, one more before them left out for what it imports and compiles."""
    import icsim
    from icsim.analysis.outcomes import values_of

    def one(spec: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            overrides = {**spec.settings, "seed": spec.seed}
            return values_of(icsim.run(sweep.design.base, overrides=overrides, out=f"{folder}/run"), False)

    return looped(one, sweep, specs)


def own(sweep: Any, specs: Any) -> Cost:
    """Runs as a worker makes them, in a loop; again one more before them."""
    from icsim.sweeps.work import make_one

    return looped(lambda spec: make_one(sweep.design.base, spec, sweep.design.keep, None), sweep, specs)


def looped(one: Callable[[Any], Any], sweep: Any, specs: Any) -> Cost:
    """What it costs to do one after the other."""
    cost: list[Cost] = []
    one(sweep.design.runs[0])
    with measured(cost):
        for spec in specs:
            one(spec)
    return cost[0]


def on_ray(sweep: Any) -> tuple[Cost, float]:
    """What all runs cost at the pace once every worker is at work, and seconds until then."""
    from icsim.sweeps import sweeping
    from icsim.sweeps.execution import Cluster, Progress

    marks: list[tuple[Cost, int]] = []
    began = time.perf_counter()

    def tell(progress: Progress) -> None:
        if progress.made > (marks[-1][1] if marks else 0):
            marks.append((_now(), progress.made))

    done = sweeping.run(sweep, Cluster(jobs=WORKERS), tell=tell)
    if done.failed:
        raise SystemExit(f"{done.failed} runs failed")
    warm = next(mark for mark in marks if mark[1] >= WORKERS)
    last = next(mark for mark in reversed(marks) if mark[1] <= done.made - WORKERS + 1)  # both still at work
    return (last[0] - warm[0]).times(done.made / (last[1] - warm[1])), warm[0].wall - began


class Walkers(mesa.Model):
    """A plain Mesa model of about as many seconds as a small run."""

    def __init__(self, n: int = 2000, seed: int | None = None, rng: int | None = None) -> None:
        super().__init__(rng=seed if rng is None else rng)
        self.datacollector = mesa.DataCollector({"people": lambda model: len(model.agents)})
        Walker.create_agents(self, n)

    def step(self) -> None:
        """Every agent draws a number."""
        self.agents.shuffle_do("act")
        self.datacollector.collect(self)


class Walker(mesa.Agent):
    """Draws a number a day."""

    def act(self) -> None:
        """Draw."""
        self.last = self.random.random()


def by_mesa(runs: int, processes: int) -> Cost:
    """``mesa.batch_run``, in so many processes."""
    cost: list[Cost] = []
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()), measured(cost):
        warnings.simplefilter("ignore")
        mesa.batch_run(
            Walkers, {"n": [2000]}, number_processes=processes, iterations=runs, max_steps=300,
            data_collection_period=-1, display_progress=False,
        )  # fmt: skip
    return cost[0]


def by_starsim(runs: int, parallel: bool) -> Cost:
    """Starsim's MultiSim, in two processes or in a loop."""
    import starsim as ss  # pyright: ignore[reportMissingImports]

    def sim(seed: int) -> Any:
        parts: dict[str, Any] = {"diseases": ss.SIS(), "networks": ss.RandomNet()}
        return ss.Sim(n_agents=20_000, dur=200, rand_seed=seed, verbose=0, **parts)

    cost: list[Cost] = []
    ss.MultiSim(sims=[sim(0)]).run(parallel=False)  # imports and compiles
    with measured(cost):
        ss.MultiSim(sims=[sim(k) for k in range(runs)]).run(parallel=parallel, n_cpus=WORKERS)
    return cost[0]


def add_row(table: Table, name: str, runs: int, one: Cost, both: Cost) -> None:
    """A line of the table: a loop and workers that made the same runs."""
    whole = one + both
    machine = os.cpu_count() or 1
    others = max(whole.busy - whole.cpu, 0.0) / (machine * whole.wall)
    table.add_row(
        name, str(runs), *(f"{seconds / runs:.2f}" for seconds in (one.wall, one.cpu, both.wall, both.cpu)),
        f"{one.wall / both.wall:.2f}", f"{WORKERS * one.cpu / both.cpu:.2f}", f"{100 * others:.0f}%",
    )  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    table, said = Table(*HEADS), []
    for sample, runs in ((0.02, 12 if quick else 80), (0.1 if quick else 1.0, 8 if quick else 12)):
        rounds, people = [], 0
        for _ in range(1 if quick else ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                sweep = sweep_of(runs, sample, folder)
                halves = sweep.design.runs[: runs // 2], sweep.design.runs[runs // 2 :]
                first = plain(sweep, halves[0]), own(sweep, halves[0])
                both, start = on_ray(sweep)
                people = int(sweep.design.table["people"].iloc[0])
                loops = first[0] + plain(sweep, halves[1]), first[1] + own(sweep, halves[1])
                rounds.append((*loops, both, start))
        rounds.sort(key=lambda round_: round_[0].cpu / round_[2].cpu)
        by_calls, by_worker, both, start = rounds[len(rounds) // 2]
        add_row(table, f"icsim sweep, {people:,} people", runs, by_calls, both)
        add_row(table, "beside its workers' way in a loop", runs, by_worker, both)
        for called, at in (("the plain loop", 0), ("its workers' way in a loop", 1)):
            overhead = [1000 * (each[2].cpu - each[at].cpu) / runs for each in rounds]
            gain = [WORKERS * each[at].cpu / each[2].cpu for each in rounds]
            said.append(
                f"{people:,} people, beside {called}: gain on free cores {min(gain):.2f} to {max(gain):.2f} "
                f"(target {TARGET_GAIN}); processor time over it {min(overhead):+.0f} to "
                f"{max(overhead):+.0f} ms a run (target {TARGET_OVERHEAD_MS})"
            )
        said.append(f"{people:,} people: {start:.0f} s until both workers had made a task")
    runs = 4 if quick else 16
    others: list[tuple[str, Callable[[], Cost], Callable[[], Cost]]] = [
        ("mesa.batch_run", lambda: by_mesa(runs, 1), lambda: by_mesa(runs, WORKERS)),
        ("Starsim MultiSim", lambda: by_starsim(runs, False), lambda: by_starsim(runs, True)),
    ]
    for name, alone, together in others:
        try:
            add_row(table, name, runs, alone(), together())
        except ImportError as error:
            said.append(f"{name} left out: {error}")
    console.print(table)
    for line in said:
        console.print(line)


if __name__ == "__main__":
    main()
