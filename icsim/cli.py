"""The ``icsim`` command: parse, call, print; no logic.

Exit codes: 0 done, 1 failed, 2 bad input. ``ICSIM_DEBUG=1`` shows the traceback of an unexpected failure.
Everything heavy is imported inside the command that needs it, so that ``icsim --help`` answers at once.
"""

import functools
import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from icsim.experiment import Experiment

app = typer.Typer(
    name="icsim",
    help="Simulate a local integrated care system of England, person by person and day by day.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Source = Annotated[
    str,
    typer.Argument(
        metavar="PLACE|FILE", help="A shipped experiment, an experiment file, or any place of England."
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the experiment; may be given many times."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run at --out.")]
Checkpoints = Annotated[
    list[str] | None,
    typer.Option(
        metavar="DATE",
        help="Keep the state at the start of this day, or every '6 months', for icsim branch; "
        "may be given many times.",
    ),
]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with this run, which was killed before it was done.")
]
Word = Annotated[str, typer.Argument(metavar="[WORD]", help="Show only what holds this word.")]


def main() -> None:
    """The entry point of the ``icsim`` command."""
    app()


def plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose errors are one message and an exit code: 2 for bad input, 1 for anything unexpected."""

    @functools.wraps(command)
    def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort):
            raise
        except BrokenPipeError:  # the reader of a pipe has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            from icsim.experiment import ExperimentError
            from icsim.recording.store import ResultError

            if isinstance(error, ExperimentError | ResultError):
                _stop(str(error), 2)
            if os.environ.get("ICSIM_DEBUG"):
                raise
            said = " ".join(str(error).split()) or "no message"
            _stop(f"icsim failed: {type(error).__name__}: {said} (ICSIM_DEBUG=1 shows where)", 1)

    return told


def _stop(message: str, code: int) -> NoReturn:
    _say(message, "red")
    raise typer.Exit(code)


def _say(message: str, style: str) -> None:
    """A message to the standard error as it is: no markup, no wrapping."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True)
    safe = message.encode(console.encoding, "backslashreplace").decode(console.encoding)
    console.print(Text(safe, style=style))


def _warn(experiment: "Experiment") -> None:
    for warning in experiment.warnings:
        _say(f"note: {warning}", "yellow")


