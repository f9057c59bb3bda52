"""Commands that hold the model against what is known."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icsim.cli.command import (
    Overrides,
    app,
    check_folders,
    plainly,
    show_table,
    shown,
    stop,
    warn,
    write_text,
)

if TYPE_CHECKING:
    from icsim.workers import Pool

BEHAVES = 0.2
"""Share of the people, unless told, with which plausible behaviour is sought: organisations of few people
behave otherwise, for their wards are full or empty by luck."""
Address = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Run on this Ray cluster: 'auto', HOST:PORT, or 'local' for one here."
    ),
]


def _pool(address: str | None, jobs: int | None, place: str, sample: float, years: float) -> "Pool":
    """Processes of this machine, or a Ray cluster where an address is given."""
    if address is None:
        from icsim.workers import Workers

        return Workers(jobs or os.cpu_count() or 1)
    from icsim.experiment import load
    from icsim.sweeps.estimating import memory_of, people_of
    from icsim.sweeps.execution import Cluster
    from icsim.sweeps.workers import RayWorkers

    people = people_of(load(place).place) * sample
    return RayWorkers(Cluster(None if address == "local" else address, jobs), memory_of(people, years))


@app.command()
@plainly
def baseline(
    source: Annotated[
        str, typer.Argument(metavar="[PLACE|FILE]", help="A place or an experiment file; or give --all.")
    ] = "",
    overrides: Overrides = None,
    every: Annotated[
        bool, typer.Option("--all", help="The nine places, each against its own published figures.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the results there; left out, they are not kept.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the table as JSON too.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the table as CSV too.")
    ] = None,
) -> None:
    """Run a place without a programme and compare it, row by row, with published figures.

    Exit code 0 whatever the rows say.
    """
    import json

    from rich.console import Console

    from icsim.evidence.places import shipped
    from icsim.experiment import load
    from icsim.experiment.errors import ExperimentError, Problem

    if every == bool(source):
        raise ExperimentError(Problem("", "", "expected either a place or --all", value=source or "--all"))
    sources = shipped() if every else [source]
    experiments = [load(one, [*(overrides or ()), "programme=none"]) for one in sources]
    for experiment in experiments:
        warn(experiment)
    check_folders([("--json", json_file), ("--csv", csv_file)])
    from icsim.validation.baseline import Places, baseline_of

    tables = [baseline_of(one, out / one.name if out and every else out) for one in experiments]
    table = Places(tuple(tables)) if every else tables[0]
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    if json_file is not None:
        write_text(json_file, f"{json.dumps(table.to_json(), indent=1)}\n", "--json")
    if csv_file is not None:
        write_text(csv_file, table.to_frame().to_csv(index=False), "--csv")


@app.command()
@plainly
def calibrate(
    place: Annotated[
        str | None, typer.Option(metavar="PLACE|FILE", help="Where to run; left out, the plan's place.")
    ] = None,
    overrides: Overrides = None,
    sample: Annotated[
        float | None, typer.Option(metavar="S", help="Share of the people, as --set population.sample=S.")
    ] = None,
    years: Annotated[
        float | None, typer.Option(metavar="N", help="Length of each run; left out, the plan's.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, metavar="N", help="Draws of luck each position is tried on.")
    ] = 2,
    max_runs: Annotated[int, typer.Option(min=1, metavar="N", help="Runs that may be made at most.")] = 80,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Runs at once; left out, one a core.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What to fit and to what; left out, icsim's own plan.")
    ] = None,
    usual: Annotated[
        bool,
        typer.Option("--usual", help="Fit nothing: reckon the usual unmet need (unmet_usual_*) by one run."),
    ] = False,
    behaviour: Annotated[
        bool,
        typer.Option(
            "--behaviour", help="Seek plausible sets of behaviour instead, from reports of programmes."
        ),
    ] = False,
    sets: Annotated[
        int, typer.Option(min=10, max=100_000, metavar="N", help="Sets tried first, with --behaviour.")
    ] = 60,
    address: Address = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Begin with the slopes of the last calibration: fewer runs.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be fitted and about how long it takes; stop.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the values as parameters: of an experiment."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the values to the catalogue of this source checkout.")
    ] = False,
) -> None:
    """Fit a few named parameters to published figures; print what was met, what was not and what cannot be.

    Runs are kept: started again after a stop, it goes on from there.
    """
    from datetime import date

    from rich.console import Console

    from icsim.recording.progress import progress

    if behaviour:
        _behave(sets, sample or BEHAVES, seeds, jobs, address, out, write)
        return
    from icsim.validation import calibration as fitting
    from icsim.validation.calibration_tables import Account, overlay, planned, ready, write_to_checkout

    given = fitting.read_plan(plan) if plan else fitting.read_plan()
    task = fitting.Task(given, place, overrides or (), sample=sample, years=years, seeds=seeds)
    ready(task, out, write)
    warn(task.experiment)
    console = Console(width=None if sys.stdout.isatty() else 150)
    if usual:
        from icsim.validation.usual import reckon

        for line in reckon(task.experiment, date.today(), out, write):
            typer.echo(line)
        return
    try:
        with (
            progress(f"Fitting {len(task.parameters)} parameters", task.runs_needed) as advance,
            task.evaluator(jobs=jobs or os.cpu_count() or 1, most=max_runs, told=advance) as evaluator,
        ):
            if dry_run:
                console.print(planned(task, evaluator))
                return
            account = Account(fitting.calibrate(task, evaluator, quick=quick))
    except KeyboardInterrupt:
        stop("Stopped. The runs that were finished are kept: the same command goes on from there.", 130)
    console.print(account)
    if out is not None:
        write_text(out, overlay(account, date.today()))
        typer.echo(f"Values: {shown(out)}")
    if write:
        for path in write_to_checkout(account, date.today()):
            typer.echo(f"Written: {shown(path)}")


def _behave(
    sets: int, sample: float, seeds: int, jobs: int | None, address: str | None, out: Path | None, write: bool
) -> None:
    """Seek plausible sets of behaviour, print the account, and write the ensemble where asked."""
    from icsim.evidence.ensemble import SHIPPED
    from icsim.recording.progress import progress
    from icsim.validation import behaviour

    page = Path("docs", "calibration-behaviour.md")
    check_folders([("--out", out), ("--write", page if write else None)])
    plan = behaviour.Plan.shipped()
    pool = _pool(address, jobs, plan.place, sample, 5)
    try:
        with progress("Matching behaviour", None) as advance:
            found = behaviour.match(plan, sets=sets, sample=sample, seeds=seeds, workers=pool, told=advance)
    except KeyboardInterrupt:
        stop("Stopped. Nothing was kept.", 130)
    text = behaviour.page(found)
    typer.echo(text)
    for path, content in ((out, found.ensemble.text()),) if out else ():
        write_text(path, content)
        typer.echo(f"Plausible sets: {shown(path)}")
    if write:
        write_text(SHIPPED, found.ensemble.text(), "--write")
        write_text(page, text, "--write")
        typer.echo(f"Written: {shown(SHIPPED)}, {shown(page)}")


@app.command()
@plainly
def validate(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[PATTERN...]", help="Patterns by id; left out, all.")
    ] = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="A twentieth of the people and four seeds: does it run at all?")
    ] = False,
    place: Annotated[
        str, typer.Option(metavar="PLACE|FILE", help="Where; patterns say the rest.")
    ] = "salford",
    sample: Annotated[
        float, typer.Option(min=0.001, max=1.0, metavar="SHARE", help="Share of the people.")
    ] = 0.5,
    seeds: Annotated[int, typer.Option(min=2, max=1000, metavar="N", help="Seeds, from 1 on.")] = 10,
    most_seeds: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Up to so many for what fewer cannot tell; left out, four times --seeds."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Runs at a time; left out, one for each core.")
    ] = None,
    address: Address = None,
    list_: Annotated[bool, typer.Option("--list", help="List the patterns and stop.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write the table as JSON too.")
    ] = None,
    page_file: Annotated[
        Path | None, typer.Option("--page", metavar="FILE", help="Write the table as Markdown too.")
    ] = None,
) -> None:
    """Run each pattern that the model must show, with its mechanism and without, over seeds; give a verdict.

    Exit code 0 whatever the verdicts say.
    """
    import json

    from rich.console import Console

    from icsim.experiment import load
    from icsim.experiment.errors import ExperimentError, Problem, near
    from icsim.recording.progress import progress
    from icsim.validation import verdicts
    from icsim.validation.pattern import patterns
    from icsim.validation.validating import Setting
    from icsim.validation.validating import validate as verdicts_on

    known = patterns()
    if list_:
        show_table(("pattern", "expected", "source"), [(p.id, p.expected, p.source) for p in known.values()])
        return
    for name in names or ():
        if name not in known:
            raise ExperimentError(
                Problem("", "", "is no pattern", value=name, choices=near(name, known, 3) or list(known))
            )
    load(place)
    check_folders([("--json", json_file), ("--page", page_file)])
    setting = Setting(place, 0.05, 4) if fast else Setting(place, sample, seeds)
    wanted = [known[name] for name in names or known]
    pool = _pool(address, jobs, place, setting.sample, max(one.years for one in wanted))
    most = 0 if fast else 4 * seeds if most_seeds is None else most_seeds
    at_once = None if most > setting.seeds else 2 * len(wanted) * setting.seeds
    with progress("Validating", at_once) as advance:
        found = list(verdicts_on(wanted, setting, pool, told=advance, most=most))
    Console(width=None if sys.stdout.isatty() else 150).print(verdicts.table(found, setting))
    if json_file is not None:
        write_text(json_file, f"{json.dumps(verdicts.plain(found, setting), indent=1)}\n", "--json")
    if page_file is not None:
        write_text(page_file, verdicts.page(found, setting), "--page")
