"""A comparison in tables that read well: in a terminal, as plain text, and for a report."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

from icsim.analysis import consequences
from icsim.analysis.cohorts import ESTIMATES
from icsim.analysis.consequences import Amount, amount
from icsim.analysis.intervals import BOOTSTRAP
from icsim.analysis.marked import SEGMENTS
from icsim.analysis.outcomes import ALL, EXTRA, OUTCOMES
from icsim.analysis.twins import LATER
from icsim.population.columns import AGE_BANDS

if TYPE_CHECKING:
    from rich.console import Group

    from icsim.analysis.comparison import Comparison

WIDTH = 132
BY_YEAR = (
    "emergency_admissions",
    "ae_attendances",
    "bed_days",
    "delayed_transfers",
    "consultations",
    "deaths",
)
ASKED = (*OUTCOMES, *(each for each in EXTRA if each.name not in ("surplus_gbp", "gp_contacts")))
TOPICS = list(dict.fromkeys(each.topic for each in ASKED))
SHOWN = tuple(sorted(ASKED, key=lambda each: TOPICS.index(each.topic)))
KIND_OF_GROUP = {"age_band": "By age", "imd_fifth": "By deprivation", "segment": "By level of need"}
FIFTHS = {"1": "1 most deprived", "2": "2", "3": "3", "4": "4", "5": "5 least deprived"}
ORDERS: dict[str, Sequence[str]] = {
    "age_band": AGE_BANDS,
    "imd_fifth": tuple(FIFTHS),
    "segment": (*SEGMENTS, LATER),
}
DASH = "-"


@dataclass(frozen=True)
class Table:
    """Text in rows; a row of one cell is a heading within the table."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Told:
    """A comparison at a glance; ``print`` gives plain text, ``rich.print`` colours."""

    title: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...]

    def __rich__(self) -> "Group":
        from rich.box import SIMPLE_HEAD
        from rich.console import Group
        from rich.table import Table as RichTable
        from rich.text import Text

        parts: list[Any] = [Text(self.title, style="bold")]
        for table in self.tables:
            drawn = RichTable(
                box=SIMPLE_HEAD, title=Text(table.title, style="bold"), title_justify="left", pad_edge=False
            )
            for k, head in enumerate(table.heads):
                drawn.add_column(Text(head), justify="right" if k else "left", no_wrap=k > 0)
            for row in table.rows:
                heading = len(row) == 1
                cells = [Text(cell, style="bold" if heading else "") for cell in row]
                drawn.add_row(*(cells if heading else [Text(f" {row[0]}"), *cells[1:]]))
            parts += [drawn, *([Text(table.note + "\n", style="dim")] if table.note else [])]
        return Group(*parts, *(Text(note, style="dim") for note in self.notes))

    def __str__(self) -> str:
        from rich.console import Console

        out = StringIO()
        Console(file=out, width=WIDTH, color_system=None).print(self.__rich__())
        return "\n".join(row.rstrip() for row in out.getvalue().splitlines())


def told(comparison: "Comparison") -> Told:
    """Everything a comparison has to say, each policy in turn."""
    tables = [table for policy in comparison.policies for table in tables_of(comparison, policy)]
    return Told(heading(comparison), tuple(tables), tuple(_notes(comparison)))


def tables_of(comparison: "Comparison", policy: str) -> tuple[Table, ...]:
    """What one policy changes."""
    from icsim.analysis import sureness  # which tells in the tables of this module

    return (
        _outcomes(comparison, policy),
        _by_year(comparison, policy),
        _by_group(comparison, policy),
        _twins(comparison, policy),
        _money(comparison, policy),
        *_cohorts(comparison, policy),
        *sureness.tables(comparison, policy),
    )


