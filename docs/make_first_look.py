"""Writes docs/first-look.md: what the programme changes in each place, beside what was claimed and found.

From the top of the repository: ``python docs/make_first_look.py FOLDER [--replicates 3] [KEY=VALUE ...]``.
Comparisons are kept in FOLDER, and those that are there are not made again. Settings such as
``population.sample=0.1`` are for trying it out. No figure is typed in: those of the model come from
comparisons, the others from the evidence catalogue.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from string import Template
from typing import Any

import icsim
from icsim import evidence
from icsim.analysis.comparing import compare
from icsim.analysis.comparison import Comparison, open_comparison
from icsim.analysis.outcomes import ALL
from icsim.evidence.places import shipped
from icsim.experiment.status_quo import STATUS_QUO

COLUMNS = {
    "emergency_admissions": "emergency admissions",
    "bed_days": "bed days",
    "ae_attendances": "A&E attendances",
    "deaths": "deaths",
    "unmet_need": "unmet need",
    "care_cost_gbp": "cost of care",
}
STATISTICS = {"mid-nottinghamshire": "mid_notts", "north-east-hampshire-and-farnham": "nehf"}
"""Names of places in the rows of hospital statistics, where they differ."""
CLAIMED: dict[str, tuple[str, ...]] = {
    "isle-of-wight": ("seed_iow_crisis_team_saving",),
    "morecambe-bay": (
        "seed_millom_emergency_bed_days", "seed_millom_unplanned_admissions", "next_steps_named_reductions",
    ),
    "mid-nottinghamshire": ("next_steps_named_reductions",),
    "north-east-hampshire-and-farnham": (
        "seed_nehf_acsc_admissions", "seed_frimley_growth_2017_18", "safe_haven_psych_admissions",
    ),
    "northumberland": (
        "seed_nsech_emergency_admissions", "seed_northumberland_gp_contacts", "next_steps_named_reductions",
    ),
    "south-somerset": ("seed_symphony_emergency_admissions", "symphony_overnight_emergency_2017_18"),
}  # fmt: skip
FOUND: dict[str, tuple[str, ...]] = {
    "harrogate": ("hsj_harrogate_emerg_rate_change", "hsj_harrogate_bedday_rate_change"),
    "isle-of-wight": ("iow_special_measures",),
    "north-east-hampshire-and-farnham": ("iau_nehf_ict_ae", "iau_nehf_ict_emergency_admissions"),
    "northumberland": (
        "iau_northumberland_ae", "iau_northumberland_emergency_admissions",
        "nsech_index_admissions_change_y2",
    ),
    "salford": ("classic_salford_mdg",),
    "south-somerset": ("hsj_symphony_emerg_rate_change", "hsj_symphony_bedday_rate_change"),
}  # fmt: skip
ALL_NINE = ("morciano2021_vanguard_only", "morciano2021_non_participants", "morciano2020_effect",
            "hsj_pacs_bed_days_v_rest")  # fmt: skip


def main() -> None:
    """Compare each place with its status quo and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--replicates", type=int, default=3)
    asked.add_argument("--assumptions", type=int, default=64)
    asked.add_argument("--ensemble", type=int, default=16)
    asked.add_argument("--jobs", type=int)
    asked.add_argument("--out", type=Path, default=Path(__file__).parent / "first-look.md")
    asked.add_argument("settings", nargs="*")
    given = asked.parse_args()
    found: dict[str, Comparison] = {}
    for place in shipped():
        began, kept = time.perf_counter(), given.folder / place
        found[place] = open_comparison(kept) if kept.exists() else compare(
            [place, STATUS_QUO], replicates=given.replicates, overrides=given.settings, jobs=given.jobs,
            assumptions=given.assumptions, ensemble=given.ensemble, out=kept, keep_runs=False,
        )  # fmt: skip
        print(f"{place}: {time.perf_counter() - began:.0f} s", flush=True)
    given.out.write_text(page(found, given.replicates, given.settings), encoding="utf-8")


def page(found: dict[str, Comparison], replicates: int, settings: Sequence[str]) -> str:
    """The page, from its template."""
    with_ = f"with `{' '.join(settings)}`" if settings else "everybody one to one"
    made = f"icsim {icsim.__version__}, {date.today()}, {replicates} pairs of runs, {with_}"
    heads = " | ".join(COLUMNS.values())
    table = [f"| place | {heads} |", "| :-- |" + " --: |" * len(COLUMNS)]
    beside = ["| place | claimed | found by others | growth at its trust |", "| :-- | :-- | :-- | :-- |"]
    for place, one in found.items():
        cells = " | ".join(_cell(one, outcome) for outcome in COLUMNS)
        table.append(f"| {place} | {cells} |")
        beside.append(f"| {place} | {_rows(CLAIMED, place)} | {_rows(FOUND, place)} | {_growth(place)} |")
    template = Template((Path(__file__).parent / "img" / "first-look.md.in").read_text(encoding="utf-8"))
    return template.substitute(
        made=made, table="\n".join(table), counted="\n".join(_counted(found)), england=_growth("england"),
        beside="\n".join(beside), all="; ".join(_row(key) for key in ALL_NINE),
    )  # fmt: skip


def _difference(one: Comparison, outcome: str) -> Any:
    frame: Any = one.differences
    here = frame[
        (frame["outcome"] == outcome) & (frame["financial_year"] == ALL) & (frame["dimension"] == "place")
    ]
    return here.iloc[0] if len(here) else None


def _cell(one: Comparison, outcome: str) -> str:
    row = _difference(one, outcome)
    if row is None:
        return ""
    share, low, high = (100 * float(row[key]) for key in ("relative", "relative_low", "relative_high"))
    if low != low:
        return f"{share:+.1f}%"
    text = f"{share:+.1f}% ({low:+.1f} to {high:+.1f})"
    return f"**{text}**" if low > 0 or high < 0 else text


def _rows(of: dict[str, tuple[str, ...]], place: str) -> str:
    return "; ".join(_row(key) for key in of.get(place, ())) or "nothing in our sources"


def _row(key: str) -> str:
    row = evidence.load()[key]
    value = (
        f"{row.value:+g}"
        if row.is_number and "%" in row.unit
        else f"{row.value:,g}"
        if row.is_number
        else row.value
    )
    span = (
        "" if row.low is None or row.high is None or not row.is_number else f" ({row.low:g} to {row.high:g})"
    )
    return f"{value}{span} {row.unit} (`{key}`)".replace("|", "/").replace("  ", " ")


def _growth(place: str) -> str:
    name = STATISTICS.get(place, place.replace("-", "_"))
    rows = evidence.load()
    return " and ".join(f"{rows.value(f'ae_{what}_growth_2017_18_{name}'):+g}%" for what in ("adm", "att"))


def _counted(found: dict[str, Comparison]) -> list[str]:
    """What the table comes to."""
    said = []
    for outcome, label in COLUMNS.items():
        rows = [row for one in found.values() if (row := _difference(one, outcome)) is not None]
        less = sum(float(row["high"]) < 0 for row in rows)
        more = sum(float(row["low"]) > 0 for row in rows)
        said.append(
            f"- {label[:1].upper() + label[1:]}: less than without the programme in {less}, more in {more}, "
            f"nothing that can be told from luck in {len(rows) - less - more} of {len(rows)} places."
        )
    return said


if __name__ == "__main__":
    main()