def _version(wanted: bool) -> None:
    if wanted:
        from icsim import __version__

        typer.echo(f"icsim {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Simulate a local integrated care system of England, person by person and day by day."""


# --- running ---


@contextmanager
def _lasting() -> Iterator[None]:
    """What is made here, imports above all, stays to the end: never look through it for garbage (0.4 s)."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@app.command()
@plainly
def run(
    source: Source,
    overrides: Overrides = None,
    years: Annotated[
        float | None, typer.Option(metavar="N", help="Length of the run in years, as --set years=N.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Seed of all luck, as --set seed=S.")] = None,
    replicates: Annotated[
        int | None, typer.Option(metavar="N", help="How many runs, as --set replicates=N.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Results folder; left out, runs/NAME-seedS.")
    ] = None,
    overwrite: Overwrite = False,
    checkpoint: Checkpoints = None,
    resume: Resume = False,
) -> None:
    """Run an experiment, print its summary and write a results folder that pandas reads."""
    with _lasting():
        from rich.console import Console

        from icsim.experiment import load
    given = {"years": years, "seed": seed, "replicates": replicates}
    options = [f"{key}={value}" for key, value in given.items() if value is not None]
    experiment = load(source, [*(overrides or ()), *options])
    _warn(experiment)
    with _lasting():
        from icsim.running import run as run_experiment
    result = run_experiment(
        experiment, out=out, overwrite=overwrite, checkpoints=checkpoint or (), resume=resume
    )
    Console().print(result.summary())
    _tell(result.path)


def _tell(path: Path) -> None:
    """Where results are, and how to go on with them."""
    typer.echo(f"Results: {_shown(path)}")
    typer.echo(f'In Python: pandas.read_parquet("{_shown(path)}/monthly.parquet")')
    for day in sorted((path / "checkpoints").glob("*")):
        typer.echo(f"To continue from {day.name}: icsim branch {_shown(day)} --set KEY=VALUE")


@app.command()
@plainly
def branch(
    checkpoint: Annotated[
        Path,
        typer.Argument(metavar="CHECKPOINT", help="RESULTS/checkpoints/DATE of a run, or one file in it."),
    ],
    overrides: Overrides = None,
    years: Annotated[
        float | None, typer.Option(metavar="N", help="Length of the whole run in years, as --set years=N.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Results folder; left out, runs/NAME-branch-seedS.")
    ] = None,
    overwrite: Overwrite = False,
    checkpoints: Annotated[
        list[str] | None,
        typer.Option("--checkpoint", metavar="DATE", help="Keep the state again on a later day."),
    ] = None,
    resume: Resume = False,
) -> None:
    """Continue a run from a checkpoint into another future, and write a results folder of the whole run."""
    from rich.console import Console

    from icsim.running import branch as run_branch

    options = [] if years is None else [f"years={years}"]
    result = run_branch(
        checkpoint,
        overrides=[*(overrides or ()), *options],
        out=out,
        overwrite=overwrite,
        checkpoints=checkpoints or (),
        resume=resume,
    )
    Console().print(result.summary())
    _tell(result.path)


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
        _warn(experiment)
    for option, path in (("--json", json_file), ("--csv", csv_file)):
        if path is not None and not path.absolute().parent.is_dir():
            raise ExperimentError(Problem(option, "", "is in a folder that does not exist", value=str(path)))
    from icsim.validation.baseline import Places, baseline_of

    tables = [baseline_of(one, out / one.name if out and every else out) for one in experiments]
    table = Places(tuple(tables)) if every else tables[0]
    Console(width=None if sys.stdout.isatty() else 110).print(table)
    if json_file is not None:
        _write(json_file, f"{json.dumps(table.to_json(), indent=1)}\n", "--json")
    if csv_file is not None:
        _write(csv_file, table.to_frame().to_csv(index=False), "--csv")


@app.command()
@plainly
def compare(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="REFERENCE POLICY...",
            help="Shipped experiments, files or places, two or more; status-quo is the first without its "
            "programme.",
        ),
    ],
    replicates: Annotated[
        int | None, typer.Option(metavar="N", help="Pairs of runs, each at a seed of its own.")
    ] = None,
    overrides: Overrides = None,
    precision: Annotated[
        float | None,
        typer.Option(metavar="P", help="Go on until the half-width of the interval is P of the difference."),
    ] = None,
    half_width: Annotated[
        float | None, typer.Option(metavar="W", help="Go on until the half-width of the interval is W units.")
    ] = None,
    outcome: Annotated[
        str, typer.Option(metavar="NAME", help="The outcome whose interval that is.")
    ] = "emergency_admissions",
    max_replicates: Annotated[int, typer.Option(metavar="N", help="At most so many pairs.")] = 100,
    cost: Annotated[
        list[float] | None,
        typer.Option(metavar="GBP", help="What a policy costs over the run; once for each policy, in order."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Runs at once; left out, one a core.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Results folder; left out, runs/A-vs-B-seedS.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier one at --out.")] = False,
    tables_only: Annotated[
        bool, typer.Option("--tables-only", help="Keep the tables of the comparison, not the runs.")
    ] = False,
) -> None:
    """Run experiments at the same seeds and tell what the others change against the first, with intervals."""
    from rich.console import Console

    from icsim.experiment import load
    from icsim.experiment.status_quo import with_status_quo

    for source, own in with_status_quo(sources, overrides or ()):
        _warn(load(source, own))
    from icsim.analysis.comparing import compare as compare_experiments

    try:
        found = compare_experiments(
            sources,
            replicates=replicates,
            overrides=overrides or (),
            out=out,
            overwrite=overwrite,
            jobs=jobs,
            keep_runs=not tables_only,
            precision=precision,
            half_width=half_width,
            outcome=outcome,
            max_replicates=max_replicates,
            costs=cost or (),
        )
    except KeyboardInterrupt:
        _stop("Stopped. Nothing was kept.", 130)
    Console(width=None if sys.stdout.isatty() else 132).print(found.summary())
    typer.echo(f"Results: {_shown(found.path)}")


@app.command()
@plainly
def sweep(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="A sweep file, or the name of a shipped sweep.")
    ],
    overrides: Overrides = None,
    replicates: Annotated[
        int | None, typer.Option(metavar="N", help="Runs of each point, instead of the file's.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|URL", help="The dataset: a folder, or s3:// and the like; left out, sweeps/NAME."
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Runs at once on this machine; left out, one a core."),
    ] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Run on this Ray cluster: 'auto', or HOST:PORT.")
    ] = None,
    ship: Annotated[
        bool | None,
        typer.Option(
            "--ship/--no-ship", help="Send this icsim to the workers; left out, to those of --address."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show how many runs there are, how long they take, and stop.")
    ] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Make failed runs again.")] = False,
) -> None:
    """Make a designed set of runs with Ray, here or on a cluster, into one Parquet dataset.

    Given again after a stop, a crash or a power cut, it goes on where it was.
    """
    from rich.console import Console

    from icsim.recording.progress import progress
    from icsim.sweeps import showing, sweeping
    from icsim.sweeps.execution import Cluster

    with progress("Checking the points of the design") as advance:
        found = sweeping.prepare(
            source, overrides=overrides or (), out=out, replicates=replicates, told=advance
        )
    cluster = Cluster(address, jobs, ship)
    console = Console(width=None if sys.stdout.isatty() else 110)
    if dry_run:
        with progress("Making three small runs to see what one takes"):
            table = showing.planned(found, cluster)
        console.print(table)
        return
    try:
        with showing.shown(found) as tell:
            made = sweeping.run(found, cluster, retry_failed=retry_failed, tell=tell)
    except KeyboardInterrupt:
        _stop("Stopped. What was done is kept: the same command goes on from there.", 130)
    console.print(showing.summary(found, made))
    if made.failed:
        raise typer.Exit(1)


Dataset = Annotated[
    str, typer.Argument(metavar="DATASET", help="What icsim sweep has made: a folder or a URL.")
]
Year = Annotated[
    str,
    typer.Option(
        "--year", metavar="2016/17", help="Financial year of the outcomes; left out, the whole run."
    ),
]


@app.command()
@plainly
def sensitivity(
    dataset: Dataset,
    outcomes: Annotated[
        list[str] | None,
        typer.Option(
            "--outcome", metavar="NAME", help="An outcome; may be given many times; left out, five."
        ),
    ] = None,
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="Under which policy, where there are some.")
    ] = "",
    year: Year = "all",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report; left out, DATASET/sensitivity.html.")
    ] = None,
) -> None:
    """Tell how much each factor of a sweep matters, and how much is luck: Sobol or Morris, with intervals."""
    from rich.console import Console

    from icsim.reporting.page import write
    from icsim.reporting.sweeps import sensitivity_page
    from icsim.sweeps import showing
    from icsim.sweeps.dataset import open_dataset
    from icsim.sweeps.sensitivity import DEFAULT_OUTCOMES
    from icsim.sweeps.sensitivity import sensitivity as sensitivity_of

    opened = open_dataset(dataset)
    chosen = policy or next(iter(opened.design.spec["policies"]), "")
    found = [
        sensitivity_of(opened, one, policy=chosen, financial_year=year)
        for one in outcomes or DEFAULT_OUTCOMES
    ]
    console = Console(width=None if sys.stdout.isatty() else 110)
    for one in found:
        console.print(showing.influences(one))
    path = write(sensitivity_page(opened, found), out or showing.beside(dataset, "sensitivity.html"))
    typer.echo(f"Report: {_shown(path)}")


@app.command()
@plainly
def discover(
    dataset: Dataset,
    outcome: Annotated[
        str, typer.Option(metavar="NAME", help="What a policy is judged by.")
    ] = "emergency_admissions",
    policy: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose failures; left out, the last policy.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="It fails where no better than this; left out, the first."),
    ] = None,
    above: Annotated[
        float | None, typer.Option(metavar="X", help="It fails where the outcome is above X instead.")
    ] = None,
    below: Annotated[
        float | None, typer.Option(metavar="X", help="It fails where the outcome is below X instead.")
    ] = None,
    year: Year = "all",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report; left out, DATASET/discovery.html.")
    ] = None,
) -> None:
    """Find under which assumptions a policy fails (PRIM), and how policies compare over all scenarios."""
    from rich.console import Console

    from icsim.reporting.page import write
    from icsim.reporting.sweeps import discovery_page
    from icsim.sweeps import showing
    from icsim.sweeps.dataset import open_dataset
    from icsim.sweeps.discovery import discover as discover_in

    opened = open_dataset(dataset)
    found = discover_in(
        opened, outcome, policy=policy, against=against, above=above, below=below, financial_year=year
    )
    page = discovery_page(opened, found)
    console = Console(width=None if sys.stdout.isatty() else 110)
    console.print(showing.discovered(found, page.headlines))
    typer.echo(f"Report: {_shown(write(page, out or showing.beside(dataset, 'discovery.html')))}")


@app.command()
@plainly
def totals(
    dataset: Dataset,
    policy: Annotated[
        str, typer.Option(metavar="NAME", help="Under which policy, where there are some.")
    ] = "",
    year: Year = "all",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The table of places, as CSV; left out, DATASET/places.csv."),
    ] = None,
) -> None:
    """Add up the places of a sweep, and write a table with a row for each, ready for a map."""
    from icsim.sweeps import adding, showing
    from icsim.sweeps.dataset import open_dataset

    opened = open_dataset(dataset)
    chosen = policy or next(iter(opened.design.spec["policies"]), "")
    table = adding.by_place(opened, chosen, year)
    rows = showing.added(table, adding.total(table))
    _table(("outcome", "all places", "unit", "per 1,000 people"), rows)
    path = out or showing.beside(dataset, "places.csv")
    _write(path, table.to_csv(index=False))
    typer.echo(f"{len(table)} places: {_shown(path)}")


@app.command()
@plainly
def explain(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="The results folder of a run or a comparison.")
    ],
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Under each sentence, the rows that it rests on.")
    ] = False,
) -> None:
    """Say why a run or a comparison came out as it did: contract, relationships, services, patients."""
    from rich.console import Console

    from icsim.analysis.explaining import explain as explained

    console = Console(width=None if sys.stdout.isatty() else 110)
    for at, one in enumerate(explained(folder, evidence=evidence)):
        if at:
            console.print()
        console.print(one)


@app.command()
@plainly
def phase(
    source: Source,
    overrides: Overrides = None,
    across: Annotated[
        str, typer.Option(metavar="KEY=VALUES", help="Starts: values a,b,c or LOW:HIGH:NUMBER of a key.")
    ] = "relationships.initial_trust=0:1:11",
    down: Annotated[
        str, typer.Option(metavar="KEY=VALUES", help="Rules to draw them under, of another key.")
    ] = "contract.payment=activity,block,capitation",
    years: Annotated[int, typer.Option(metavar="N", help="How long organisations choose.")] = 15,
    sample: Annotated[float, typer.Option(metavar="S", help="Share of people whose year is lived.")] = 0.05,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to write; left out, runs/phase-NAME.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an earlier one at --out.")] = False,
) -> None:
    """Draw where trust and effort end, from every start and under every rule: silo or collaboration.

    Organisations choose as in a run, for many years; care stays at the pace of one lived year.
    """
    from rich.console import Console

    from icsim.analysis.phase import Axis
    from icsim.analysis.phase import phase as phase_of
    from icsim.experiment import load
    from icsim.recording.progress import progress
    from icsim.reporting.phase import check_free, table_of, words_of, write

    experiment = load(source, overrides or ())
    folder = out or Path("runs") / f"phase-{experiment.name}"
    check_free(folder, overwrite)
    cells = len(Axis.of(across).values) * len(Axis.of(down).values)
    with progress("Choosing", cells) as advance:
        found = phase_of(
            source, across=across, down=down, years=years, sample=sample, overrides=overrides or (),
            advance=advance,
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 160).print(table_of(found))
    typer.echo(words_of(found))
    typer.echo(f"Picture: {_shown(write(found, folder, overwrite))}/phase.svg")


@app.command()
@plainly
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="The results folder of a run or a comparison.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file to write; left out, RUN/report.html.")
    ] = None,
) -> None:
    """Write the report of a run or a comparison: one HTML file to read, print and send, without a network."""
    from icsim.reporting.report import report as write_report

    typer.echo(f"Report: {_shown(write_report(folder, out))}")


@app.command()
@plainly
def dashboard(
    port: Annotated[int, typer.Option(help="Port to serve at; 0 takes a free one.", min=0, max=65535)] = 8765,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")] = True,
    host: Annotated[
        str, typer.Option(help="Address to serve at; 0.0.0.0 lets others on the network in.")
    ] = "127.0.0.1",
    runs: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Where results are that can be opened; nothing else is read."),
    ] = Path("runs"),
    models: Annotated[int, typer.Option(help="Sessions whose models live at once.", min=1, max=64)] = 6,
) -> None:
    """Watch a place live beside its twin, change it, open results: a page for a room, without internet."""
    from icsim.dashboards.serving import CannotServe, serve

    try:
        serve(port, host=host, browser=browser, runs=runs, models=models)
    except CannotServe as error:
        _stop(str(error), 2)


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
    from icsim.validation import calibration as fitting
    from icsim.validation.calibration_tables import Account, overlay, planned, ready, write_to_checkout

    given = fitting.read_plan(plan) if plan else fitting.read_plan()
    task = fitting.Task(given, place, overrides or (), sample=sample, years=years, seeds=seeds)
    ready(task, out, write)
    _warn(task.experiment)
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
        _stop("Stopped. The runs that were finished are kept: the same command goes on from there.", 130)
    console.print(account)
    if out is not None:
        _write(out, overlay(account, date.today()))
        typer.echo(f"Values: {_shown(out)}")
    if write:
        for path in write_to_checkout(account, date.today()):
            typer.echo(f"Written: {_shown(path)}")


def _shown(path: Path) -> Path:
    """A path as short as it can be told from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


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
    jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Runs at a time; left out, one for each core.")
    ] = None,
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
        _table(("pattern", "expected", "source"), [(p.id, p.expected, p.source) for p in known.values()])
        return
    for name in names or ():
        if name not in known:
            raise ExperimentError(
                Problem("", "", "is no pattern", value=name, choices=near(name, known, 3) or list(known))
            )
    load(place)
    setting = Setting(place, 0.05, 4) if fast else Setting(place, sample, seeds)
    wanted = [known[name] for name in names or known]
    with progress("Validating", 2 * len(wanted) * setting.seeds) as advance:
        found = list(verdicts_on(wanted, setting, jobs or os.cpu_count() or 1, told=advance))
    Console(width=None if sys.stdout.isatty() else 150).print(verdicts.table(found, setting))
    if json_file is not None:
        _write(json_file, f"{json.dumps(verdicts.plain(found, setting), indent=1)}\n", "--json")
    if page_file is not None:
        _write(page_file, verdicts.page(found, setting), "--page")


