"""Writes docs/other-models.md: findings of three published models, looked for in runs of icsim.

From the top of the repository: ``python docs/make_other_models.py [--replicates 12] [--sample 0.05]
[--kept DIR]``, where ``--kept`` is where the three comparisons are made or were made before. No figure of
icsim is typed in, and no verdict: each follows from an interval over pairs of runs by the rule beside it.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

import numpy as np

from icsim.analysis import intervals
from icsim.analysis.comparing import compare
from icsim.analysis.comparison import Comparison, open_comparison
from icsim.recording.store import MANIFEST

HERE = Path(__file__).parent
FOLDER = "published"
SHARES = ("0", "25", "50", "75", "100")
STUDIES: dict[str, tuple[str, ...]] = {
    "savings": (
        *(f"shared-savings-{share}" for share in SHARES),
        *(f"shared-savings-{share}-{who}-first" for who in ("money", "quality") for share in ("0", "50")),
        "shared-savings-50-strong-care", "shared-savings-50-weak-care",
    ),
    "choice": ("choice-none", "choice-free", "choice-by-quality"),
    "game": ("game-nobody-punishes", "game-patients-punish", "game-partners-punish", "game-reputation-pays"),
}  # fmt: skip
"""The experiments of each comparison, the reference first."""
MORE = {"choice": 2}
"""Pairs of a comparison, as a multiple: small effects take more."""
EFFORT = ("joint_effort", "kind", "gp_practice")
SHOWN: tuple[tuple[str, tuple[str, str, str], bool], ...] = (
    ("effort of practices", EFFORT, False),
    ("effort of all", ("joint_effort", "place", ""), False),
    ("emergency admissions", ("emergency_admissions", "place", ""), True),
    ("deaths", ("deaths", "place", ""), True),
    ("cost of care", ("care_cost_gbp", "place", ""), True),
    ("wait for the GP", ("routine_wait_days", "place", ""), True),
)
"""Heading, (outcome, dimension, group), and whether it is told as a share of the reference."""
AS_FOUND, OTHERWISE, OPEN = "as they found", "**not as they found**", "cannot tell"


def main() -> None:
    """Make what is missing of the three comparisons, and write the page."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--replicates", type=int, default=12)
    asked.add_argument("--sample", type=float, default=0.05)
    asked.add_argument("--jobs", type=int, default=1)
    asked.add_argument("--kept", type=Path, default=Path("runs/other-models"))
    options = asked.parse_args()
    made = {name: _made(name, options) for name in STUDIES}
    template = Template((HERE / "img" / "other-models.md.in").read_text(encoding="utf-8"))
    one = made["savings"]
    page = template.substitute(
        findings=findings(made),
        **{f"{name}_table": table(comparison) for name, comparison in made.items()},
        made=f"icsim {one.manifest['versions']['icsim']}, {one.manifest['created'][:10]}",
        sample=f"{options.sample:g}",
        **{f"{name}_pairs": comparison.replicates for name, comparison in made.items()},
    )
    (HERE / "other-models.md").write_text(page, encoding="utf-8")


def _made(name: str, options: argparse.Namespace) -> Comparison:
    folder = options.kept / name
    if (folder / MANIFEST).exists():
        return open_comparison(folder)
    return compare(
        [f"{FOLDER}/{one}" for one in STUDIES[name]], replicates=options.replicates * MORE.get(name, 1),
        overrides=[f"population.sample={options.sample}"], out=folder, jobs=options.jobs, keep_runs=False,
        assumptions=0, ensemble=0,
    )  # fmt: skip


def values(one: Comparison, label: str, what: tuple[str, str, str] = EFFORT) -> np.ndarray:
    """An outcome of an experiment in every replicate, over the whole run."""
    outcome, dimension, group = what
    if label == one.reference:
        return one.pairs(one.policies[0], outcome, "all", dimension, group)["reference"].to_numpy(float)
    return one.pairs(label, outcome, "all", dimension, group)["policy"].to_numpy(float)


@dataclass(frozen=True)
class Finding:
    """A finding of a paper, and the figure of icsim in which it would show, above 0."""

    paper: str
    said: str
    study: str
    looked: str
    figure: Callable[[Comparison], np.ndarray]
    decimals: int = 3


def _change(
    label: str, what: tuple[str, str, str] = EFFORT, sign: int = 1
) -> Callable[[Comparison], np.ndarray]:
    return lambda one: sign * (values(one, label, what) - values(one, one.reference, what))


def _bend(one: Comparison) -> np.ndarray:
    at = {share: values(one, f"shared-savings-{share}") for share in SHARES}
    return (at["25"] - at["0"]) - (at["100"] - at["0"]) / 4


def _priorities(one: Comparison) -> np.ndarray:
    def responds(who: str) -> np.ndarray:
        return values(one, f"shared-savings-50-{who}") - values(one, f"shared-savings-0-{who}")

    return responds("money-first") - responds("quality-first")


