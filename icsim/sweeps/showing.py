"""What a sweep shows: what it will take, how far it is, and what it has left."""

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim.sweeps.dataset import Dataset
from icsim.sweeps.discovery import Discovery
from icsim.sweeps.execution import Cluster, Progress
from icsim.sweeps.factors import Factor
from icsim.sweeps.sensitivity import Sensitivity, percent
from icsim.sweeps.store import MANIFEST, Store
from icsim.sweeps.sweeping import Sweep

if TYPE_CHECKING:
    from rich.console import RenderableType

SHOWN_VALUES = 6
SHOWN_ERRORS = 5
MANY = 100
A_LINE_EVERY_SECONDS = 60.0


def planned(sweep: Sweep, cluster: Cluster) -> "RenderableType":
    """Size, time, memory and disk of a sweep, before it is made; makes small runs to see."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from icsim.sweeps.estimating import estimate

    design, spec = sweep.design, sweep.design.spec
    factors = Table("factor", "takes", "evidence", header_style="bold", box=None, pad_edge=False)
    for factor in design.factors:
        factors.add_row(Text(factor.key), Text(taken(factor, spec["design"])), factor.kind)
    store = Store(sweep.url)
    done = len(store.done()) if store.exists(MANIFEST) else 0
    runs = design.table["run"].nunique()
    expected = estimate(design)
    jobs = cluster.jobs or os.cpu_count() or 1
    seconds = expected.seconds * (runs - done) / len(design.table)
    people = design.table["people"]
    lines = Table.grid(padding=(0, 2))
    policies = f", {len(spec['policies'])} policies" if spec["policies"] else ""
    chosen = f"{design.points:,} points ({spec['design']}{policies}), replicates {spec['replicates']}"
    on_many = duration(seconds / MANY)
    for name, said in (
        ("runs", f"{runs:,}: {chosen}"),
        ("already done", f"{done:,}"),
        ("people in a run", _span(people)),
        ("time", f"{duration(seconds / jobs)} with {jobs} workers here, {on_many} with {MANY} such cores"),
        ("memory", f"up to {expected.memory / 1e9:.1f} GB a worker"),
        ("disk", f"{_bytes(expected.disk)} in {sweep.url}"),
        ("judged from", expected.told),
    ):
        lines.add_row(Text(name, style="bold"), Text(said))
    title = Text(design.name, style="bold")
    return Group(title, *([factors] if design.factors else []), Text(), lines)


def taken(factor: Factor, design: str) -> str:
    """The values or the range of a factor, in words."""
    if factor.values or design == "grid":
        values = [f"{one:g}" if isinstance(one, float) else str(one) for one in factor.in_grid()]
        more = f" and {len(values) - SHOWN_VALUES} more" if len(values) > SHOWN_VALUES else ""
        return ", ".join(values[:SHOWN_VALUES]) + more
    shape = "" if factor.distribution == "uniform" else f", {factor.distribution}"
    return f"{factor.low:g} to {factor.high:g}{shape}"


def _span(values: Any) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:,.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}"


def duration(seconds: float) -> str:
    """Seconds as people say them: 40 s, 12 min, 3 h 20 min, 2 days 4 h."""
    if seconds == float("inf"):
        return "unknown"
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 90:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} days {minutes % 1440 // 60} h"


@contextmanager
def shown(sweep: Sweep) -> Iterator[Callable[[Progress], None]]:
    """A bar with pace, failures and time left in a terminal; a line a minute anywhere else."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"), TimeElapsedColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task(f"{sweep.design.name}: starting Ray", total=None, pace="")

        def tell(progress: Progress) -> None:
            bar.update(
                task, description=sweep.design.name, total=progress.total, completed=progress.done,
                pace=_pace(progress),
            )  # fmt: skip

        yield tell


def _pace(progress: Progress) -> str:
    failed = f"{progress.failed:,} failed, " if progress.failed else ""
    if not progress.made:
        return f"{failed}starting"
    return f"{failed}{_number(progress.a_minute)} runs/min, {duration(progress.seconds_left)} left"


