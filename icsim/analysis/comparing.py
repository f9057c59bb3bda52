"""From some experiments to a comparison: the same seeds for all, figures of each, and one results folder."""

import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim.analysis import intervals
from icsim.analysis.cohorts import Controls, Followed, strata, usual_cohorts
from icsim.analysis.comparison import FORMAT, Comparison, differences_of, open_comparison
from icsim.analysis.drawing import Drawing
from icsim.analysis.marked import index_day
from icsim.analysis.outcomes import ALL, values_of
from icsim.analysis.planning import Plan, Written, loaded_of, planned
from icsim.analysis.runs import Job, Runs
from icsim.analysis.twins import against_twins, by_segment, check_twins, groups_of, people_of
from icsim.experiment import Experiment
from icsim.recording.manifest import build_manifest
from icsim.recording.progress import progress
from icsim.recording.recorder import financial_year
from icsim.recording.run import open_run
from icsim.recording.store import RunWriter

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("monthly", "by_age_and_imd", "people", "money")
OUTCOME = "emergency_admissions"


def compare(
    experiments: Sequence[Written],
    *,
    replicates: int | None = None,
    overrides: Iterable[str] | Mapping[str, Any] = (),
    out: str | Path | None = None,
    overwrite: bool = False,
    jobs: int | None = None,
    keep_runs: bool = True,
    precision: float | None = None,
    half_width: float | None = None,
    outcome: str = OUTCOME,
    max_replicates: int = 100,
    costs: Sequence[float] = (),
    assumptions: int | None = None,
    over: Sequence[str] = (),
    ensemble: int | None = None,
    ensemble_file: str | Path | None = None,
    draw_sample: float | None = None,
) -> Comparison:
    """Run experiments at the same seeds and compare each with the first, person by person.

    Args:
        experiments: two or more, each as ``icsim.run`` takes it; the first is the reference. ``status-quo``
            is the first of the others without programme, contract changes and interventions, and then it is
            the reference.
        replicates: runs of each, at seeds ``seed``, ``seed + 1``, ...; left out, the reference's number, or
            as many as the precision takes.
        overrides: ``key=value`` texts or a mapping of dotted keys, for all of them.
        out: the folder to make; left out, ``runs/<names>-seed<seed>``.
        overwrite: replace an earlier result at ``out``.
        jobs: runs at once; left out, one a core. More than one starts processes, so that a script must call
            this under ``if __name__ == "__main__":``.
        keep_runs: keep every run in ``out/runs/NAME/seedN``, each a results folder, beside the tables.
        precision: go on until the half-width of the interval of ``outcome`` is at most this share of its mean
            difference, for every policy (Hoad, Robinson and Davies 2010) ...
        half_width: ... or at most this, in the outcome's unit.
        outcome: a figure of the whole place over the whole run, by its name in the tables.
        max_replicates: at most so many are made for a precision.
        costs: what each policy costs over the whole run, GBP, beyond what the model pays; in the order of the
            policies.
        assumptions: draws of assumed values, each with pairs of its own (``icsim.analysis.doubt``): how far
            the change rests on them. Left out, 16; 0 for none.
        over: of which keys, with wildcards; none for every assumed value that the runs read.
        ensemble: draws from sets of plausible values of behaviour, told apart from the assumptions. Left out,
            8 (none with ``over``); 0 for none.
        ensemble_file: where those are; left out, the shipped ones.
        draw_sample: share of the residents who live in the runs of draws; left out, that of 25,000 people,
            and no more than in the comparison.

    Returns:
        the comparison, as ``open_comparison`` would open it.

    Raises:
        icsim.experiment.ExperimentError: a bad experiment or option, or experiments without twins.
        icsim.recording.store.ResultError: ``out`` is taken, or people turn out not to be the same.
    """
    loaded = loaded_of(experiments, overrides)
    plan = planned(loaded, replicates, precision, half_width, outcome, max_replicates, costs)
    drawing = Drawing.planned(loaded, assumptions, over, ensemble, ensemble_file, draw_sample)
    work = _Work(loaded, plan, outcome)
    first = loaded[0]
    name = "-vs-".join(work.labels[:3])
    cores = os.cpu_count() or 1
    with RunWriter(out, name=name, seed=first.seed, overwrite=overwrite, tables=()) as writer:
        began = time.perf_counter()
        at_once = max(1, min(jobs or cores, max(plan.first * len(loaded), drawing.runs)))
        whole = None if plan.sequential else plan.most * len(loaded) + drawing.runs
        with Runs(at_once) as runs, progress("Comparing", whole) as advance:
            done = work.make_all(runs, writer.folder / "runs", keep_runs, advance)
            pairs_s = time.perf_counter() - began
            drawing.make(runs, work.read, advance)
        for table, frame in (work.tables() | drawing.tables(work.labels)).items():
            writer.add_table(table, _arrow(frame))
        if not keep_runs:
            shutil.rmtree(writer.folder / "runs")
        timings = {"total_s": time.perf_counter() - began, "runs_s": sum(work.seconds), "pairs_s": pairs_s}
        seeds = [first.seed + replicate for replicate in range(done)]
        manifest = build_manifest(experiment=first.to_dict(), seeds=seeds, name=name, timings=timings)
        manifest |= {
            "format": FORMAT,
            "labels": work.labels,
            "experiments": [experiment.to_dict() for experiment in loaded],
            "costs_gbp": list(plan.costs),
            "outcome": outcome,
            "precision": precision,
            "half_width": half_width,
            "precise_after": work.precise_after(),
            "jobs": at_once,
            "runs_kept": keep_runs,
            "notes": [*work.notes, *drawing.notes],
        } | ({"doubt": drawing.about()} if drawing.runs else {})
        path = writer.complete(manifest)
    return open_comparison(path)


