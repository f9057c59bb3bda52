"""How fast icsim is, beside plain Mesa and Starsim, measured in one run on one machine.

    python tests/benchmarks/benchmark.py            # about three minutes
    python tests/benchmarks/benchmark.py --quick    # a tenth of the people, one year: is all well?
    python tests/benchmarks/benchmark.py --json benchmark.json

Each figure is that of a whole process of its own with one thread. *Wall* is from its start to its end,
imports included; *peak* is the most memory that it held (``ru_maxrss`` of ``getrusage``); *days* is the time
spent in the loop over days, without making the people or writing results. This needs Linux or macOS.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
PLACE = "morecambe-bay"
ICSIM = [sys.executable, "-c", "import sys; from icsim.cli import main; sys.exit(main())"]
LIBRARIES_WITH_THREADS = ("NUMBA", "OMP", "OPENBLAS", "MKL", "ARROW")
ONE_THREAD = dict.fromkeys((f"{library}_NUM_THREADS" for library in LIBRARIES_WITH_THREADS), "1")
# What icsim is meant to reach: at least so many patient-days a second, at most so many seconds and megabytes.
TARGET_RATE = 100e6
TARGET_WALL_S = 8.0
TARGET_FIRST_S = 60.0
TARGET_PEAK_MB = 600.0
# Part by which organisations that decide, or a programme, may lengthen a run: at most so much.
TARGET_STRATEGY = 0.2
# One budget, joint work and money for ties: every organisation chooses its effort month by month.
STRATEGY = ("contract.form=full", "contract.payment=capitation", "joint_work={}",
            "relationships.building=[{level: 1.0}]")  # fmt: skip
STRATEGIC = "icsim, organisations decide"
ROUTINE = ("programme=none",)  # the place as it was before: routine care
PROGRAMME = "icsim, with its programme"
# Time a patient-day may differ so much between sizes and the cost still be called linear.
LINEAR_WITHIN = 0.25

# Into a file the table keeps its full width.
console = Console(width=None if sys.stdout.isatty() else 120)


@dataclass(frozen=True)
class Row:
    """One line of the table: who ran what, and what it took."""

    name: str
    people: int
    years: float
    wall_s: float
    peak_mb: float
    days_s: float
    agent_days: int
    events: int | None = None

    @property
    def rate(self) -> float:
        """Agent-days a second in the loop over days."""
        return self.agent_days / self.days_s


class FailedRunError(Exception):
    """A measured process that ended badly; its last words are the message."""


def measured(command: list[str], environment: dict[str, str]) -> tuple[str, float, float]:
    """What a process printed, its wall seconds and its peak memory in megabytes."""
    with tempfile.TemporaryFile("w+") as output:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=os.environ | ONE_THREAD | environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        raise FailedRunError(
            f"{' '.join(command[3:] or command)} ended with {process.returncode}:\n{text[-2000:]}"
        )
    unit = 1 if sys.platform == "darwin" else 1024
    return text, wall, usage.ru_maxrss * unit / 1e6


def run_icsim(name: str, cache: Path, years: float, sample: float, settings: tuple[str, ...] = ()) -> Row:
    """One run of the place by the command line, with compiled code kept in this folder."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "run")
        options = [
            "--out",
            str(out),
            "--years",
            f"{years:g}",
            "--seed",
            "1",
            "--set",
            f"population.sample={sample:g}",
            *(
                part
                for setting in (() if name == PROGRAMME else ROUTINE) + settings
                for part in ("--set", setting)
            ),
        ]
        _, wall, peak = measured([*ICSIM, "run", PLACE, *options], {"NUMBA_CACHE_DIR": str(cache)})
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    timings = manifest.get("timings") or manifest["timings_seconds"]
    diagnostics = manifest["diagnostics"]
    patient_days = int(diagnostics["patient_days"])
    return Row(
        name=name,
        people=round(patient_days / (years * 365.25)),
        years=years,
        wall_s=wall,
        peak_mb=peak,
        days_s=float(timings["days_s"]),
        agent_days=patient_days,
        events=int(diagnostics["events"]),
    )


def run_rival(name: str, script: str, people: int, days: int) -> Row:
    """One run of another framework's script."""
    text, wall, peak = measured([sys.executable, str(HERE / script), str(people), str(days)], {})
    report = json.loads(text.strip().splitlines()[-1])
    return Row(
        name=f"{name} {report['version']}",
        people=people,
        years=report["days"] / 365,
        wall_s=wall,
        peak_mb=peak,
        days_s=report["days_s"],
        agent_days=report["agent_days"],
    )


