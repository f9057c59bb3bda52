"""Commands that ask what a policy changes, and why."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icsim.cli.command import Overrides, Source, app, plainly, shown, stop, warn

if TYPE_CHECKING:
    pass


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
    assumptions: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Draws of assumed values: what rests on them; left out, 16; 0 for none."
        ),
    ] = None,
    over: Annotated[
        list[str] | None, typer.Option(metavar="KEYS", help="Only these assumed values, such as 'effort_*'.")
    ] = None,
    ensemble: Annotated[
        int | None,
        typer.Option(metavar="N", help="Draws of plausible behaviours; left out, 8; 0 for none."),
    ] = None,
    ensemble_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where those are; left out, the shipped ones.")
    ] = None,
    draw_sample: Annotated[
        float | None,
        typer.Option(metavar="S", help="Share of the people who live in draws; left out, 25,000 people."),
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
        warn(load(source, own))
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
            assumptions=assumptions,
            over=over or (),
            ensemble=ensemble,
            ensemble_file=ensemble_file,
            draw_sample=draw_sample,
        )
    except KeyboardInterrupt:
        stop("Stopped. Nothing was kept.", 130)
    Console(width=None if sys.stdout.isatty() else 132).print(found.summary())
    typer.echo(f"Results: {shown(found.path)}")


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
    typer.echo(f"Picture: {shown(write(found, folder, overwrite))}/phase.svg")


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

    typer.echo(f"Report: {shown(write_report(folder, out))}")


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
    people: Annotated[
        int, typer.Option(help="Residents of all models that live at once: bounds memory.", min=1000)
    ] = 3_000_000,
) -> None:
    """Watch a place live beside its twin, change it, open results: a page for a room, without internet."""
    from icsim.dashboards.serving import CannotServe, serve

    try:
        serve(port, host=host, browser=browser, runs=runs, models=models, people=people)
    except CannotServe as error:
        stop(str(error), 2)
