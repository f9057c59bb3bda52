"""Commands for many designed runs and what they say."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icsim.cli.command import Overrides, app, plainly, say, show_table, shown, stop, write_text

if TYPE_CHECKING:
    pass


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
        stop("Stopped. What was done is kept: the same command goes on from there.", 130)
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
    typer.echo(f"Report: {shown(path)}")


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
    typer.echo(f"Report: {shown(write(page, out or showing.beside(dataset, 'discovery.html')))}")


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
    show_table(("outcome", "all places", "unit", "per 1,000 people"), rows)
    if missing := showing.missing(opened):
        say(f"note: {missing}", "yellow")
    path = out or showing.beside(dataset, "places.csv")
    write_text(path, table.to_csv(index=False))
    typer.echo(f"{len(table)} places: {shown(path)}")
