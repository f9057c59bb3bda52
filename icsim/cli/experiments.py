"""Commands on experiment files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icsim.cli.command import Overrides, Source, app, plainly, warn, write_text

if TYPE_CHECKING:
    from icsim.experiment import Experiment


@app.command()
@plainly
def check(source: Source, overrides: Overrides = None) -> None:
    """Check an experiment: prints OK and one line about it, or everything that is wrong with it."""
    from icsim.experiment import load

    experiment = load(source, overrides or ())
    warn(experiment)
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
    warn(experiment)
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
        write_text(out, f"{text}\n")