# --- experiments ---


@app.command()
@plainly
def check(source: Source, overrides: Overrides = None) -> None:
    """Check an experiment: prints OK and one line about it, or everything that is wrong with it."""
    from icsim.experiment import load

    experiment = load(source, overrides or ())
    _warn(experiment)
    typer.echo(f"OK: {_line(experiment)}")


def _line(experiment: "Experiment") -> str:
    from icsim.evidence import places

    place = places.resolve(experiment.place)
    people = round(place.population * experiment.population.sample)
    return (
        f"{experiment.name}: {place.name}, {people:,} people from {experiment.start} for "
        f"{experiment.years:g} years ({experiment.days:,} days), contract {experiment.contract.form}, "
        f"payment {experiment.contract.payment}, seed {experiment.seed}, replicates {experiment.replicates}"
    )


@app.command()
@plainly
def show(source: Source, overrides: Overrides = None) -> None:
    """Print the resolved experiment as YAML, with where each value comes from."""
    from icsim.experiment import load
    from icsim.experiment.showing import shown_yaml

    experiment = load(source, overrides or ())
    _warn(experiment)
    typer.echo(shown_yaml(experiment), nl=False)


@app.command()
@plainly
def schema(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write to a file instead.")
    ] = None,
) -> None:
    """Print the JSON Schema of experiment files, with which editors complete keys."""
    import json

    from icsim.experiment.json_schema import json_schema

    text = json.dumps(json_schema(), indent=2, ensure_ascii=False)
    if out is None:
        typer.echo(text)
    else:
        _write(out, f"{text}\n")


