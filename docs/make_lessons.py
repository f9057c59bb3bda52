"""Writes docs/ten-lessons.md: what each lesson, dropped, and each kind of care model changes.

From the top of the repository: ``python docs/make_lessons.py LESSONS MODELS``, the folders of the two
comparisons that the page names. No figure is typed in.
"""

import sys
from pathlib import Path
from string import Template
from typing import Any

from icsim.analysis.comparison import Comparison, open_comparison
from icsim.analysis.outcomes import ALL, KNOWN
from icsim.experiment import load

SERVICES = ("services_at_work", "service_posts", "service_coverage", "service_fidelity", "joint_effort")
AGAINST_NOTHING = ("services_at_work", "service_posts", "service_coverage", "joint_effort")
"""Without services there is no fidelity to differ from."""
PEOPLE = ("emergency_admissions", "bed_days", "ae_attendances", "unmet_need", "care_cost_gbp")
HERE = Path(__file__).parent


def main() -> None:
    """Write the page."""
    lessons, models = (open_comparison(folder) for folder in sys.argv[1:])
    template = Template((HERE / "img" / "ten-lessons.md.in").read_text(encoding="utf-8"))
    page = template.substitute(
        lessons=table(lessons, SERVICES, False), lessons_people=table(lessons, PEOPLE, True),
        models=table(models, AGAINST_NOTHING, False), models_people=table(models, PEOPLE, True),
        services=services(), lessons_made=made(lessons), models_made=made(models), lessons_told=told(lessons),
    )  # fmt: skip
    (HERE / "ten-lessons.md").write_text(page, encoding="utf-8")


def services() -> int:
    """How many services the programme that keeps all lessons has."""
    programme = load("lessons/programme").programme
    assert not isinstance(programme, str)
    return len(programme.services)


def made(one: Comparison) -> str:
    """By what, when and with how many runs."""
    version, day = one.manifest["versions"]["icsim"], one.manifest["created"][:10]
    return f"icsim {version}, {day}, {one.replicates} pairs of runs"


def table(one: Comparison, outcomes: tuple[str, ...], relative: bool) -> str:
    """A row for each experiment; the reference as it is, the others as they differ, with 95% intervals."""
    heads = " | ".join(KNOWN[outcome].label.lower() for outcome in outcomes)
    rows = [f"| | {heads} |", "| :-- |" + " --: |" * len(outcomes)]
    if not relative:
        levels = [rows_of(one, one.policies[-1], outcome) for outcome in outcomes]
        cells = (f"{row['reference']:.{KNOWN[str(row['outcome'])].decimals}f}" for row in levels)
        rows.append(f"| *{one.labels[0]}* | {' | '.join(f'*{cell}*' for cell in cells)} |")
    for policy in sorted(one.policies, key=order):
        cells = [cell(rows_of(one, policy, outcome), relative) for outcome in outcomes]
        rows.append(f"| {policy} | {' | '.join(cells)} |")
    return "\n".join(rows)


def order(label: str) -> tuple[int, str]:
    """Numbered ones by number."""
    number = label.split("-")[0]
    return (int(number) if number.isdigit() else 0), label


def rows_of(one: Comparison, policy: str, outcome: str) -> Any:
    """The difference over the whole run, None where there is none."""
    frame: Any = one.differences
    here = frame[
        (frame["experiment"] == policy) & (frame["outcome"] == outcome)
        & (frame["financial_year"] == ALL) & (frame["dimension"] == "place")
    ]  # fmt: skip
    return here.iloc[0] if len(here) else None


def cell(row: Any, relative: bool) -> str:
    """A difference with its interval, bold where that leaves out nothing at all."""
    if row is None:
        return ""
    keys = ("relative", "relative_low", "relative_high") if relative else ("difference", "low", "high")
    value, low, high = ((100 if relative else 1) * float(row[key]) for key in keys)
    decimals, unit = (1, "%") if relative else (KNOWN[str(row["outcome"])].decimals, "")
    text = f"{value:+.{decimals}f}{unit}"
    if low != low:
        return text
    text += f" ({low:+.{decimals}f} to {high:+.{decimals}f})"
    return f"**{text}**" if low > 0 or high < 0 else text


def told(one: Comparison) -> str:
    """Which lessons the model shows: those whose loss leaves less, and nothing more."""
    shown: dict[str, list[str]] = {"less": [], "some less, some more": [], "more": [], "no difference": []}
    for policy in sorted(one.policies, key=order):
        rows = [row for outcome in SERVICES if (row := rows_of(one, policy, outcome)) is not None]
        less, more = (any(row["high"] < 0 for row in rows), any(row["low"] > 0 for row in rows))
        kind = ("some less, some more" if more else "less") if less else "more" if more else "no difference"
        shown[kind].append(policy)
    return "\n".join(f"- {kind}: {', '.join(found) or 'none'}" for kind, found in shown.items())


if __name__ == "__main__":
    main()