def heading(comparison: "Comparison") -> str:
    """What is compared, where, and over how much luck."""
    experiment, seeds = comparison.manifest["experiment"], comparison.manifest["replicates"]
    sample = experiment["population"]["sample"]
    people = "" if sample == 1 else f", {100 * sample:g}% of the people"
    luck = f"seed {seeds[0]['seed']}"
    if len(seeds) > 1:
        luck = f"{len(seeds)} pairs of runs, seeds {seeds[0]['seed']} to {seeds[-1]['seed']}"
    others = " and ".join(comparison.policies)
    return (
        f"{others} against {comparison.reference}: {experiment['place']} from {experiment['start']}, "
        f"{experiment['years']:g} {'year' if experiment['years'] == 1 else 'years'}{people}, {luck}"
    )


def _place(comparison: "Comparison", policy: str, year: str = ALL) -> dict[str, Any]:
    d: Any = comparison.differences
    here = d[(d["experiment"] == policy) & (d["dimension"] == "place") & (d["financial_year"] == year)]
    return {row.outcome: row for row in here.itertuples()}


def _outcomes(comparison: "Comparison", policy: str) -> Table:
    found = _place(comparison, policy)
    rows: list[tuple[str, ...]] = []
    topic = ""
    for outcome in SHOWN:
        row = found.get(outcome.name)
        if row is None or (outcome.name.startswith("service") and row.reference == row.policy == 0):
            continue  # neither has services
        if outcome.topic != topic:
            topic = outcome.topic
            rows.append((topic,))
        d, finer = outcome.decimals, outcome.decimals + (outcome.decimals > 0)
        unit = f", {outcome.unit}" if outcome.unit in ("%", "£", "days", "z per 1,000") else ""
        rows.append(
            (
                f"{outcome.label}{unit}", number(row.reference, d), number(row.policy, d),
                signed(row.difference, finer), span(row.low, row.high, finer), percent(row.relative),
                pairs_text(row.replicates_needed) if row.sd else "",
            )
        )  # fmt: skip
    heads = (
        "Over the whole run",
        "reference",
        "policy",
        "difference",
        "95% interval",
        "change",
        "pairs needed",
    )
    return Table(
        f"{policy} against {comparison.reference}", heads, tuple(rows), _needed_note(comparison, found)
    )


def _needed_note(comparison: "Comparison", found: dict[str, Any]) -> str:
    m = comparison.manifest
    asked = f"half-width of {m['half_width']:g}" if m["half_width"] else (
        f"half-width of {100 * (m['precision'] or 0.1):g}% of the difference"
    )  # fmt: skip
    seconds = comparison.seconds_per_replicate
    said = ["Slope index: admissions per 1,000, most deprived less least."]
    said += [
        f"Pairs needed: for an interval with a {asked}. A pair more takes about {seconds_text(seconds)}."
    ]
    row = found.get(m["outcome"])
    if row is not None and math.isfinite(row.replicates_needed):
        n = int(row.replicates_needed)
        said.append(
            f"For {_label(m['outcome']).lower()}: {n} pairs, about {seconds_text(n * seconds)} in all."
        )
    if m["precision"] or m["half_width"]:
        reached = [f"{p}: {'after ' + str(n) + ' pairs' if n else 'not reached'}" for p, n in
                   zip(comparison.policies, m["precise_after"], strict=True)]  # fmt: skip
        said.append(f"The precision asked for, by the sequential rule: {'; '.join(reached)}.")
    return " ".join(said)


def _label(name: str) -> str:
    return next((each.label for each in SHOWN if each.name == name), name)


def _by_year(comparison: "Comparison", policy: str) -> Table:
    d: Any = comparison.differences
    years = sorted(year for year in d["financial_year"].unique() if year != ALL)
    found = {year: _place(comparison, policy, year) for year in years}
    rows = []
    for name in BY_YEAR:
        cells = []
        for year in years:
            row = found[year].get(name)
            cells.append(DASH if row is None else with_span(row.difference, row.low, row.high))
        rows.append((_label(name), *cells))
    return Table("Difference by financial year", ("", *years), tuple(rows))


