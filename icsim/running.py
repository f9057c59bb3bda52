"""From an experiment to a results folder: replicate after replicate, complete or absent."""

import gc
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from icsim import evidence
from icsim.branching import changes, future
from icsim.checkpoint import SUFFIX, Checkpoint, CheckpointError, code_digest
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem
from icsim.model import ICSModel
from icsim.population.columns import AGE_BAND_OF_AGE, AGE_BANDS, USE, Status, frailty_group
from icsim.recording.manifest import build_manifest, digest
from icsim.recording.progress import progress
from icsim.recording.recorder import Recorder
from icsim.recording.run import Run, open_run
from icsim.recording.store import CHECKPOINTS, TABLES, RunWriter

SAVE_EVERY_SECONDS = 60.0
"""How often a long run keeps where it is, so that ``resume`` can go on with it."""
LATEST = f"latest{SUFFIX}"
MUCH = 50_000_000
"""Bytes of people who are let go of at once, not when Python comes to it: looking for them takes 0.1 s."""
_EVERY = re.compile(r"(?:every )?(\d{1,3}) months?")


def run(
    experiment: str | Path | Mapping[str, Any] | Experiment = "salford",
    *,
    overrides: Iterable[str] | Mapping[str, Any] = (),
    out: str | Path | None = None,
    overwrite: bool = False,
    model: Callable[..., ICSModel] = ICSModel,
    checkpoints: Iterable[str | date] = (),
    resume: bool = False,
) -> Run:
    """Run an experiment, all its replicates, and write the results folder.

    Args:
        experiment: a shipped name, a file, a mapping, any place of England, or a loaded ``Experiment``.
        overrides: ``key=value`` texts, or a mapping of dotted keys.
        out: the folder to make; None makes ``runs/<name>-seed<seed>``.
        overwrite: replace an earlier run at ``out``.
        model: what is run: a subclass of ``ICSModel``, or ``functools.partial`` of one with settings of its
            own; called with the experiment and ``replicate=``.
        checkpoints: days at whose start the state is kept in ``checkpoints/<day>`` of the results, or "6
            months" for every sixth month; :func:`branch` goes on from there.
        resume: go on with the run of the same experiment that was killed before it had made ``out``.

    Returns:
        The finished run, as ``open_run`` would open it.

    Raises:
        icsim.experiment.ExperimentError: a bad experiment; nothing is written.
        icsim.recording.store.ResultError: ``out`` is taken, or there is nothing to resume.
        TypeError: ``model`` makes something else than a model.
    """
    if not isinstance(experiment, Experiment) or overrides:
        experiment = load(experiment, overrides)
    replicates = {n: experiment.seed + n for n in range(experiment.replicates)}
    return _simulate(
        experiment,
        replicates,
        lambda replicate: _made(model, experiment, replicate),
        _days_of(experiment, checkpoints),
        model=model,
        out=out,
        overwrite=overwrite,
        resume=resume,
    )


def record(experiment: Experiment, model: Callable[..., ICSModel] = ICSModel) -> Recorder:
    """Run the first replicate of an experiment and return what it recorded; nothing is written.

    Args:
        experiment: loaded.
        model: as for :func:`run`.

    Raises:
        icsim.experiment.ExperimentError: an experiment that leaves nobody in the place.
        TypeError: ``model`` makes something else than a model.
    """
    made = _made(model, experiment, 0)
    while made.running:
        made.step()
    finish(made)
    recorder = made.recorder
    release(made)
    return recorder


def _made(model: Callable[..., ICSModel], experiment: Experiment, replicate: int) -> ICSModel:
    made = model(experiment, replicate=replicate)
    if not isinstance(made, ICSModel):
        raise TypeError(f"model: expected a subclass of ICSModel, {model!r} makes {made!r}")
    return made


