"""Commands that show what icsim knows."""

from typing import TYPE_CHECKING

from icsim.cli.command import Word, app, nothing_holds, plainly, show_table

if TYPE_CHECKING:
    pass


@app.command()
@plainly
def places(word: Word = "") -> None:
    """List the places an experiment may be set in: the nine, CCGs, STPs and local authorities."""
    from icsim.evidence import places as known

    shipped = set(known.shipped())
    found = [name for name in known.names() if word.casefold() in name.casefold()]
    if not found:
        nothing_holds(word, known.names())
    show_table(
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
        nothing_holds(word, [row.key for row in catalogue])
    rows = [
        (row.key, _number(row.value), _range(row.low, row.high), row.unit, row.year, row.kind, row.source)
        for row in found
    ]
    show_table(("key", "value", "low-high", "unit", "year", "class", "source"), rows)


@app.command()
@plainly
def services(word: Word = "") -> None:
    """Search the catalogue of services: what each is for, needs and turns, and how sure its effect is."""
    from icsim.experiment.service_book import told

    rows = told(word)
    if not rows:
        nothing_holds(word, [row[0] for row in told("")])
    heads = ("service", "level", "title", "effects in full", "posts per 100,000", "needs", "seen in")
    show_table(heads, rows)


def _number(value: float | str | None) -> str:
    return (
        f"{value:g}" if isinstance(value, float) and abs(value) < 1e5 else "" if value is None else f"{value}"
    )


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None and high is None else f"{_number(low)} - {_number(high)}"
