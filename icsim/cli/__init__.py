"""The ``icsim`` command: parse, call, print; no logic."""

import gc  # noqa: I001 - commands are in the order of the help

from icsim.cli import runs, comparisons, sweeps, checks, experiments, knowledge  # noqa: F401
from icsim.cli.command import app


def main() -> None:
    """The entry point of the ``icsim`` command."""
    gc.set_threshold(50_000, 20, 100)  # a command keeps most of what it makes: look for the rest less often
    app()


__all__ = ["app", "main"]