def branch(
    checkpoint: str | Path,
    *,
    overrides: Iterable[str] | Mapping[str, Any] = (),
    out: str | Path | None = None,
    overwrite: bool = False,
    model: Callable[..., ICSModel] = ICSModel,
    checkpoints: Iterable[str | date] = (),
    resume: bool = False,
) -> Run:
    """Continue a run from a checkpoint into another future, and write a results folder of the whole run.

    Args:
        checkpoint: a file, a folder with those of the replicates, or a results folder with one such folder.
        overrides: what is to be different from the day of the checkpoint on, as for :func:`run`.
        out: as for :func:`run`; left out, ``runs/<name>-branch-seed<seed>``.
        overwrite, model, checkpoints, resume: as for :func:`run`.

    Raises:
        icsim.experiment.ExperimentError: a change that is wrong, or of what is past.
        icsim.checkpoint.CheckpointError: a file that is damaged or was written by other code.
        icsim.recording.store.ResultError: ``out`` is taken.
    """
    files = checkpoint_files(Path(checkpoint).expanduser())
    first = Checkpoint(files[0])
    parent = load(first.header["experiment"])
    experiment = future(parent, overrides, first.date)
    by_replicate: dict[int, Path] = {}
    replicates: dict[int, int] = {}
    for file in files:
        one = first if file == files[0] else Checkpoint(file)
        if (one.date, one.header["experiment"]) != (first.date, first.header["experiment"]):
            raise CheckpointError(f"{file} is not of the same run and day as {files[0].name} beside it")
        by_replicate[one.replicate], replicates[one.replicate] = file, one.header["luck"]
    source = {
        "checkpoint": str(Path(checkpoint).absolute()),
        "date": first.date.isoformat(),
        "parent": {"name": parent.name, "seed": parent.seed, "experiment_sha256": digest(parent.to_dict())},
        "changes": changes(parent, experiment),
    }
    return _simulate(
        experiment,
        replicates,
        lambda replicate: _restored(model, by_replicate[replicate], experiment=experiment),
        _days_of(experiment, checkpoints, first.date),
        model=model,
        out=out,
        overwrite=overwrite,
        resume=resume,
        source=source,
    )


def checkpoint_files(path: Path) -> list[Path]:
    """The files of one checkpoint, a replicate each: what ``path``, a file or folder, stands for.

    Raises:
        CheckpointError: nothing is there, or a choice of several days.
    """
    if path.is_file():
        return [path]
    days = sorted(one for one in (path / CHECKPOINTS).glob("*") if any(one.glob(f"*{SUFFIX}")))
    if len(days) == 1:
        path = days[0]
    elif days:
        names = ", ".join(day.name for day in days)
        raise CheckpointError(
            f"{path} has several checkpoints: name one, {days[0]} for instance; days: {names}"
        )
    files = sorted(path.glob(f"[!.]*{SUFFIX}"), key=lambda file: (len(file.name), file.name))
    if not files:
        known = sorted(str(day) for day in path.absolute().parent.glob(f"*/{CHECKPOINTS}/*"))[:5]
        hint = f"; nearest: {', '.join(known)}" if known else " (icsim run ... --checkpoint DATE makes one)"
        raise CheckpointError(
            f"{path} {'holds no' if path.exists() else 'does not exist: expected a'} checkpoint{hint}"
        )
    return files


def _days_of(
    experiment: Experiment, asked: Iterable[str | date], after: date | None = None
) -> dict[int, date]:
    """Days of a run on which to keep its state, by number; ExperimentError for a day that is not in it."""
    found: dict[int, date] = {}
    first = experiment.start if after is None else after + timedelta(days=1)
    for one in [asked] if isinstance(asked, str | date) else asked:
        every = _EVERY.fullmatch(str(one).strip())
        try:
            dates = _months(experiment, int(every[1])) if every else [date.fromisoformat(str(one).strip())]
        except ValueError:
            said = "expected a day such as 2016-04-01, or '6 months' for every sixth month"
            raise ExperimentError(Problem("", "--checkpoint", said, str(one))) from None
        for day in dates:
            if not every and not first <= day < experiment.end:
                last = experiment.end - timedelta(days=1)
                said = f"not a day to come in the run: expected {first} to {last}"
                raise ExperimentError(Problem("", "--checkpoint", said, str(day)))
            if day >= first:
                found[(day - experiment.start).days] = day
    return found