def _by_group(comparison: "Comparison", policy: str) -> Table:
    d: Any = comparison.differences
    here = d[
        (d["experiment"] == policy) & (d["financial_year"] == ALL) & (d["outcome"] == "emergency_admissions")
    ]
    rows: list[tuple[str, ...]] = []
    for dimension, order in ORDERS.items():
        same = {row.group: row for row in here[here["dimension"] == dimension].itertuples()}
        rows.append((KIND_OF_GROUP[dimension],))
        for group in order:
            if group in same:
                row = same[group]
                rows.append(
                    (
                        FIFTHS.get(group, group) if dimension == "imd_fifth" else group,
                        number(row.reference), number(row.policy), signed(row.difference),
                        span(row.low, row.high), percent(row.relative),
                    )
                )  # fmt: skip
    heads = ("Emergency admissions, whole run", "reference", "policy", "difference", "95% interval", "change")
    return Table("For whom", heads, tuple(rows), "Levels of need are those of the first day.")


def _twins(comparison: "Comparison", policy: str) -> Table:
    t: Any = comparison.twins
    here = t[(t["experiment"] == policy) & (t["financial_year"] == ALL)]
    rows: list[tuple[str, ...]] = []
    for outcome, label in (
        ("emergency_admissions", "Emergency admissions"), ("bed_days", "Bed days"),
        ("ae_attendances", "A&E attendances"), ("gp_contacts", "Consultations"), ("deaths", "Died"),
    ):  # fmt: skip
        same = here[(here["outcome"] == outcome) & (here["dimension"] == "everybody")]
        rows.append((label, *_twin_cells(same)))
    rows.append(("Emergency admissions by level of need",))
    for group in (*SEGMENTS, LATER):
        same = here[
            (here["outcome"] == "emergency_admissions")
            & (here["dimension"] == "segment")
            & (here["group"] == group)
        ]
        if same["people"].sum():
            rows.append((group, *_twin_cells(same)))
    heads = ("Whole run, mean over pairs", "people", "less than twin", "same", "more than twin")
    note = "Died: less is who died only in the reference, more who died only under the policy."
    return Table("Each person and their twin", heads, tuple(rows), note)


def _twin_cells(same: Any) -> tuple[str, ...]:
    people = same["people"].mean()
    cells = [number(people)]
    for column in ("less", "same", "more"):
        mean = same[column].mean()
        cells.append(f"{number(mean)} ({100 * mean / people:.2f}%)" if people else DASH)
    return tuple(cells)


def _money(comparison: "Comparison", policy: str) -> Table:
    cost = comparison.cost_gbp(policy)
    care, net = consequences.cost_of_care(comparison, policy), consequences.net_cost(comparison, policy)
    rows: list[tuple[str, ...]] = [("Costs, £ thousand",)]
    rows.append(("The policy itself, as given", thousands(Amount(cost)), ""))
    rows.append(("Care of residents, whoever pays", *_money_cells(amount(care))))
    rows.append(("Net cost", *_money_cells(amount(net))))
    each = " [for each £ of the policy]" if cost > 0 else ""
    rows.append((f"Surplus by party, £ thousand{each}",))
    for party, change, gained in consequences.by_party(comparison, policy):
        back = "" if gained is None else f" [{gained.mean:+.2f}]"
        value, between = _money_cells(change)
        rows.append((party, value + back, between))
    rows.append(("Consequences",))
    found = _place(comparison, policy)
    for name in consequences.CONSEQUENCES:
        row = found.get(name)
        if row is not None:
            decimals = (
                2 if name in ("unmet_need", "slope_index") else 1 if name in ("years_lived", "qalys") else 0
            )
            rows.append((_label(name), signed(row.difference, decimals), span(row.low, row.high, decimals)))
    rows.append(("Net cost for each one avoided, £",))
    for name in consequences.AVOIDED:
        ratio = consequences.per_avoided(comparison, policy, name)
        known = not math.isnan(ratio.mean)
        text = signed(ratio.mean) if known else "no avoidance seen beyond luck"
        rows.append((_label(name), text, span(ratio.low, ratio.high)))
    heads = ("Change over the whole run, 2016/17 prices", "mean", "95% interval")
    return Table("Costs and consequences", heads, tuple(rows), consequences.qalys())


