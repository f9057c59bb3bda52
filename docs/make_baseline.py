"""Writes docs/baseline.md: England's table and the nine places', as they come out today.

From the top of the repository: ``python docs/make_baseline.py [KEY=VALUE ...]``; some minutes.
Settings such as ``population.sample=0.05`` are for trying it out.
"""

import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

import icsim
from icsim.evidence import published
from icsim.evidence.places import shipped
from icsim.experiment import load
from icsim.validation.baseline import (
    HOW_TO_READ,
    Baseline,
    Places,
    baseline_of,
    cells_of,
    reasons_of,
    summary,
)
from icsim.validation.own_level import in_englands_mix
from icsim.validation.row import IN, OUT, Row

LEAST_MAJOR = 20_000
"""Attendances a year in a major department below which a trust is left out of what trusts can show."""
WITHIN = 0.15

HEAD = "| | found | published | ratio | asked | verdict |\n| :-- | --: | --: | --: | :-- | :-- |"


WHY_OUT = """What is out is left so, for no published figure of a mechanism says otherwise:

- *Over four hours*: in England's mix five of the nine were late about half as often as England (10.9%),
  and of two that were 98% full one twice as often as the other (Wirral 12.9%, Frimley 5.7%). The model
  knows beds, people and attendances, and not how a department is run. Within four hours follows from it.
- *Of A&E attendances admitted*: of those who came to their major departments Harrogate and the Isle of Wight
  admitted 23%, England 28% and Salford 32%; in the model need, severity and age alone decide, so that old
  places admit more.
- *Long stays*: published of all patients of a trust in the winter of 2017/18, those of regional and of
  community wards among them; found of residents, over the year.""".splitlines()


def main(settings: Sequence[str]) -> None:
    """Run England and the nine places and write the page."""
    england = _table("england", settings)
    print(summary(england.rows), flush=True)
    nine = []
    for place in shipped():
        nine.append(_table(place, ["years=2", *settings]))
        print(place, summary(nine[-1].own), flush=True)
    page = Path(__file__).parent / "baseline.md"
    page.write_text("\n".join(_page(england, Places(tuple(nine)), settings)) + "\n", encoding="utf-8")


def _table(place: str, settings: Sequence[str]) -> Baseline:
    return baseline_of(load(place, [*settings, "programme=none"]))


def _page(england: Baseline, nine: Places, settings: Sequence[str]) -> list[str]:
    with_ = f" with `{' '.join(settings)}`" if settings else ""
    return [
        "# With no programme, against published figures",
        "",
        f"What `icsim baseline england` and `icsim baseline --all` print{with_}: icsim {icsim.__version__}, "
        f"{date.today()}, seed {england.about['seed']}, one replicate. England is a 1% sample of its people "
        "over three years; the nine places are whole, over two. The year compared is the second. Written by "
        "`python docs/make_baseline.py`, with every row that is out.",
        "",
        HOW_TO_READ.replace("*", "\\*"),
        "",
        "Totals are asked to lie within 5%, gradients by age, deprivation and kind within 10%, a place's own "
        "levels within 15% (percentages near 100, such as occupancy, within 5%), trends to have the right "
        "sign and between half and double the size. *Too few* appears in samples and small places.",
        "",
        "## England",
        "",
        f"**{summary(england.rows)}**",
        "",
        *_rows(england.rows),
        "",
        "## The nine places, each against its own published level",
        "",
        "No number of the model is a place's own but its people and what its experiment file says of its "
        "organisations: beds, attendances and who shares them (marked =), beds year by year as published.",
        "",
        "*England's mix*: what is published of a trust's A&E, each type of department at the trust's own "
        "rates, in the proportions of England's attendances (65% in major departments). The model has one "
        "kind of A&E; some trusts run major departments alone, and so admit more and are late more often.",
        "",
        f"**{summary(nine.rows)}**",
        "",
        *_overview(nine),
        "",
        *WHY_OUT,
        "",
        *what_could_be(),
        "",
        *(line for table in nine.tables for line in (f"### {_title(table)}", "", *_rows(table.own), "")),
    ]


