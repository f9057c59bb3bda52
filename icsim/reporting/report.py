"""The report of a run: everything put together, and written as one file."""

from pathlib import Path

from icsim import __version__
from icsim.analysis.comparison import is_comparison, open_comparison
from icsim.recording.run import Run, open_run
from icsim.recording.store import ResultError
from icsim.recording.summary import heading
from icsim.reporting import basis, comparison, england, flows, money, months, people
from icsim.reporting.figures import Figures
from icsim.reporting.headlines import headlines
from icsim.reporting.page import Page, write

NAME = "report.html"


def report(source: str | Path | Run, out: str | Path | None = None) -> Path:
    """Write the report of a run or a comparison as one HTML file that needs no network and no JavaScript.

    Args:
        source: a results folder, the folder of a comparison, or an open run.
        out: the file; None makes ``report.html`` in the results folder.

    Returns:
        The file written.

    Raises:
        ResultError: no such run, it is incomplete or of another version, its months were not recorded, or the
            file cannot be written.
    """
    if not isinstance(source, Run) and is_comparison(source):
        found = open_comparison(source)
        return write(comparison.page_of(found), out if out is not None else found.path / NAME)
    run = source if isinstance(source, Run) else open_run(source)
    return write(page_of(run), out if out is not None else run.path / NAME)


def page_of(run: Run) -> Page:
    """The report as a page, not yet written."""
    _check(run)
    figures = Figures(run)
    found, baseline = months.histories(figures), england.compared(figures)
    title, _, about = heading(run).partition(": ")
    return Page(
        title=title,
        subtitle=about,
        cautions=_cautions(figures),
        headlines=headlines(figures, found, baseline),
        sections=(
            people.where(figures),
            people.who(figures),
            months.section(figures, found, (*flows.groups(figures), money.group(figures))),
            england.section(figures, baseline),
            basis.section(figures),
        ),
        foot=f"Made by icsim {__version__} from a run of {run.manifest['created'][:10]}.",
    )


def _check(run: Run) -> None:
    """Refuse a run that another icsim wrote or that has no months, before anything is read."""
    written = run.manifest.get("versions", {}).get("icsim")
    if written != __version__:
        raise ResultError(
            f"{run.path} was written by icsim {written}; this is {__version__}: report it with the "
            "icsim that wrote it"
        )
    if "monthly" not in run.manifest["tables"]:
        raise ResultError(
            f"{run.path} has no table monthly, which a report needs: run it again with record.monthly=true"
        )


def _cautions(figures: Figures) -> tuple[str, ...]:
    run = figures.run
    said = [
        "A simulation: the people are made up from counts, and no figure here is a forecast or an "
        "observation of the real place."
    ]
    said.append("One world: what a programme or another change does, a comparison tells (icsim compare).")
    if run.replicates == 1:
        said.append("One history of one seed: luck and change cannot be told apart, and no range is given.")
    else:
        said.append(
            f"{run.replicates} replicates that differ only in luck: figures are their mean, with the "
            "lowest and highest in brackets."
        )
    sample = run.manifest["experiment"]["population"]["sample"]
    if sample < 1:
        said.append(
            f"A sample of {100 * sample:g}% of the people: counts are of the sample, and small queues "
            "run fuller than large ones."
        )
    if not figures.whole_years:
        said.append("Less than a whole financial year was run: seasons are missing from every figure.")
    return tuple(said)
