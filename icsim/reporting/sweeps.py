"""The reports of a sweep: what an outcome is sensitive to, and under which assumptions a policy fails."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from icsim import __version__
from icsim.analysis.outcomes import KNOWN
from icsim.reporting.drawing import Drawing, Scale, number, wide
from icsim.reporting.page import Figure, Group, Page, Section, Table
from icsim.sweeps.dataset import Dataset
from icsim.sweeps.discovery import Box, Discovery
from icsim.sweeps.sensitivity import Influence, Sensitivity, percent

WIDTH, ROW, TOP = 460.0, 20.0, 20.0
WORTH_NAMING = 0.01
"""Share of the variance below which a factor is not named among those that matter."""
BEYOND_CHANCE = 0.05
CAUTION = (
    "A simulation: no figure here is a forecast, and what does not matter within the ranges tried may matter "
    "outside them."
)


def sensitivity_page(dataset: Dataset, found: Sequence[Sensitivity]) -> Page:
    """What each outcome is sensitive to, one section each."""
    runs = dataset.runs
    failed = int(runs["error"].notna().sum())
    said = [
        CAUTION,
        f"{int(runs['done'].sum()):,} of {len(runs):,} runs are done, {failed:,} of them failed.",
    ]
    said += [_of_emulator(one) for one in found if one.emulator is not None]
    return Page(
        title=f"Sensitivity: {dataset.design.name}",
        subtitle=dataset.design.spec["description"] or f"{dataset.design.points:,} points",
        cautions=tuple(dict.fromkeys(said)),
        headlines=tuple((called(one.outcome), strongest(one)) for one in found),
        sections=tuple(_sensitivity(one, f"s{k}") for k, one in enumerate(found)),
        foot=f"Made by icsim {__version__} from {dataset.url}; indices by SALib.",
    )


def called(outcome: str) -> str:
    """An outcome in words."""
    return KNOWN[outcome].label if outcome in KNOWN else outcome.replace("_", " ").capitalize()


def strongest(one: Sensitivity) -> str:
    """By how much the outcome varies, and the factors that are beyond doubt, in a sentence."""
    least = 0.0 if one.method == "Morris" else WORTH_NAMING
    sure = [each for each in one.influences if each.total - each.total_half > 0 and each.total >= least]
    if not sure:
        return "No factor stands out from the noise with so few points."
    names = ", ".join(f"{each.factor.key} ({amount(one, each)})" for each in sure[:4])
    assumed = [each for each in sure if each.factor.kind == "assumed"]
    last = f"; {len(assumed)} of these rest on assumptions alone" if assumed else ""
    varies = ""
    if one.mean:
        apart = percent(one.deviation / abs(one.mean))
        varies = f"Points differ by {apart} of the mean (standard deviation). "
    return f"{varies}Most to {names}{last}."


def amount(one: Sensitivity, each: Influence) -> str:
    """The total influence with its interval."""
    half = number(each.total_half) if math.isfinite(each.total_half) else "?"
    return f"{number(each.total)} ± {half}"


def _of_emulator(one: Sensitivity) -> str:
    emulator = one.emulator
    assert emulator is not None
    return (
        f"{called(one.outcome)}: indices are those of an emulator fitted to {emulator.points} points. "
        f"Of points kept from it, it explained {100 * emulator.explained:.0f}% of the variance, was wrong by "
        f"{with_unit(emulator.error, one.outcome)} (root mean square), and {100 * emulator.covered:.0f}% "
        "lay within its 95% interval."
    )


def with_unit(value: float, outcome: str) -> str:
    """A figure of an outcome with its unit."""
    unit = KNOWN[outcome].unit if outcome in KNOWN else ""
    return f"£{number(value)}" if unit == "£" else f"{number(value)} {unit}".rstrip()


def _sensitivity(one: Sensitivity, key: str) -> Section:
    morris = one.method == "Morris"
    unit = KNOWN[one.outcome].unit if one.outcome in KNOWN else ""
    share = (
        "Mean absolute effect of going through the range" if morris else "Share of variance, all interactions"
    )
    heads = ("factor", "total", "±", "alone", "±", "spread", "evidence")
    rows = tuple(
        (each.factor.key, number(each.total), number(each.total_half), number(each.first),
         number(each.first_half), number(each.spread), each.factor.kind or "range of the sweep")
        for each in one.influences
    )  # fmt: skip
    table = Table(
        "Factors, the strongest first", heads, rows, texts=(0, 6), note=f"{one.method}, 95% intervals."
    )
    title = f"{called(one.outcome)}: what matters"
    words = "; ".join(f"{each.factor.key} {amount(one, each)}" for each in one.influences) + "."
    figure = Figure(
        f"{key}-f", title, _bars(f"{key}-c", title, words, one.influences),
        f"{share}{f', {unit}' if morris and unit else ''}.", table, width="half",
    )  # fmt: skip
    under = f" under {one.policy}" if one.policy else ""
    lead = [
        f"Mean {with_unit(one.mean, one.outcome)}, standard deviation {number(one.deviation)} between "
        f"{one.points} points{under}."
    ]
    if one.left_out:
        lead.append(f"{one.left_out} blocks of points are not complete and were left out.")
    if math.isfinite(one.split.parameters):
        s = one.split
        lead.append(
            f"Of the variance of single runs {percent(s.parameters)} comes from the factors (95% interval "
            f"{percent(s.low)} to {percent(s.high)}), {percent(s.seeds)} from seeds that points share, "
            f"and {percent(s.luck)} is luck."
        )
    else:
        lead.append("One replicate of each point: luck and factors cannot be told apart.")
    return Section(key, called(one.outcome), tuple(lead), (Group("", figures=(figure,)),))


def _bars(key: str, title: str, words: str, rows: Sequence[Influence]) -> str:
    """The total influence of each factor with its interval, from nothing to the most."""
    left, right = 14 + wide(each.factor.key for each in rows), WIDTH - 10.0
    right = max(right, left + 140.0)
    drawing = Drawing(key, right + 50, TOP + ROW * len(rows) + 6, title, words)
    ends = [each.total + max(each.total_half, 0.0) for each in rows if math.isfinite(each.total_half)]
    scale = Scale(0.0, max([*ends, *(each.total for each in rows), 1e-9]), left, right)
    foot = TOP + ROW * len(rows)
    for tick, label in scale.labelled(4):
        drawing.line(scale(tick), TOP, scale(tick), foot, "one" if tick == 0 else "grid")
        drawing.text(scale(tick), 13, label, "tick", "middle")
    for k, each in enumerate(rows):
        y = TOP + (k + 0.5) * ROW
        drawing.text(left - 8, y + 4, each.factor.key, "t", "end")
        low, high = max(each.total - each.total_half, 0.0), each.total + each.total_half
        if math.isfinite(each.total_half):
            drawing.line(scale(low), y, scale(high), y, "whisker")
        drawing.mark(scale(max(each.total, 0.0)), y, "outside" if low > 0 else "shown")
        drawing.text(right + 6, y + 4, number(each.total), "t")
    return drawing.svg()


# --- discovery ---


def discovery_page(dataset: Dataset, found: Discovery) -> Page:
    """When a policy fails, and how policies compare."""
    name = found.policy or dataset.design.name
    headlines = [
        ("Failing", f"{found.failing}: in {100 * found.share:.0f}% of {len(found.table)} scenarios."),
        *(("A region of failure" if not k else "Another", told(box)) for k, box in enumerate(found.boxes)),
    ]
    if not found.boxes:
        headlines.append(("No region", "No box of assumptions holds more failures than the rest."))
    sections = [Section("regions", "Where it fails", (), tuple(_boxes(found)))] if found.boxes else []
    if len(found.regrets) > 1:
        sections.append(Section("policies", "Policies", (), (Group("", tables=(regrets(found),)),)))
    return Page(
        title=f"Discovery: {name}",
        subtitle=f"{called(found.outcome)}, {len(found.table)} scenarios",
        cautions=(
            CAUTION,
            "A region is what PRIM found in these scenarios; the chance beside each limit is that of a "
            "restriction as telling as this where there is no pattern. Other scenarios would move the edges.",
        ),
        headlines=tuple(headlines),
        sections=tuple(sections),
        foot=f"Made by icsim {__version__} from {dataset.url}; PRIM by ema_workbench.",
    )


def told(box: Box) -> str:
    """A box in a sentence."""
    limits = " and ".join(str(limit) for limit in box.limits)
    doubt = min(limit.chance for limit in box.limits) > BEYOND_CHANCE
    return (
        f"{limits}: {100 * box.density:.0f}% of the scenarios there fail, and "
        f"{100 * box.coverage:.0f}% of all failures are there."
        + (" None of its limits is beyond chance: more scenarios would tell." if doubt else "")
    )


def regrets(found: Discovery) -> Table:
    """How policies do over all scenarios."""
    rows = tuple(
        (each.policy or "-", number(each.mean), f"{number(each.low)} to {number(each.high)}",
         f"{100 * each.best:.0f}%",
         number(each.mean_regret), number(each.high_regret), number(each.most_regret))
        for each in found.regrets
    )  # fmt: skip
    heads = ("policy", "mean", "90% of scenarios", "best in", "mean regret", "9 in 10 below", "most regret")
    note = "Regret is how much worse than the best policy of the same scenario."
    return Table(f"{called(found.outcome)} over scenarios", heads, rows, note=note)


def _boxes(found: Discovery) -> Iterator[Group]:
    for k, box in enumerate(found.boxes):
        rows = tuple(
            (limit.factor, str(limit).removeprefix(f"{limit.factor} "), f"{limit.chance:.2g}")
            for limit in box.limits
        )
        table = Table("Limits", ("factor", "within", "chance"), rows, texts=(0, 1))
        drawn = tuple(_scatter(found, box, f"b{k}")) if len(box.limits) > 0 else ()
        yield Group(f"Region {k + 1}", (told(box),), drawn, (table,))


def _scatter(found: Discovery, box: Box, key: str) -> Iterator[Figure]:
    """Scenarios by the two factors that a box restricts most, failures marked, the box drawn."""
    ranges = [limit for limit in box.limits if not limit.values]
    if not ranges:
        return
    across = ranges[0]
    other = ranges[1] if len(ranges) > 1 else None
    table: Any = found.table
    x = table[across.factor].astype(float)
    y = table[other.factor].astype(float) if other is not None else table["value"].astype(float)
    up = other.factor if other is not None else called(found.outcome)
    left, right, top, foot = 58.0, WIDTH - 12, 14.0, 300.0
    title = f"Scenarios by {across.factor} and {up}"
    words = f"{int(table['fails'].sum())} of {len(table)} scenarios fail, marked by squares. {told(box)}"
    drawing = Drawing(f"{key}-c", WIDTH, foot + 40, title, words)
    sx = Scale(float(x.min()), float(x.max()), left, right)
    sy = Scale(float(y.min()), float(y.max()), foot, top)
    for tick, label in sx.labelled(4):
        drawing.line(sx(tick), top, sx(tick), foot, "grid")
        drawing.text(sx(tick), foot + 14, label, "tick", "middle")
    for tick, label in sy.labelled(4):
        drawing.line(left, sy(tick), right, sy(tick), "grid")
        drawing.text(left - 6, sy(tick) + 4, label, "tick", "end")
    drawing.text((left + right) / 2, foot + 32, across.factor, "t", "middle")
    for a, b, fails in sorted(zip(x, y, table["fails"], strict=True), key=lambda row: row[2]):
        drawing.mark(sx(a), sy(b), "outside" if fails else "common", 2.6)
    low, high = (sy.low, sy.high) if other is None else (other.low, other.high)
    corners = [(across.low, low), (across.low, high), (across.high, high), (across.high, low)]
    for (a, b), (c, d) in itertools.pairwise([*corners, corners[0]]):
        drawing.line(sx(a), sy(b), sx(c), sy(d), "limit")
    note = f"Up: {up}. Squares fail, dots do not; the frame is the region."
    yield Figure(f"{key}-f", title, drawing.svg(), note, width="half")
