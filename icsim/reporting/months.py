"""What happened, month by month: each measure as a control chart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from icsim.recording.indicators import OWN_TRUSTS, own_trusts, place_months
from icsim.recording.measures import Measure
from icsim.reporting.charts import control_chart
from icsim.reporting.drawing import number
from icsim.reporting.figures import Figures
from icsim.reporting.page import Badge, Figure, Group, Section, Table, listed
from icsim.reporting.spc import ENOUGH, SHIFT, TREND, Better, Sign, Xmr, xmr

SETTLING = 3
"""Months at the start of a run that are drawn and not counted: queues and lists find their level in them."""
SIGNS: dict[Sign, str] = {
    "improvement": "improvement",
    "concern": "concern",
    "special": "unusual",
    "common": "usual variation",
}


@dataclass(frozen=True)
class Monthly:
    """A measure of one kind of organisation by month.

    Attributes:
        key, title, unit: how the page calls it; the title says what is seen, with its unit after it.
        kind: of organisation, or the place's own hospitals.
        needs: columns it is made from.
        value: from the rows of ``place_months``.
        better: whether high or low figures are wanted.
        definition: one line.
        standard: the catalogue's key of the standard to be met, or "".
    """

    key: str
    title: str
    unit: str
    kind: str
    needs: tuple[str, ...]
    value: Callable[[Any], Any]
    better: Better
    definition: str
    standard: str = ""


def _a_day(kind: str, name: str, title: str, unit: str, better: Better, definition: str) -> Monthly:
    """What happens, for each day of the month: months differ in length."""
    return Monthly(
        name, title, unit, kind, (name,), lambda months: months[name] / months["days"], better, definition
    )


def _level(kind: str, name: str, title: str, unit: str, better: Better, definition: str) -> Monthly:
    return Monthly(name, title, unit, kind, (name,), lambda months: months[name], better, definition)


def _share(
    key: str,
    kind: str,
    part: str,
    whole: str,
    title: str,
    better: Better,
    definition: str,
    standard: str = "",
) -> Monthly:
    """The share of the whole that is *not* the part where high is better, else the part, in per cent."""

    def value(months: Any) -> Any:
        share = 100 * months[part] / months[whole].where(months[whole] > 0)
        return 100 - share if better == "high" else share

    return Monthly(key, title, "%", kind, (part, whole), value, better, definition, standard)


TRUST = "acute_trust"
MONTHLY: dict[str, tuple[Monthly, ...]] = {
    "Before hospital": (
        _a_day(
            "gp_practice",
            "appointments",
            "GP and nurse consultations",
            "a day",
            "neither",
            "Consultations at the place's practices, over all days of the month, weekends among them.",
        ),
        _level(
            "gp_practice",
            "routine_wait_days",
            "Wait for a routine GP appointment",
            "days",
            "low",
            "Mean over practices of the days to the first free routine appointment, as patients expect it.",
        ),
        _a_day(
            "gp_practice",
            "requests_refused",
            "Requests that practices turn away",
            "a day",
            "low",
            "Requests for which no appointment was left, same-day or routine.",
        ),
        _a_day(
            "community_team",
            "rapid_refused",
            "Rapid responses that teams turn away",
            "a day",
            "low",
            "Requests for an urgent visit by a community team that had none left that day.",
        ),
        _a_day(
            "system",
            "unmet",
            "Needs not met on the day",
            "a day",
            "low",
            "Attempts to get help that came to nothing on the day; most people try again within days.",
        ),
    ),
    "A&E and emergencies": (
        _a_day(TRUST, "ae_attendances", "A&E attendances", "a day", "neither", "Residents, at any hospital."),
        _share(
            "four_hours",
            TRUST,
            "ae_breaches",
            "ae_attendances",
            "Seen in A&E within four hours",
            "high",
            "Share of residents' attendances that ended within four hours, at any hospital.",
            "standard_four_hours",
        ),
        _a_day(
            TRUST,
            "emergency_admissions",
            "Emergency admissions",
            "a day",
            "low",
            "Residents, at any hospital, through A&E or straight from their GP; mental-health wards "
            "left out.",
        ),
    ),
    "Beds and leaving hospital": (
        _share(
            "occupancy",
            OWN_TRUSTS,
            "beds_occupied",
            "beds_open",
            "Beds that are full",
            "low",
            "Occupied share of the open beds of the place's own hospitals, everybody's patients counted.",
        ),
        _level(
            OWN_TRUSTS,
            "beds_occupied",
            "Beds occupied",
            "beds",
            "neither",
            "In the place's own hospitals, everybody's patients counted.",
        ),
        _level(
            OWN_TRUSTS,
            "boarding",
            "Waiting in A&E for a bed",
            "people",
            "low",
            "Admitted and without a bed at midnight, in the place's own hospitals.",
        ),
        _a_day(
            TRUST,
            "delayed_transfers",
            "Beds lost to delayed transfers",
            "beds a day",
            "low",
            "Residents fit to leave who wait for assessment, home care, a care home or intermediate care.",
        ),
        _level(
            "local_authority",
            "home_care_waiting",
            "Waiting in hospital for home care",
            "people",
            "low",
            "Assessed, and no package has room.",
        ),
        _level(
            "local_authority",
            "care_home_waiting",
            "Waiting in hospital for a care home",
            "people",
            "low",
            "Assessed, and no placement can be made.",
        ),
    ),
    "Planned care": (
        _level(
            TRUST,
            "elective_waiting",
            "Waiting for planned treatment",
            "people",
            "low",
            "Referred and neither treated nor sent back, on the last day of the month.",
        ),
        _share(
            "eighteen_weeks",
            TRUST,
            "waiting_over_18_weeks",
            "elective_waiting",
            "Waiting less than 18 weeks",
            "high",
            "Share of those waiting on the last day of the month.",
            "standard_18_weeks",
        ),
        _a_day(
            TRUST,
            "electives_cancelled",
            "Planned operations cancelled",
            "a day",
            "low",
            "Planned admissions put off for want of a bed, over all days of the month.",
        ),
    ),
}


@dataclass(frozen=True)
class History:
    """One measure of one run by month.

    Attributes:
        monthly: the measure.
        months: first days, shape (months,).
        values: shape (replicates, months), settling months among them.
        charts: an XmR chart for each replicate, settling months left out.
        settling: months at the start that are not counted.
    """

    monthly: Monthly
    months: list[Any]
    values: np.ndarray
    charts: list[Xmr]
    settling: int

    @property
    def agreeing(self) -> int:
        """How many replicates end with the first one's sign and direction."""
        return sum(chart.last == self.charts[0].last for chart in self.charts)