def _swings(one: Comparison) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Emergency admissions: weak less strong care, no share less all of it, quality less money first."""
    what, name = ("emergency_admissions", "place", ""), "shared-savings"
    pairs = (("50-weak-care", "50-strong-care"), ("0", "100"), ("50-quality-first", "50-money-first"))
    care, share, priority = (
        values(one, f"{name}-{more}", what) - values(one, f"{name}-{less}", what) for more, less in pairs
    )
    return care, share, priority


ADMISSIONS, DEATHS, COST = (
    (outcome, "place", "") for outcome in ("emergency_admissions", "deaths", "care_cost_gbp")
)
LIU, ALIBRAHIM, ALALAWI = "Liu and Wu", "Alibrahim and Wu", "Alalawi and others"
FINDINGS = (
    Finding(LIU, "providers change their behaviour non-linearly with the payment", "savings",
            "effort that the first quarter of savings adds, less a quarter of what all of them add", _bend),
    Finding(LIU, "it depends on what providers put first", "savings",
            "effort that half the savings add where money comes first, less where the will to work does",
            _priorities),
    Finding(LIU, "outcomes depend most on how well the interventions work", "savings",
            "emergency admissions between weak and strong care, less those between no share and all of it",
            lambda one: _swings(one)[0] - np.abs(_swings(one)[1]), 0),
    Finding(LIU, "", "savings", "the same, less those between the two priorities",
            lambda one: _swings(one)[0] - np.abs(_swings(one)[2]), 0),
    Finding(ALIBRAHIM, "with choice a few more providers take part", "choice",
            "effort of practices with choice, less without", _change("choice-free")),
    Finding(ALIBRAHIM, "admissions fall slightly", "choice", "emergency admissions without choice, less with",
            _change("choice-free", ADMISSIONS, -1), 1),
    Finding(ALIBRAHIM, "deaths fall slightly", "choice", "deaths without choice, less with",
            _change("choice-free", DEATHS, -1), 2),
    Finding(ALIBRAHIM, "payments fall", "choice", "cost of care without choice, less with, £",
            _change("choice-free", COST, -1), 0),
    Finding(ALALAWI, "punishment by patients raises co-operation", "game",
            "effort of practices where patients punish, less where nobody does",
            _change("game-patients-punish")),
    Finding(ALALAWI, "and costs much for it", "game", "cost of care where patients punish, less where not, £",
            _change("game-patients-punish", COST), 0),
    Finding("the same authors, a second paper", "co-operation rises where reputation pays well", "game",
            "effort of practices where good joint services bring patients, less where nobody punishes",
            _change("game-reputation-pays")),
)  # fmt: skip


def verdict(low: float, high: float) -> str:
    """What an interval of a figure that should be above 0 says."""
    return AS_FOUND if low > 0 else OTHERWISE if high < 0 else OPEN


def findings(made: dict[str, Comparison]) -> str:
    """A row for each finding, with its figure and verdict."""
    return "\n".join(_rows(made))


def _rows(made: dict[str, Comparison]) -> Iterator[str]:
    yield "| paper | it found | looked for in icsim: above 0? | found | verdict |"
    yield "| --- | --- | --- | ---: | --- |"
    for one in FINDINGS:
        found = intervals.paired(one.figure(made[one.study])[None, :])
        mean, low, high = (float(each[0]) for each in (found.mean, found.low, found.high))
        figure = f"{mean:+,.{one.decimals}f} ({low:+,.{one.decimals}f} to {high:+,.{one.decimals}f})"
        yield f"| {one.paper} | {one.said} | {one.looked} | {figure} | {verdict(low, high)} |"


def table(one: Comparison) -> str:
    """The reference as it is, and how each other experiment differs, with 95% intervals."""
    heads = [f"| | {' | '.join(head for head, _, _ in SHOWN)} |", "| :-- |" + " --: |" * len(SHOWN)]
    levels = (float(values(one, one.reference, what).mean()) for _, what, _ in SHOWN)
    cells = (f"*{level:,.0f}*" if level >= 100 else f"*{level:.3g}*" for level in levels)
    rows = [f"| *{one.reference}* | {' | '.join(cells)} |"]
    for label in one.policies:
        cells = (_cell(one, label, what, relative) for _, what, relative in SHOWN)
        rows.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join([*heads, *rows])


def _cell(one: Comparison, label: str, what: tuple[str, str, str], relative: bool) -> str:
    before = values(one, one.reference, what)
    found = intervals.paired((values(one, label, what) - before)[None, :])
    scale = 100 / float(before.mean()) if relative else 1.0
    mean, low, high = (scale * float(each[0]) for each in (found.mean, found.low, found.high))
    decimals, unit = (2, "%") if relative else (3, "")
    text = f"{mean:+.{decimals}f}{unit} ({low:+.{decimals}f} to {high:+.{decimals}f})"
    return f"**{text}**" if low > 0 or high < 0 else text


if __name__ == "__main__":
    main()
