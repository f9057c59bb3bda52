"""Writes docs/assumptions.md: how far what Salford's programme changes rests on what nobody has measured.

From the top of the repository: ``python docs/make_assumptions.py COMPARISON``, the folder of the comparison
that the page names. No figure is typed in.
"""

import sys
from pathlib import Path

from icsim.analysis.comparison import Comparison, open_comparison
from icsim.analysis.sureness import tables

COMMAND = (
    "icsim compare status-quo salford --replicates {} --assumptions {} --ensemble {} "
    "--set population.sample=0.05"
)


def main() -> None:
    """Write the page."""
    page = Path(__file__).parent / "assumptions.md"
    page.write_text(told(open_comparison(sys.argv[1])), encoding="utf-8")


def told(one: Comparison) -> str:
    """The page."""
    (table,) = tables(one, one.policies[-1])
    drawn = {study: about["draws"] for study, about in one.manifest["doubt"].items()}
    made = one.manifest["versions"]["icsim"], one.manifest["created"][:10]
    lines = [
        "# What rests on assumptions",
        "",
        "What Salford's programme changes over three years, how far luck moves it, and how far all that "
        "nobody has measured does, drawn at once:",
        "",
        "```",
        COMMAND.format(one.replicates, drawn["assumptions"], drawn["ensemble"]),
        "```",
        "",
        f"Written by `docs/make_assumptions.py` (icsim {made[0]}, {made[1]}); [comparing](comparing.md) "
        "says how it is reckoned. A twentieth of the people live here: counts are of a twentieth, and small "
        "queues run fuller.",
        "",
        f"| {' | '.join(table.heads)} |",
        f"| :-- |{' --: |' * (len(table.heads) - 1)}",
        *(f"| {' | '.join(row)} |" for row in table.rows),
        "",
        table.note,
        "",
        "So the sign of a change is what may be read from runs of the catalogue's values, and where draws do "
        "not agree on it not even that.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