def _write(path: Path, text: str, option: str = "--out") -> None:
    """Write a file whole or not at all."""
    from icsim.experiment.errors import ExperimentError, Problem

    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except (OSError, ValueError) as error:
        partial.unlink(missing_ok=True)
        raise ExperimentError(Problem(option, "", f"cannot be written ({error})", value=str(path))) from None


# --- what icsim knows ---


@app.command()
@plainly
def places(word: Word = "") -> None:
    """List the places an experiment may be set in: the nine, CCGs, STPs and local authorities."""
    from icsim.evidence import places as known

    shipped = set(known.shipped())
    found = [name for name in known.names() if word.casefold() in name.casefold()]
    if not found:
        _nothing(word, known.names())
    _table(
        ("place", "kind"),
        [(name, "shipped with its organisations" if name in shipped else "") for name in found],
    )


@app.command()
@plainly
def evidence(word: Word = "") -> None:
    """Search the evidence catalogue: every default value, its range, class and source."""
    from icsim import evidence as known

    catalogue = known.load()
    found = catalogue.search(word)
    if not found:
        _nothing(word, [row.key for row in catalogue])
    rows = [
        (row.key, _number(row.value), _range(row.low, row.high), row.unit, row.year, row.kind, row.source)
        for row in found
    ]
    _table(("key", "value", "low-high", "unit", "year", "class", "source"), rows)


@app.command()
@plainly
def services(word: Word = "") -> None:
    """Search the catalogue of services: what each is for, needs and turns, and how sure its effect is."""
    from icsim.experiment.service_book import told

    rows = told(word)
    if not rows:
        _nothing(word, [row[0] for row in told("")])
    _table(("service", "level", "title", "effects in full", "posts per 100,000", "needs", "seen in"), rows)


def _number(value: float | str | None) -> str:
    return (
        f"{value:g}" if isinstance(value, float) and abs(value) < 1e5 else "" if value is None else f"{value}"
    )


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None and high is None else f"{_number(low)} - {_number(high)}"


def _nothing(word: str, choices: Iterable[str]) -> NoReturn:
    from icsim.experiment.errors import ExperimentError, Problem, near

    raise ExperimentError(
        Problem("", "", "nothing holds this word", value=word, choices=near(word, choices, 3))
    )


def _table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A table in a terminal; lines with tabs anywhere else, for other programs to read."""
    if not sys.stdout.isatty():
        for row in [titles, *rows]:
            typer.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*titles, header_style="bold", row_styles=["", "dim"], pad_edge=False, box=None)
    for row in rows:
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    Console().print(table)


if __name__ == "__main__":
    main()
