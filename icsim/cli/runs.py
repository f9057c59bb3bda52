"""Commands that make runs: one, a branch of one, what a run is of."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icsim.cli.command import Checkpoints, Overrides, Overwrite, Resume, Source, app, plainly, shown, warn

if TYPE_CHECKING:
    pass


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
    warn(experiment)
    with _lasting():
        from icsim.running import run as run_experiment
    result = run_experiment(
        experiment, out=out, overwrite=overwrite, checkpoints=checkpoint or (), resume=resume
    )
    Console().print(result.summary())
    _tell(result.path)


def _tell(path: Path) -> None:
    """Where results are, and how to go on with them."""
    typer.echo(f"Results: {shown(path)}")
    typer.echo(f'In Python: pandas.read_parquet("{shown(path)}/monthly.parquet")')
    for day in sorted((path / "checkpoints").glob("*")):
        typer.echo(f"To continue from {day.name}: icsim branch {shown(day)} --set KEY=VALUE")


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