def histories(figures: Figures) -> dict[str, History]:
    """Every measure of ``MONTHLY`` that the run recorded, by key. Months only begun are left out."""
    run = figures.run
    tables: dict[str, list[Measure]] = run.measures
    if TRUST in tables:
        tables[OWN_TRUSTS] = tables[TRUST]
    monthly = run.monthly
    frames: dict[str, Any] = {}
    found = {}
    for each in (each for group in MONTHLY.values() for each in group):
        names = {measure.name for measure in tables.get(each.kind, ())}
        if not names.issuperset(each.needs):
            continue
        if each.kind not in frames:
            rows = own_trusts(monthly) if each.kind == OWN_TRUSTS else monthly
            frames[each.kind] = place_months(rows, each.kind, tables[each.kind])
        history = _history(each, frames[each.kind])
        if history is not None:
            found[each.key] = history
    return found


def _history(monthly: Monthly, frame: Any) -> History | None:
    whole = frame["days"] == frame["month"].dt.days_in_month
    if not whole.any():
        return None
    frame = frame[whole]
    values = monthly.value(frame).to_frame("value").assign(replicate=frame["replicate"], month=frame["month"])
    table = values.pivot_table("value", "replicate", "month", dropna=False, observed=False)
    if not np.isfinite(table.to_numpy(float)).any():
        return None
    numbers = table.to_numpy(float)
    settling = SETTLING if numbers.shape[1] >= SETTLING + ENOUGH else 0
    counted = numbers.copy()
    counted[:, :settling] = np.nan
    charts = [xmr(row, monthly.better) for row in counted]
    return History(monthly, [month.date() for month in table.columns], numbers, charts, settling)


def section(figures: Figures, found: dict[str, History], more: tuple[Group, ...]) -> Section:
    """The section: how to read the charts, the charts by topic, and whatever else happened."""
    groups = []
    for title, measures in MONTHLY.items():
        figs = [_figure(figures, found[each.key]) for each in measures if each.key in found]
        if figs:
            groups.append(Group(title, figures=tuple(figs)))
    first = next(iter(found.values()), None)
    lead = tuple(_how_to_read(figures, first)) if first else ("The run is shorter than a month.",)
    return Section("happened", "What happened", lead, (*groups, *more))


