"""What a worker does: make runs and bring back their figures."""

import gc
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim.sweeps.design import RunSpec
from icsim.sweeps.store import schema

if TYPE_CHECKING:
    import pyarrow as pa

    from icsim.population.ready import ReadyMade
    from icsim.recording.recorder import Recorder

TRIAL_SAMPLE = 0.001
Failed = tuple[int, str]
"""A run that failed: its number, and what was said."""


def make_runs(
    base: dict[str, Any],
    specs: Sequence[RunSpec],
    keep: Sequence[str],
    model: Callable[..., Any] | None,
    *people: "ReadyMade",
) -> tuple["pa.Table | None", list[Failed]]:
    """Make runs one after the other; one that fails is told of, and the next is made.

    ``people`` are ready-made for some of them. Returns the figures of all that succeeded (None for none) and
    what failed.
    """
    import pyarrow as pa

    from icsim.population.ready import at_hand

    made, failed = [], []
    with at_hand(*people):
        for spec in specs:
            try:
                made.append(make_one(base, spec, keep, model))
            except Exception as error:  # whatever it is, it is the run's own affair
                failed.append((spec.number, told(error)))
    return (pa.concat_tables(made).unify_dictionaries() if made else None), failed


def make_one(
    base: dict[str, Any], spec: RunSpec, keep: Sequence[str], model: Callable[..., Any] | None
) -> "pa.Table":
    """Make one run and return its figures; raises whatever the run raises."""
    began = time.perf_counter()
    _imported()
    from icsim.experiment import load
    from icsim.model import ICSModel
    from icsim.running import record

    experiment = load(base, {**spec.settings, "seed": spec.seed})
    with _compiled_once():
        recorder = record(experiment, model or ICSModel)
        gc.collect()  # people and organisations refer to one another: let go of them now
        rows = figures(recorder, keep)
    _settled()
    return table(rows, spec.key, time.perf_counter() - began)


def make_people(base: dict[str, Any], spec: RunSpec) -> "ReadyMade":
    """The people that a run begins with."""
    from icsim import evidence
    from icsim.evidence import places
    from icsim.experiment import load
    from icsim.model import people_asked
    from icsim.population.synthesis import ready_made

    experiment = load(base, {**spec.settings, "seed": spec.seed})
    place, catalogue = places.resolve(experiment.place), evidence.load().with_values(experiment.parameters)
    return ready_made(place, catalogue, **people_asked(experiment, experiment.seed))


def read_by_people(base: dict[str, Any]) -> frozenset[str]:
    """The parameters that people of the base are made from, seen as a few of them are made."""
    few = {"population.sample": min(base["population"]["sample"], TRIAL_SAMPLE)}
    return frozenset(make_people(base, RunSpec(0, "", 0, 0, base["seed"], few)).read)


def figures(recorder: "Recorder", keep: Sequence[str]) -> list[tuple[Any, ...]]:
    """The figures of a run that are kept, as ``icsim.analysis.outcomes`` has them, from what it recorded."""
    from icsim.analysis.outcomes import COLUMNS, figures_of
    from icsim.recording.arrays import of_recorder

    at = COLUMNS.index("dimension")
    found = figures_of(of_recorder(recorder), organisations="organisation" in keep)
    return [row for row in found if row[at] in keep]


@cache
def _imported() -> None:
    """Import once in a process what every run needs: it stays, so it is never looked through for garbage."""
    gc.disable()
    try:
        import icsim.analysis.outcomes
        import icsim.recording.arrays
        import icsim.running  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()


@cache
def _settled() -> None:
    """After the first run of a process: what it left behind stays as well (0.1 s a run)."""
    gc.collect()
    gc.freeze()


def table(rows: Sequence[tuple[Any, ...]], key: str, seconds: float) -> "pa.Table":
    """Figures of a run in the columns of a dataset."""
    import pyarrow as pa

    *texts, values = zip(*rows, strict=True)
    columns = [pa.array(text, pa.string()).dictionary_encode() for text in ([key] * len(rows), *texts)]
    took = pa.array([seconds] * len(rows), pa.float32())
    columns += [pa.array(values, pa.float64(), from_pandas=True), took, pa.nulls(len(rows), pa.string())]
    return pa.Table.from_arrays(columns, schema=schema())


def told(error: BaseException) -> str:
    """An error in a line: its kind, what it said, and where in icsim it was raised."""
    said = " ".join(str(error).split()) or "no message"
    trace, at = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if f"{os.sep}icsim{os.sep}" in file:
            at = f" ({file.rsplit(f'{os.sep}icsim{os.sep}', 1)[1]}:{trace.tb_lineno})"
        trace = trace.tb_next
    return f"{type(error).__name__}: {said}{at}"[:2000]


@contextmanager
def _compiled_once() -> Iterator[None]:
    """On a machine without compiled code the first run goes alone, and the others use what it compiled.

    Compiled code is that of files at a place, of a time: an icsim that Ray has just unpacked has none.
    """
    from icsim import compiling

    stamp = os.stat(compiling.__file__).st_mtime_ns
    own = f"{sys.version_info[:2]} {compiling.__file__} {stamp}"
    marker = compiling.CACHE_FOLDER / f"compiled-{hashlib.sha256(own.encode()).hexdigest()[:12]}"
    lock = None if marker.exists() else _locked(compiling.CACHE_FOLDER / "compiling")
    if lock is not None and marker.exists():  # another has compiled while we waited
        os.close(lock)
        lock = None
    try:
        yield
        if lock is not None:
            marker.touch()
    finally:
        if lock is not None:
            os.close(lock)


def _locked(path: Path) -> int | None:
    """A lock on a file, waited for; None where there are none."""
    try:
        import fcntl

        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except (ImportError, OSError):
        return None
    return descriptor
