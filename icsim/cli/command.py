"""The ``icsim`` command: what all its parts share.

Exit codes: 0 done, 1 failed, 2 bad input. ``ICSIM_DEBUG=1`` shows the traceback of an unexpected failure.
Everything heavy is imported inside the command that needs it, so that ``icsim --help`` answers at once.
"""

import functools
import os
import sys
from collections.abc import Callable, Iterable
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
                stop(str(error), 2)
            if os.environ.get("ICSIM_DEBUG"):
                raise
            said = " ".join(str(error).split()) or "no message"
            stop(f"icsim failed: {type(error).__name__}: {said} (ICSIM_DEBUG=1 shows where)", 1)

    return told


def stop(message: str, code: int) -> NoReturn:
    """Say what is wrong and end with a code."""
    say(message, "red")
    raise typer.Exit(code)


def say(message: str, style: str) -> None:
    """A message to the standard error as it is: no markup, no wrapping."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True)
    safe = message.encode(console.encoding, "backslashreplace").decode(console.encoding)
    console.print(Text(safe, style=style))


def warn(experiment: "Experiment") -> None:
    """Say what is allowed but worth knowing."""
    for warning in experiment.warnings:
        say(f"note: {warning}", "yellow")


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


def shown(path: Path) -> Path:
    """A path as short as it can be told from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def write_text(path: Path, text: str, option: str = "--out") -> None:
    """Write a file whole or not at all."""
    from icsim.experiment.errors import ExperimentError, Problem
    from icsim.recording.leftovers import partial_of, sweep_leftovers

    partial = partial_of(path, os.getpid())
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
        sweep_leftovers(path)
    except (OSError, ValueError) as error:
        partial.unlink(missing_ok=True)
        raise ExperimentError(Problem(option, "", f"cannot be written ({error})", value=str(path))) from None


def check_folders(files: Iterable[tuple[str, Path | None]]) -> None:
    """Refuse what could not be written in the end before anything is run: pairs of an option and its file."""
    from icsim.experiment.errors import ExperimentError, Problem

    for option, path in files:
        if path is not None and not path.absolute().parent.is_dir():
            raise ExperimentError(Problem(option, "", "is in a folder that does not exist", value=str(path)))
        if path is not None and os.path.isdir(path):
            raise ExperimentError(Problem(option, "", "is a folder, not a file", value=str(path)))


def nothing_holds(word: str, choices: Iterable[str]) -> NoReturn:
    """End because nothing holds a word, with the nearest that does."""
    from icsim.experiment.errors import ExperimentError, Problem, near

    raise ExperimentError(
        Problem("", "", "nothing holds this word", value=word, choices=near(word, choices, 3))
    )


def show_table(titles: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
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