def measure(quick: bool) -> tuple[list[Row], list[str]]:
    """All rows, and the rivals that are not installed."""
    rows: list[Row] = []
    missing: list[str] = []
    share, years = (0.1, 1.0) if quick else (1.0, 3.0)
    people, days = (1_000, 30) if quick else (10_000, 365)

    def keep(row: Row) -> None:
        rows.append(row)
        console.print(f"{row.name}: {row.wall_s:.1f} s", style="dim")

    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        keep(run_icsim("icsim, first run ever", cache, years, share))
        for _ in range(1 if quick else 3):
            keep(run_icsim("icsim", cache, years, share))
            keep(run_icsim(STRATEGIC, cache, years, share, STRATEGY))
            keep(run_icsim(PROGRAMME, cache, years, share))
        for part in (0.25, 0.5):
            keep(run_icsim(f"icsim, {part:g} of the people", cache, years, share * part))
        for part in (1 / 3, 2 / 3):
            keep(run_icsim(f"icsim, {part:.2f} of the days", cache, round(years * part, 2), share))
    for name, module, script in (("Mesa", "mesa", "plain_mesa.py"), ("Starsim", "starsim", "starsim_sis.py")):
        if find_spec(module):
            keep(run_rival(name, script, people, days))
        else:
            missing.append(name)
    return rows, missing


def table(rows: list[Row], missing: list[str]) -> Table:
    """The rows side by side."""
    title = f"{PLACE}, full rules, beside births, deaths and one need (Starsim: and an infection)"
    shown = Table("", title=title)
    per = ("agent-days/s", "ns/agent-day", "events/s")
    for heading in ("people", "years", "wall s", "peak MB", "days s", *per):
        shown.add_column(heading, justify="right")
    for row in rows:
        shown.add_row(
            row.name,
            f"{row.people:,}",
            f"{row.years:.3g}",
            f"{row.wall_s:.1f}",
            f"{row.peak_mb:,.0f}",
            f"{row.days_s:.3f}",
            f"{row.rate:,.0f}",
            f"{1e9 / row.rate:,.1f}",
            "" if row.events is None else f"{row.events / row.days_s:,.0f}",
        )
    if missing:
        # The bracket would be read as a style.
        shown.caption = f"Not installed: {', '.join(missing)}. For it: pip install 'icsim\\[bench]'"
    return shown


def verdicts(rows: list[Row]) -> Table:
    """Each target, what was measured and whether it was met; the best of the repeated runs counts."""
    first = rows[0]
    full = [row for row in rows if row.name == "icsim"]
    best = min(full, key=lambda row: row.days_s)
    wall = min(row.wall_s for row in full)
    peak = max(row.peak_mb for row in full)

    def added(name: str) -> float:
        """How much longer the days of such runs take than those of routine care, as a share."""
        return min(row.days_s for row in rows if row.name == name) / best.days_s - 1

    parts = [row for row in rows if row.name.startswith("icsim, ") and row.name[7].isdigit()]
    apart = max(abs(best.rate / row.rate - 1) for row in parts)
    shown = Table(title="Targets")
    for heading in ("target", "wanted", "measured", "met"):
        shown.add_column(heading)
    for what, wanted, found, met in (
        ("patient-days a second", f"{TARGET_RATE:,.0f}", f"{best.rate:,.0f}", best.rate >= TARGET_RATE),
        ("whole process, compiled", f"{TARGET_WALL_S:g} s", f"{wall:.1f} s", wall <= TARGET_WALL_S),
        ("first run ever", f"{TARGET_FIRST_S:g} s", f"{first.wall_s:.1f} s", first.wall_s <= TARGET_FIRST_S),
        ("memory", f"{TARGET_PEAK_MB:g} MB", f"{peak:,.0f} MB", peak <= TARGET_PEAK_MB),
        (
            "same cost a day at any size",
            f"within {LINEAR_WITHIN:.0%}",
            f"{apart:.0%} apart",
            apart <= LINEAR_WITHIN,
        ),
        *(
            (
                f"days of {name}",
                f"{TARGET_STRATEGY:.0%} more",
                f"{added(name):.0%} more",
                added(name) <= TARGET_STRATEGY,
            )
            for name in (STRATEGIC, PROGRAMME)
        ),
    ):
        shown.add_row(what, wanted, found, "yes" if met else "no")
    return shown


def machine() -> dict[str, str]:
    """Where and with what the figures were measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    found = {name: version(name) for name in ("numba", "numpy", "mesa")}
    when = datetime.now(UTC).strftime("%Y-%m-%d")
    return {
        "date": when,
        "processor": model,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        **found,
    }


def main() -> int:
    """Measure, print and write; 1 if a run failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the people, one year")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every row to a file")
    given = parser.parse_args()
    try:
        rows, missing = measure(given.quick)
    except FailedRunError as failure:
        Console(stderr=True).print(str(failure), markup=False)
        return 1
    where = machine()
    console.print(table(rows, missing))
    if not given.quick:
        console.print(verdicts(rows))
    console.print(", ".join(f"{key} {value}" for key, value in where.items()), style="dim")
    if given.json:
        entries = [asdict(row) | {"agent_days_per_s": row.rate} for row in rows]
        report = {"machine": where, "quick": given.quick, "rows": entries, "not_installed": missing}
        given.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
