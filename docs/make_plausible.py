"""Writes icsim/evidence/data/plausible_draws.csv: draws of assumed values in which a place is still as it is.

From the top of the repository: ``python docs/make_plausible.py [--tried 2400] [--kept 96]``.

Taken each by itself, the assumed values of the catalogue make worlds unlike England: what was fitted together
is torn apart. So draws are tried (rejection, the plainest approximate Bayesian computation: Pritchard and
others 1999): each gives every assumed value another of its range, a year of one place is lived, and what it
comes to is held against the same year under the catalogue's own values, which are calibrated to England. The
nearest are kept, by their numbers: a number says all of a draw.
"""

import argparse
import math
import tempfile
from datetime import date
from pathlib import Path

import icsim
from icsim import evidence
from icsim.analysis.doubt import numbered, rows_to_draw
from icsim.analysis.runs import Runs, Trial
from icsim.evidence.plausible import SHIPPED
from icsim.experiment import load
from icsim.recording.progress import progress

SHARE = 0.1
TARGETS = {
    "consultations": SHARE, "ae_attendances": SHARE, "emergency_admissions": SHARE,
    "planned_admissions": SHARE, "first_outpatients": SHARE, "bed_days": SHARE, "care_cost_gbp": SHARE,
    "deaths": 1.5 * SHARE,
}  # fmt: skip
"""Figures of the place over the year, and how far off, as a share, counts as one."""
PLACE, SETTINGS = "salford", ("programme=none", "years=1", "population.sample=0.2")


def main() -> None:
    """Try draws and write the numbers of those kept."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--tried", type=int, default=2400)
    asked.add_argument("--kept", type=int, default=96)
    asked.add_argument("--jobs", type=int, default=2)
    asked.add_argument("--out", type=Path, default=SHIPPED)
    given = asked.parse_args()
    off = tried(given.tried, given.jobs)
    nearest = sorted(off, key=lambda number: (off[number], number))[: given.kept]
    worst = off[nearest[-1]]
    looser = "".join(f" ({name} {worst * share:.0%})" for name, share in TARGETS.items() if share > SHARE)
    lines = [
        f"# made: icsim {icsim.__version__}, {date.today()}, python docs/make_plausible.py --tried "
        f"{given.tried} --kept {given.kept}",
        f"# place: {PLACE} with {' '.join(SETTINGS)}",
        f"# kept: {len(nearest)} of {given.tried:,}",
        f"# within: {worst * SHARE:.0%}{looser} of what the catalogue's own values give",
        "number,off",
        *(f"{number},{off[number]:.3f}" for number in sorted(nearest)),
    ]
    given.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def tried(count: int, jobs: int) -> dict[int, float]:
    """How far off each draw is, by its number; those that could not be run are left out."""
    plain = load(PLACE, SETTINGS).to_dict()
    with tempfile.TemporaryDirectory() as folder:
        read = icsim.run(PLACE, overrides=SETTINGS, out=Path(folder) / "own").manifest["evidence"]["keys"]
    rows = rows_to_draw(evidence.load(), read)

    def trial(number: int, draw: dict[str, float]) -> Trial:
        return Trial(("plausible", number), 0, 0, plain, {"record.daily": False}, draw)

    draws = enumerate(numbered(rows, range(count)))
    found: dict[int, dict[str, float]] = {}
    with Runs(jobs) as runs, progress("Trying", count) as advance:
        for one, said in runs.make([trial(-1, {}), *(trial(*each) for each in draws)]):
            if not isinstance(said, str):
                found[one.draw[1]] = dict(said)
            advance(1)
    own = found.pop(-1)
    return {number: _off(figures, own) for number, figures in found.items()}


def _off(figures: dict[str, float], own: dict[str, float]) -> float:
    """The furthest off of all targets."""
    return max(abs(math.log(figures[name] / own[name])) / share for name, share in TARGETS.items())


if __name__ == "__main__":
    main()