def _months(experiment: Experiment, step: int) -> list[date]:
    """The first day of every so many calendar months after the start."""
    if step < 1:
        raise ValueError
    first, months = experiment.start, []
    at = first.year * 12 + first.month - 1 + step
    while (day := date(at // 12, at % 12 + 1, 1)) < experiment.end:
        months.append(day)
        at += step
    return months


def _simulate(
    experiment: Experiment,
    replicates: Mapping[int, int],
    begin: Callable[[int], ICSModel],
    days: Mapping[int, date],
    *,
    model: Callable[..., ICSModel],
    out: str | Path | None,
    overwrite: bool,
    resume: bool,
    source: dict[str, Any] | None = None,
) -> Run:
    """Live every replicate (number to seed) to its end and write the results; ``begin`` makes its model."""
    began = time.perf_counter()
    name = experiment.name if source is None else f"{experiment.name}-branch"
    tables = [table for table in TABLES if getattr(experiment.record, table, True)]
    identity = {"experiment": experiment.to_dict(), "code": code_digest(), "branch": source}
    with RunWriter(
        out, name=name, seed=experiment.seed, overwrite=overwrite, tables=tables,
        identity=identity, resume=resume,
    ) as writer:  # fmt: skip
        timings = {"synthesis_s": 0.0, "days_s": 0.0, **writer.noted.get("timings", {})}
        work = dict(writer.noted.get("work", {}))
        used = evidence.load().with_values(experiment.parameters)
        used.mark(writer.noted.get("evidence", ()), ())
        kind: type = ICSModel
        with progress(
            f"Preparing {experiment.name} (the first run compiles)", experiment.days * len(replicates)
        ) as advance:
            for replicate in replicates:
                if replicate in writer.done:
                    advance(experiment.days)
                    continue
                start = time.perf_counter()
                made = _left(writer, replicate, model) if resume else None
                made = begin(replicate) if made is None else made
                kind = type(made)
                timings["synthesis_s"] += time.perf_counter() - start
                advance(made.day, f"Simulating {experiment.name}")
                start = time.perf_counter()
                _live(made, replicate, days, writer, advance)
                timings["days_s"] += time.perf_counter() - start
                finish(made)
                for key, value in made.work().items():
                    work[key] = work.get(key, 0) + value
                recorder, used, held = made.recorder, made.catalogue, made.people.nbytes
                release(made)
                del made
                if held > MUCH:  # people and organisations refer to one another: let go before writing
                    gc.collect()
                writer.add(recorder, replicate, timings=timings, work=work, evidence=sorted(used.used))
        (writer.folder / LATEST).unlink(missing_ok=True)
        timings["total_s"] = time.perf_counter() - began
        manifest = build_manifest(
            experiment=experiment.to_dict(),
            seeds=list(replicates.values()),
            name=experiment.name,
            model=f"{kind.__module__}.{kind.__qualname__}",
            catalogue=used,
            timings=timings,
            diagnostics=work,
        )
        manifest["replicates"] = [{"replicate": n, "seed": seed} for n, seed in replicates.items()]
        if source is not None:
            manifest["branch"] = source
        path = writer.complete(manifest)
    return open_run(path)


def _live(
    model: ICSModel, replicate: int, days: Mapping[int, date], writer: RunWriter, advance: Callable[..., None]
) -> None:
    """Live a model to its end, keeping its state on the days asked for and every minute of a long run."""
    due = time.monotonic() + SAVE_EVERY_SECONDS
    while model.running:
        if model.day in days:
            folder = writer.folder / CHECKPOINTS / days[model.day].isoformat()
            folder.mkdir(parents=True, exist_ok=True)
            writer.save()  # first: a state whose run is not told of would be swept away
            model.checkpoint(folder / f"{replicate}{SUFFIX}")
        if time.monotonic() > due:
            before = time.monotonic()
            due = math.inf  # a state that cannot be kept, for want of room or a class's STATE, stops no run
            worth, writer.worth_keeping = writer.worth_keeping, True
            writer.save()
            try:
                model.checkpoint(writer.folder / LATEST)
            except CheckpointError:
                writer.worth_keeping = worth
            else:
                due = time.monotonic() + max(SAVE_EVERY_SECONDS, 50 * (time.monotonic() - before))
        model.step()
        advance()


def _left(writer: RunWriter, replicate: int, model: Callable[..., ICSModel]) -> ICSModel | None:
    """The model of a replicate where a killed run last kept it; None when nothing kept can be read."""
    kept = [writer.folder / LATEST, *writer.folder.glob(f"{CHECKPOINTS}/*/{replicate}{SUFFIX}")]
    found: list[Checkpoint] = []
    for file in kept:
        with suppress(CheckpointError):
            found.append(Checkpoint(file))
    mine = [one for one in found if one.replicate == replicate]
    return _restored(model, max(mine, key=lambda one: one.header["day"])) if mine else None


def _restored(
    model: Callable[..., ICSModel], checkpoint: Path | Checkpoint, experiment: Experiment | None = None
) -> ICSModel:
    """A model from a checkpoint, of the class that ``model`` makes, with the settings it gives."""
    kind, settings = (model.func, model.keywords) if isinstance(model, partial) else (model, {})
    if not (isinstance(kind, type) and issubclass(kind, ICSModel)):
        raise CheckpointError(
            f"model: expected ICSModel, a subclass, or functools.partial of one, got {model!r}"
        )
    return kind.restore(checkpoint, experiment=experiment, **settings)


def finish(model: ICSModel) -> None:
    """Hand over what a model keeps to itself until the end: counts by group and the people as they are."""
    recorder, tallies = model.recorder, model.world.tallies
    recorder.by_group[:] = tallies.by_group
    recorder.person_days[:] = tallies.person_days
    if model.experiment.record.people:
        recorder.people = people_at_the_end(model)


def people_at_the_end(model: ICSModel) -> Any:
    """One row for everyone who lived in the place in the run, with their use of care by financial year."""
    import pandas as pd

    people = model.people
    lived = people["status"] != Status.EXPECTED
    rows = lived.nonzero()[0]

    def of(name: str) -> Any:
        return people[name][rows]

    areas = model.population.lsoas["lsoa"].astype(str)
    columns: dict[str, Any] = {
        "person": rows.astype("int32"),
        "status": pd.Categorical.from_codes(of("status"), pd.Index([s.name.lower() for s in Status])),
        "age": of("age"),
        "age_band": pd.Categorical.from_codes(AGE_BAND_OF_AGE[of("age")], pd.Index(AGE_BANDS)),
        "sex": of("sex"),
        "imd_decile": of("imd_decile"),
        "lsoa": pd.Categorical.from_codes(of("lsoa"), pd.Index(areas)),
    }
    for name in ("neighbourhood", "practice", "residence", "mental_health_need", "social_care_need"):
        columns[name] = of(name)
    columns["conditions"] = of("conditions")
    columns["n_conditions"] = np.bitwise_count(of("conditions"))
    columns["frailty_group"] = frailty_group(of("frailty"))
    states = ("frailty", "deconditioning", "unmet_need", "activation", "loneliness", "caseload", "package")
    for name in states:
        columns[name] = of(name)
    used = model.person_year
    for y, year in enumerate(model.recorder.financial_years):
        for k, name in enumerate(USE):
            columns[f"{name}_{year.replace('/', '_')}"] = used[rows, y, k]
    for name, values in model.patients.extra.items():
        columns[name] = values[rows]
    return pd.DataFrame(columns, copy=False)  # which else would hold everything twice


def release(model: ICSModel) -> None:
    """Let go of a model that is done: Mesa 3.3 keeps every model for ever (its issue 3179)."""
    ids = getattr(mesa.Agent, "_ids", None)
    if ids is not None:
        ids.pop(model, None)


__all__ = ["branch", "checkpoint_files", "finish", "people_at_the_end", "record", "release", "run"]
