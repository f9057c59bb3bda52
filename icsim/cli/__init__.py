"""The ``icsim`` command: parse, call, print; no logic."""

# in the order of the help
from icsim.cli import runs, comparisons, sweeps, checks, experiments, knowledge  # noqa: F401, I001
from icsim.cli.command import app


def main() -> None:
    """The entry point of the ``icsim`` command."""
    app()


__all__ = ["app", "main"]