def _lines() -> Callable[[Progress], None]:
    last = time.monotonic()

    def tell(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last > A_LINE_EVERY_SECONDS:
            last = time.monotonic()
            print(
                f"{progress.done:,}/{progress.total:,} runs, {_pace(progress)}", file=sys.stderr, flush=True
            )

    return tell


def summary(sweep: Sweep, made: Progress) -> "RenderableType":
    """What a finished sweep has left, its failures by what was said."""
    from rich.text import Text

    kept = made.done - made.made
    before = f" ({kept:,} of them before)" if kept else ""
    pace = f", {_number(made.a_minute)} runs a minute" if made.made else ""
    lines = [f"{made.done:,} of {made.total:,} runs done{before}, {made.failed:,} failed{pace}"]
    if made.failed:
        for said, count in errors(Store(sweep.url)).most_common(SHOWN_ERRORS):
            lines.append(f"  {count:,} x {said}")
        lines.append("  the others are there; --retry-failed makes these again")
    lines.append(f"Dataset: {sweep.url}")
    lines.append(f'In Python: icsim.sweeps.dataset.open_dataset("{sweep.url}").outcomes()')
    return Text("\n".join(lines))


def errors(store: Store) -> Counter[str]:
    """What failed runs said, and how often."""
    found: Counter[str] = Counter()
    for name in store.names("results"):
        if name.endswith(".parquet"):
            found.update(one for one in store.read_table(name, ["error"])["error"].to_pylist() if one)
    return found


def influences(found: Sensitivity) -> "RenderableType":
    """The factors of one outcome, the strongest first, in a terminal."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    morris = found.method == "Morris"
    heads = (
        "factor",
        "effect over the range" if morris else "total",
        "spread" if morris else "alone",
        "evidence",
    )
    table = Table(*heads, header_style="bold", box=None, pad_edge=False)
    said = _number if morris else _share
    for one in found.influences:
        alone = said(one.spread) if morris else f"{said(one.first)} ± {said(one.first_half)}"
        total = f"{said(one.total)} ± {said(one.total_half)}"
        table.add_row(Text(one.factor.key), Text(total), Text(alone), one.factor.kind)
    title = f"{found.outcome}: {found.method}, {found.points} points, 95% intervals"
    lines = [Text(title, style="bold"), table]
    if found.emulator is not None:
        lines.append(
            Text(
                f"The emulator explains {100 * found.emulator.explained:.0f}% of the variance of points kept "
                f"from it, and is wrong by {_number(found.emulator.error)} (root mean square)."
            )
        )
    if found.split.parameters == found.split.parameters:
        shares = found.split
        lines.append(
            Text(
                f"Variance of single runs: factors {percent(shares.parameters)}, shared seeds "
                f"{percent(shares.seeds)}, luck {percent(shares.luck)}."
            )
        )
    return Group(*lines, Text())


def _share(value: float) -> str:
    return "-" if value != value else f"{round(value, 2) + 0.0:.2f}"


def _number(value: float) -> str:
    return "-" if value != value else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def discovered(found: Discovery, headlines: Iterable[tuple[str, str]]) -> "RenderableType":
    """Regions of failure and the regret of policies, in a terminal."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    lines: list[Any] = [Text(f"{what}: {said}") for what, said in headlines]
    if len(found.regrets) > 1:
        heads = ("policy", "mean", "best in", "mean regret", "most regret")
        table = Table(*heads, header_style="bold", box=None, pad_edge=False)
        for one in found.regrets:
            numbers = (_number(one.mean), f"{100 * one.best:.0f}%", _number(one.mean_regret))
            table.add_row(Text(one.policy), *numbers, _number(one.most_regret))
        lines += [Text(), table]
    return Group(*lines)


def beside(url: str, name: str) -> Path:
    """Where a report goes: into the folder of a dataset, or here where that is elsewhere."""
    store = Store(url)
    return Path(store.root) / name if store.local else Path(name)


def missing(dataset: Dataset) -> str:
    """What is left out of any sum of a sweep that is not finished or had failures; "" for nothing."""
    runs = dataset.runs
    there = int((runs["done"] & runs["error"].isna()).sum())
    if there == len(runs):
        return ""
    return f"{len(runs) - there:,} of {len(runs):,} runs are not done or failed, and are left out"


def added(places: Any, total: Any) -> list[tuple[str, ...]]:
    """What all places come to: outcome, number, unit, and per 1,000 people where it is a count."""
    from icsim.analysis.outcomes import KNOWN
    from icsim.sweeps.adding import NOT_ADDED

    rows = [("People", f"{total['people']:,.0f}", f"in {len(places)} places", "")]
    for name, value in total.items():
        if name not in KNOWN:
            continue
        one = KNOWN[str(name)]
        rate = "" if one.unit in NOT_ADDED else _number(1000 * value / total["people"])
        rows.append((one.label, f"{value:,.{one.decimals if one.unit in NOT_ADDED else 0}f}", one.unit, rate))
    return rows