@dataclass
class _Work:
    """What the runs have given so far, replicate by replicate."""

    loaded: list[Experiment]
    plan: Plan
    outcome: str
    seconds: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.labels = labels_of([experiment.name for experiment in self.loaded])
        self.values: list[pd.DataFrame] = []
        self.twins: list[pd.DataFrame] = []
        self.waiting: dict[int, dict[int, Path]] = {}
        self.read: set[str] = set()
        self._controls: dict[int, Controls] = {}
        self._followed: dict[tuple[str, str, int], Followed] = {}
        start = self.loaded[0].start
        self.index_year = financial_year(start)
        self.cohorts = usual_cohorts() if index_day(start) < self.loaded[0].end else ()
        if not self.cohorts:
            self._note("No cohort is followed: that takes a run that goes on into a second financial year.")

    def _note(self, said: str) -> None:
        if said not in self.notes:
            self.notes.append(said)

    def make_all(self, runs: Runs, folder: Path, keep: bool, advance: Callable[..., None]) -> int:
        """Make as many replicates as the plan asks for; returns how many."""
        done = 0
        while done < self.plan.most and not self.precise(done):
            more = self.plan.first if not done else -(-runs.jobs // len(self.loaded))
            upto = min(self.plan.most, done + more)
            self.make(runs, range(done, upto), folder, keep, advance)
            done = upto
        return done

    def make(
        self, runs: Runs, replicates: Iterable[int], folder: Path, keep: bool, advance: Callable[..., None]
    ) -> None:
        """Make replicates of all experiments and read them, each when the last of its runs is there."""
        jobs = [
            Job(at, replicate, self.written(experiment, replicate, keep),
                folder / self.labels[at] / f"seed{experiment.seed + replicate}")
            for replicate in replicates
            for at, experiment in enumerate(self.loaded)
        ]  # fmt: skip
        for job, seconds in runs.make(jobs):
            self.seconds.append(seconds)
            advance(1)
            there = self.waiting.setdefault(job.replicate, {})
            there[job.at] = job.folder
            if len(there) == len(self.loaded):
                self._read(job.replicate, [there[at] for at in range(len(self.loaded))])
                if not keep:
                    for path in there.values():
                        shutil.rmtree(path)

    @staticmethod
    def written(experiment: Experiment, replicate: int, keep: bool) -> dict[str, Any]:
        written = experiment.to_dict()
        record = {**written["record"], **dict.fromkeys(NEEDED, True)}
        record["daily"] = record["daily"] and keep
        return {**written, "seed": experiment.seed + replicate, "replicates": 1, "record": record}

    def _read(self, replicate: int, folders: list[Path]) -> None:
        """Everything a replicate tells, then let go of its people."""
        worlds = [open_run(folder) for folder in folders]
        self.read.update(*(world.manifest["evidence"]["keys"] for world in worlds))
        people = [people_of(world) for world in worlds]
        groups = groups_of(people[0])
        for at, (label, world, here) in enumerate(zip(self.labels, worlds, people, strict=True)):
            found = _joined([values_of(world), by_segment(here, groups)])
            self.values.append(_labelled(found, label, replicate))
            if at:
                check_twins(people[0], here, (self.labels[0], label))
                self.twins.append(_labelled(against_twins(people[0], here, groups), label, replicate))
        if self.cohorts:
            self._follow(replicate, people)

    def _follow(self, replicate: int, people: list["pd.DataFrame"]) -> None:
        """Estimates for the cohorts; controls come from the reference at another seed, when it is there."""
        end = self.index_year.replace("/", "_")
        for at, here in enumerate(people[1:], 1):
            use = f"emergency_admissions_{end}"
            if (here[use].to_numpy() != people[0][use].to_numpy()).any():
                self._note(
                    f"{self.labels[at]} acts before the end of {self.index_year}: nobody can be picked "
                    "by what they used before it, and no cohort is followed."
                )
                self.cohorts = ()
                self._followed.clear()
                return
        self._controls[replicate] = Controls.of(strata(people[0], self.index_year))
        for label, here in zip(self.labels[1:], people[1:], strict=True):
            for cohort in self.cohorts:
                followed = Followed.of(cohort, people[0], here, self.index_year)
                self._followed[cohort.name, label, replicate] = followed

    def _estimated(self) -> "pd.DataFrame":
        """The estimates of every replicate, each with controls from the next one's reference."""
        import pandas as pd

        rows: list[tuple[Any, ...]] = []
        for (cohort, label, replicate), followed in self._followed.items():
            other = (replicate + 1) % len(self._controls)
            controls = self._controls[other] if other != replicate else None
            rows += [(label, replicate, cohort, *each) for each in followed.estimates(controls)]
        return pd.DataFrame(rows, columns=["experiment", "replicate", "cohort", "estimate", "value"])

    def differences(self) -> list[list[float]]:
        """The chosen outcome over the whole run, each policy's differences in the order of replicates."""
        frame = _joined(self.values)
        here: Any = frame[(frame["dimension"] == "place") & (frame["outcome"] == self.outcome)]
        wide = here[here["financial_year"] == ALL].pivot(
            index="replicate", columns="experiment", values="value"
        )
        return [list(wide[label] - wide[self.labels[0]]) for label in self.labels[1:]]

    def precise(self, done: int) -> bool:
        """Whether the wanted precision is reached; no where none is wanted."""
        return bool(done) and self.plan.sequential and all(self.precise_after())

    def precise_after(self) -> list[int | None]:
        """After how many pairs the sequential rule was content, for each policy; empty if none was asked."""
        if not self.plan.sequential:
            return []
        return [intervals.precise_after(each, self.plan.share, self.plan.half) for each in self.differences()]

    def tables(self) -> dict[str, "pd.DataFrame"]:
        """The tables of a comparison."""
        values = _joined(self.values)
        found = {
            "comparison": values,
            "differences": differences_of(values, self.labels, self.plan.share, self.plan.half),
            "twins": _joined(self.twins),
        }
        estimated = self._estimated()
        return found | ({"cohorts": estimated} if len(estimated) else {})


def labels_of(names: Sequence[str]) -> list[str]:
    """A name for each experiment, no two alike and each good for a folder."""
    found: list[str] = []
    for name in names:
        plain = (
            "-".join("".join(c if c.isalnum() or c in "-_." else " " for c in name).split()).strip(".")
            or "experiment"
        )
        number, label = 1, plain[:60]
        while label in found:
            number += 1
            label = f"{plain[:60]}-{number}"
        found.append(label)
    return found


def _labelled(frame: "pd.DataFrame", label: str, replicate: int) -> "pd.DataFrame":
    frame.insert(0, "experiment", label)
    frame.insert(1, "replicate", replicate)
    return frame


def _joined(frames: Sequence["pd.DataFrame"]) -> "pd.DataFrame":
    import pandas as pd

    return pd.concat(frames, ignore_index=True)


def _arrow(frame: "pd.DataFrame") -> Any:
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False)
