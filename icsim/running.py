"""From an experiment to a results folder: replicate after replicate, complete or absent."""

import gc
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import mesa
import numpy as np

from icsim.experiment import Experiment, load
from icsim.model import ICSModel
from icsim.population.columns import AGE_BAND_OF_AGE, AGE_BANDS, Status, frailty_group
from icsim.recording.manifest import build_manifest
from icsim.recording.progress import progress
from icsim.recording.run import Run, open_run
from icsim.recording.store import TABLES, RunWriter


def run(
    experiment: str | Path | Mapping[str, Any] | Experiment = "salford",
    *,
    overrides: Iterable[str] | Mapping[str, Any] = (),
    out: str | Path | None = None,
    overwrite: bool = False,
    model: Callable[..., ICSModel] = ICSModel,
) -> Run:
    """Run an experiment, all its replicates, and write the results folder.

    Args:
        experiment: a shipped name, a file, a mapping, any place of England, or a loaded ``Experiment``.
        overrides: ``key=value`` texts, or a mapping of dotted keys.
        out: the folder to make; None makes ``runs/<name>-seed<seed>``.
        overwrite: replace an earlier run at ``out``.
        model: what is run: a subclass of ``ICSModel``, or ``functools.partial`` of one with settings of its
            own; called with the experiment and ``replicate=``.

    Returns:
        The finished run, as ``open_run`` would open it.

    Raises:
        icsim.experiment.ExperimentError: a bad experiment; nothing is written.
        icsim.recording.store.ResultError: ``out`` is taken.
        TypeError: ``model`` makes something else than a model.
    """
    if not isinstance(experiment, Experiment) or overrides:
        experiment = load(experiment, overrides)
    began = time.perf_counter()
    timings = {"synthesis_s": 0.0, "days_s": 0.0}
    work = {"patient_days": 0, "events": 0, "candidate_needs": 0, "needs_past_bound": 0}
    tables = [table for table in TABLES if getattr(experiment.record, table, True)]
    seeds = [experiment.seed + replicate for replicate in range(experiment.replicates)]
    name = experiment.name
    used: Any = None
    kind = ICSModel
    with RunWriter(out, name=name, seed=experiment.seed, overwrite=overwrite, tables=tables) as writer:
        with progress(f"Preparing {name} (the first run compiles)", experiment.days * len(seeds)) as advance:
            for replicate in range(len(seeds)):
                start = time.perf_counter()
                made = model(experiment, replicate=replicate)
                if not isinstance(made, ICSModel):
                    raise TypeError(f"model: expected a subclass of ICSModel, {model!r} makes {made!r}")
                kind = type(made)
                timings["synthesis_s"] += time.perf_counter() - start
                advance(0, f"Simulating {name}")
                start = time.perf_counter()
                while made.running:
                    made.step()
                    advance()
                timings["days_s"] += time.perf_counter() - start
                finish(made)
                for key, value in made.work().items():
                    work[key] += value
                recorder, used = made.recorder, made.catalogue
                release(made)
                del made
                gc.collect()  # people and organisations refer to one another: let go before writing
                writer.add(recorder, replicate=replicate)
        timings["total_s"] = time.perf_counter() - began
        path = writer.complete(
            build_manifest(
                experiment=experiment.to_dict(),
                seeds=seeds,
                name=name,
                model=f"{kind.__module__}.{kind.__qualname__}",
                catalogue=used,
                timings=timings,
                diagnostics=work,
            )
        )
    return open_run(path)


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
    names = ("gp_contacts", "ae_attendances", "emergency_admissions", "bed_days")
    for y, year in enumerate(model.recorder.financial_years):
        for k, name in enumerate(names):
            columns[f"{name}_{year.replace('/', '_')}"] = model.world.tallies.person_year[rows, y, k]
    for name, values in model.patients.extra.items():
        columns[name] = values[rows]
    return pd.DataFrame(columns)


def release(model: ICSModel) -> None:
    """Let go of a model that is done: Mesa 3.3 keeps every model for ever (its issue 3179)."""
    ids = getattr(mesa.Agent, "_ids", None)
    if ids is not None:
        ids.pop(model, None)


__all__ = ["finish", "people_at_the_end", "release", "run"]