def _how_to_read(figures: Figures, history: History) -> Iterator[str]:
    replicates = figures.run.replicates
    if replicates > 1:
        yield (
            f"The line is one of {replicates} histories that differ only in luck (replicate 1); the "
            "shaded band runs from the "
            f"lowest to the highest of the {replicates}. Limits and signals are those of the one "
            "history, as a board would see it."
        )
    else:
        yield (
            "The run has one history, so no band can be drawn: how much of what is seen is luck, the "
            "page cannot tell. "
            "Run it again with --replicates 10 to see."
        )
    if len(history.months) - history.settling < ENOUGH:
        yield f"Fewer than {ENOUGH} months: no limits are drawn, and no signals looked for."
        return
    yield (
        "Charts follow NHS England's Making Data Count: the mean, and the limits (mean ± 2.66 × mean "
        "moving range) between which "
        f"figures usually lie. A point stands out when it is outside the limits, in a run of {SHIFT} "
        "or more on one side of the mean, in a "
        f"run of {TREND} or more rising or falling, or one of 2 in 3 near a limit. A filled square is "
        "a concern, an open diamond an "
        "improvement, a triangle unusual where neither direction is better. Winters (December to "
        "February) are shaded: a signal "
        "that comes back every winter is the season, not a change. Axes do not start at nothing."
    )
    if history.settling:
        yield (
            f"The first {history.settling} months, drawn as open circles, are the model finding its "
            "level and count for nothing."
        )


def _figure(figures: Figures, history: History) -> Figure:
    monthly, chart = history.monthly, history.charts[0]
    replicates = len(history.values)
    lows, highs = history.values.min(axis=0), history.values.max(axis=0)
    sign, direction = chart.last
    standard = ("standard", figures.standard(monthly.standard)) if monthly.standard else None
    drawn = control_chart(
        f"c-{monthly.key}",
        f"{monthly.title}, {monthly.unit}, by month",
        describe(history),
        history.months,
        chart,
        settled=history.values[0],
        lows=lows if replicates > 1 else None,
        highs=highs if replicates > 1 else None,
        target=standard,
        ceiling=100.5 if monthly.unit == "%" else np.inf,
    )
    badge = None
    if np.isfinite(chart.upper):
        letter = {1: "H", -1: "L", 0: "–"}[direction]
        words = {1: "high or rising", -1: "low or falling", 0: ""}[direction]
        said = f"{SIGNS[sign]}, {words}" if words else SIGNS[sign]
        if replicates > 1:
            said += f", in {history.agreeing} of {replicates} replicates"
        badge = Badge(sign, letter, f"Last month: {said}")
    return Figure(
        monthly.key, f"{monthly.title}, {monthly.unit}", drawn, monthly.definition, _table(history), badge
    )


def describe(history: History) -> str:
    """The chart in words."""
    chart, monthly = history.charts[0], history.monthly
    values = history.values[0]
    known = np.flatnonzero(~np.isnan(values))
    first, last = known[0], known[-1]
    said = [
        f"From {number(values[first])} in {history.months[first]:%B %Y} to {number(values[last])} in "
        f"{history.months[last]:%B %Y}; lowest {number(np.nanmin(values))}, highest "
        f"{number(np.nanmax(values))} {monthly.unit}."
    ]
    if np.isfinite(chart.upper):
        said.append(
            f"Mean {number(chart.mean)}, natural process limits {number(chart.lower)} to "
            f"{number(chart.upper)}."
        )
        signs = chart.signs
        counts = [
            f"{signs.count(kind)} of {SIGNS[kind]}"
            for kind in ("improvement", "concern", "special")
            if kind in signs
        ]
        said.append(f"Months that stand out: {listed(counts)}." if counts else "No month stands out.")
    if len(history.values) > 1:
        said.append(f"A band shows the range over {len(history.values)} replicates.")
    return " ".join(said)


def _table(history: History) -> Table:
    monthly, chart, values = history.monthly, history.charts[0], history.values
    many = len(values) > 1
    heads = ("Month", "Replicate 1", "Mean", "Lowest", "Highest") if many else ("Month", "Figure")
    rows = []
    for k, month in enumerate(history.months):
        reasons = "; ".join(chart.reasons(k))
        sign = chart.signs[k]
        said = "settling" if k < history.settling else "" if sign == "common" else f"{SIGNS[sign]}: {reasons}"
        figures = [values[0, k]]
        if many:
            figures += [values[:, k].mean(), values[:, k].min(), values[:, k].max()]
        rows.append((f"{month:%b %Y}", *(number(each) for each in figures), said))
    note = ""
    if np.isfinite(chart.upper):
        note = (
            f"Mean {number(chart.mean)}, limits {number(chart.lower)} to {number(chart.upper)} "
            f"{monthly.unit}."
        )
    return Table(f"{monthly.title}, {monthly.unit}", (*heads, "Signal"), tuple(rows), (0, len(heads)), note)