def what_could_be() -> list[str]:
    """How near to trusts' own four hours and admitted shares anything comes that knows none by name."""
    trusts = _trusts("2016/17").join(_trusts("2017/18"), rsuffix=" later", how="inner")
    known = np.column_stack([
        np.ones(len(trusts)), np.log(trusts["major"]), trusts["share major"], trusts["admitted"],
    ])  # fmt: skip
    lines = [
        f"How far *could* a model come that knows no trust by name? Of England's {len(trusts)} trusts with a "
        f"major department, in England's mix, this part lay within {WITHIN:.0%} of:",
        "",
        "| | England's mean | the best fit to these same trusts by size, departments and admitted share "
        "| their own figure of the year before |",
        "| :-- | --: | --: | --: |",
    ]
    for name, columns in (("late", known), ("admitted", known[:, :3])):
        own = np.log(trusts[name].to_numpy())
        fitted = columns @ np.linalg.lstsq(columns, own, rcond=None)[0]
        before = own + np.log(trusts[f"{name} later"].mean() / trusts[name].mean())
        shares = (
            (np.abs(np.exp(guess - of) - 1) <= WITHIN).mean()
            for guess, of in (
                (np.log(trusts[name].mean()), own), (fitted, own),
                (before, np.log(trusts[f"{name} later"].to_numpy())),
            )
        )  # fmt: skip
        said = {"late": "over four hours", "admitted": "of A&E attendances admitted"}[name]
        lines.append(f"| {said} | {' | '.join(f'{one:.0%}' for one in shares)} |")
    return [
        *lines, "",
        "So what is published of a trust says little of how late it is, and 15% for each of nine places is "
        "more than anything without a number for each trust could keep.",
    ]  # fmt: skip


def _trusts(year: str) -> pd.DataFrame:
    """Trusts with a major department: attendances there, their share; admitted and late in England's mix."""
    months = published.ae_monthly()
    codes = months.loc[months["type"] == "1", "org_code"].unique()
    found = {}
    for code in codes:
        own = published.ae_by_department(year, str(code))
        major = float(own["attendances"].get("1", 0.0))
        if major >= LEAST_MAJOR:
            admitted, late = in_englands_mix(str(code), year)
            share = major / float(own["attendances"].sum())
            found[code] = {"major": major, "share major": share, "admitted": admitted, "late": late}
    return pd.DataFrame.from_dict(found, orient="index")


def _title(table: Baseline) -> str:
    words = table.place.replace("-", " ").title()
    return words.replace(" Of ", " of ").replace(" And ", " and ")


def _overview(nine: Places) -> list[str]:
    """How many of each place's rows are in and out, and which are out."""
    lines = ["| place | in | out | what is out (found over published) |", "| :-- | --: | --: | :-- |"]
    for table in nine.tables:
        out = [row for row in table.own if row.verdict == OUT]
        good = sum(row.verdict == IN for row in table.own)
        said = "; ".join(f"{row.label} {row.ratio:.2f}" for row in out)
        lines.append(f"| {_title(table)} | {good} | {len(out)} | {said} |")
    return lines


def _rows(rows: Sequence[Row]) -> list[str]:
    lines, topic, reasons = [HEAD], "", reasons_of(rows)
    for row in rows:
        if row.topic != topic:
            topic = row.topic
            lines.append(f"| **{topic}** | | | | | |")
        cells = [cell.replace("*", "\\*") for cell in cells_of(row, reasons)]
        cells[-1] = f"**{cells[-1]}**" if row.verdict == OUT else cells[-1]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", *(f"({number}) {reason}." for number, reason in enumerate(reasons, 1))]


if __name__ == "__main__":
    main(sys.argv[1:])