def _money_cells(value: Amount) -> tuple[str, str]:
    return thousands(value, sign=True), span(value.low / 1000, value.high / 1000)


def thousands(value: Amount, sign: bool = False) -> str:
    """GBP in thousands."""
    return signed(value.mean / 1000) if sign else number(value.mean / 1000)


def _cohorts(comparison: "Comparison", policy: str) -> Iterator[Table]:
    if "cohorts" not in comparison.manifest["tables"]:
        return
    c: Any = comparison.cohorts
    c = c[c["experiment"] == policy]
    rows: list[tuple[str, ...]] = []
    for cohort, same in c.groupby("cohort", sort=False):
        means = same.groupby("estimate")["value"].mean()
        matched = f", {100 * means['share_matched']:.0f}% matched on all" if "share_matched" in means else ""
        rows.append((f"{cohort}: {number(means['members'])} people{matched}",))
        if "before" not in means:
            continue
        rows.append(
            ("admissions each, index year and next", f"{means['before']:.3f}, then {means['after']:.3f}", "")
        )
        for estimate in ESTIMATES:
            values = same[same["estimate"] == estimate]["value"].to_numpy(float)
            if not len(values):
                rows.append((estimate, "needs two seeds", ""))
                continue
            found = amount(values)
            rows.append((f"effect, by {estimate}", signed(found.mean, 3), span(found.low, found.high, 3)))
    heads = ("Emergency admissions for each member in the year after", "mean", "95% interval")
    note = (
        "Before and after: their own change, which falls of itself where people are picked in a bad year. "
        "Matched controls: less people of a world without the policy, of another seed, alike in age, sex, "
        "deprivation, admissions in the index year and number of conditions. Their twins: less the same "
        "people without it."
    )
    yield Table("A cohort picked by risk", heads, tuple(rows), note)


def _notes(comparison: "Comparison") -> Iterator[str]:
    if comparison.replicates == 1:
        yield (
            "One pair is one draw of luck: there are no intervals, and a difference may be chance that the "
            "policy set rolling. Give --replicates."
        )
    else:
        d: Any = comparison.differences
        how = "Intervals are Student's t on the differences of pairs"
        how += " (bootstrap where they are not normal)." if (d["method"] == BOOTSTRAP).any() else "."
        yield f"{how} They hold luck alone, not doubt about the model's numbers: of twenty, one misses."
    if comparison.manifest["experiment"]["population"]["sample"] < 1:
        yield "A sample: counts and money are of the sample, and small queues run fuller than large ones."
    yield "No figure is a forecast. What a lever does was put in; what follows from it is the model's."
    yield from comparison.manifest["notes"]


# --- figures as text ---


def number(value: float, decimals: int = 0) -> str:
    """``12,345``; a dash when unknown."""
    if math.isnan(value):
        return DASH
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"  # + 0.0: no minus before a nought


def signed(value: float, decimals: int = 0) -> str:
    """``+12``, ``-3``, ``0``."""
    if math.isnan(value):
        return DASH
    return number(value, decimals) if round(value, decimals) <= 0 else f"+{number(value, decimals)}"


def span(low: float, high: float, decimals: int = 0) -> str:
    """``-12 to +3``; empty without an interval."""
    return "" if math.isnan(low) else f"{signed(low, decimals)} to {signed(high, decimals)}"


def with_span(value: float, low: float, high: float, decimals: int = 0) -> str:
    """``-12 (-20 to -4)``."""
    between = span(low, high, decimals)
    return f"{signed(value, decimals)} ({between})" if between else signed(value, decimals)


def percent(share: float) -> str:
    """``-1.2%`` of a share."""
    return DASH if math.isnan(share) else f"{signed(100 * share, 1)}%"


def pairs_text(value: float) -> str:
    """A number of pairs of runs."""
    return "" if math.isnan(value) else "over 100,000" if math.isinf(value) else number(value)


def seconds_text(seconds: float) -> str:
    """``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
