"""What a decision needs first: what would change, for whom, at what cost, how surely, on what it rests.

And why: the logic model of each of its services, with where in the chain the effect was lost.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from icsim import evidence
from icsim.analysis import consequences, sureness
from icsim.analysis.comparison import Comparison
from icsim.analysis.consequences import Amount, amount
from icsim.analysis.explaining import Explanation, explain
from icsim.analysis.outcomes import ALL, OUTCOMES
from icsim.analysis.telling import FIFTHS, ORDERS, number, percent, signed, span
from icsim.evidence.catalogue import KINDS
from icsim.experiment import Experiment, load
from icsim.experiment.happenings import Intervention
from icsim.experiment.services import Effect, effect_key
from icsim.recording.run import open_run
from icsim.reporting.page import Group, Section, Table, listed

FIRST = "emergency_admissions"
CHAIN = ("What goes in", "What is done", "What patients get", "What should come of it")
FOUND = "What came of it, and where most was lost"


def headlines(comparison: Comparison) -> Iterator[tuple[str, str]]:
    """(what, sentence) in the order that a decision needs; the policy is named where there are several."""
    several = len(comparison.policies) > 1
    for at, policy in enumerate(comparison.policies, 1):
        parts = (
            ("What would change", _change(comparison, policy)),
            ("For whom", _for_whom(comparison, policy)),
            ("At what cost", _cost(comparison, policy)),
            ("How sure", _sure(comparison, policy)),
            ("What it rests on", _basis(comparison, at)),
        )
        for what, sentences in parts:
            yield f"{policy}: {what[0].lower()}{what[1:]}" if several else what, " ".join(sentences)


def beyond_luck(row: Any) -> bool:
    """Whether the interval leaves no change out, and there is one."""
    return row.difference != 0 and (row.low > 0 or row.high < 0)


def _rows(comparison: Comparison, policy: str, dimension: str) -> Any:
    d: Any = comparison.differences
    return d[(d["experiment"] == policy) & (d["dimension"] == dimension) & (d["financial_year"] == ALL)]


def _change(comparison: Comparison, policy: str) -> Iterator[str]:
    found = {row.outcome: row for row in _rows(comparison, policy, "place").itertuples()}
    first = found[FIRST]
    between = "" if math.isnan(first.low) else f"; 95% interval {span(first.low, first.high)}"
    sure = [one for one in OUTCOMES if one.name in found and beyond_luck(found[one.name])]
    luck = "beyond luck" if any(one.name == FIRST for one in sure) else "which may be luck"
    yield (
        f"{signed(first.difference)} emergency admissions over the whole run ({percent(first.relative)} of "
        f"the {number(first.reference)} under {comparison.reference}{between}), {luck}."
    )
    if comparison.replicates == 1:
        yield "With one pair of runs no change can be told from luck."
        return
    others = [one for one in sure if one.name != FIRST]
    for said, way in (("Better", 1), ("Worse", -1), ("Other, neither better nor worse", 0)):
        named = [one for one in others if _way(found[one.name].difference, one.better) == way]
        if named:
            yield f"{said}, beyond luck: {_named(named, found)}."
    yield "In all else no change can be told from luck."


def _way(difference: float, better: int) -> int:
    return 0 if not better else 1 if difference * better > 0 else -1


def _named(outcomes: Sequence[Any], found: dict[str, Any]) -> str:
    return listed([f"{one.label} ({percent(found[one.name].relative)})" for one in outcomes])


def _for_whom(comparison: Comparison, policy: str) -> Iterator[str]:
    ages: dict[str, str] = {}
    for dimension, names in (("age_band", ages), ("imd_fifth", FIFTHS)):
        rows = _rows(comparison, policy, dimension)
        rows = {row.group: row for row in rows[rows["outcome"] == FIRST].itertuples()}
        who = "age" if dimension == "age_band" else "fifth of deprivation"
        sure = [rows[group] for group in ORDERS[dimension] if group in rows and beyond_luck(rows[group])]
        if sure:
            said = [f"{names.get(row.group, row.group)} ({percent(row.relative)})" for row in sure]
            yield f"Emergency admissions by {who}, beyond luck: {listed(said)}."
        elif rows:
            yield f"Emergency admissions by {who}: no change of any that can be told from luck."
    t: Any = comparison.twins
    same = t[
        (t["experiment"] == policy) & (t["financial_year"] == ALL) & (t["outcome"] == FIRST)
        & (t["dimension"] == "everybody")
    ]  # fmt: skip
    if same["people"].sum():
        people, less, more = (number(same[column].mean()) for column in ("people", "less", "more"))
        yield f"Of {people} people {less} were admitted less often than the same without it, {more} more."


def _cost(comparison: Comparison, policy: str) -> Iterator[str]:
    net = amount(consequences.net_cost(comparison, policy))
    own = comparison.cost_gbp(policy)
    given = f", the {_pounds(own)} given for the policy itself among it" if own else ""
    care = _rows(comparison, policy, "place")
    care = care[care["outcome"] == "care_cost_gbp"]["reference"]
    share = f", {percent(net.mean / float(care.iloc[0]))} of what care costs" if len(care) else ""
    yield f"{_pounds(net.mean, sign=True)} net over the whole run{_between(net)}{share}, whoever pays{given}."
    better, worse = [], []
    for party, change, _ in consequences.by_party(comparison, policy):
        if change.low > 0 or change.high < 0:
            (better if change.mean > 0 else worse).append(f"{party} ({_pounds(change.mean, sign=True)})")
    for said, parties in (("Better off", better), ("Worse off", worse)):
        if parties:
            yield f"{said}, beyond luck: {listed(parties)}."
    avoided = consequences.per_avoided(comparison, policy, FIRST)
    if not math.isnan(avoided.mean):
        yield f"{_pounds(avoided.mean)} for each emergency admission avoided{_between(avoided, sign=False)}."


def _pounds(gbp: float, sign: bool = False) -> str:
    """To three figures."""
    size, million = abs(float(f"{gbp:.3g}")), 1e6
    text = f"£{size / million:g} million" if size >= million else f"£{number(size)}"
    return f"{'-' if gbp < 0 else '+' if sign else ''}{text}"


def _between(value: Amount, sign: bool = True) -> str:
    if math.isnan(value.low):
        return ""
    return f" (95% interval {_pounds(value.low, sign)} to {_pounds(value.high, sign)})"


def _sure(comparison: Comparison, policy: str) -> Iterator[str]:
    pairs = comparison.replicates
    yield (
        "One pair of runs: nothing here is sure, not even against luck."
        if pairs == 1
        else f"{pairs} pairs of runs with the same people and luck. Intervals hold luck alone."
    )
    found = _rows(comparison, policy, "place")
    needed = found[found["outcome"] == FIRST]["replicates_needed"]
    if pairs > 1 and len(needed) and float(needed.iloc[0]) > pairs:
        many = "over a thousand" if float(needed.iloc[0]) > 1000 else f"some {number(float(needed.iloc[0]))}"
        yield f"To tell the change of emergency admissions to a tenth takes {many} pairs."
    yield from sureness.sentences(comparison, policy, FIRST)


def _basis(comparison: Comparison, at: int) -> Iterator[str]:
    run = next(iter(sorted((comparison.path / "runs" / comparison.labels[at]).glob("seed*"))), None)
    if run is not None:
        used = Counter(one["class"] for one in open_run(run).manifest["evidence"]["keys"].values())
        whole = sum(used.values())
        if whole:
            measured, reported, assumed = (used[kind] for kind in KINDS)
            yield (
                f"{whole:,} values of the evidence catalogue: {measured:,} measured, {reported:,} reported "
                f"by those who took part and {assumed:,} assumed or recalled ({assumed / whole:.0%})."
            )
    experiment = load(comparison.manifest["experiments"][at])
    kinds = Counter(effects(experiment))
    if kinds:
        said = [f"{count} {kind}" for kind, count in kinds.most_common()]
        yield f"The effects of its services: {listed(said)}."
    direct = [one.name for one in experiment.interventions if isinstance(one, Intervention)]
    if direct:
        yield f"Effects put in by the experiment itself: {listed(direct)}."


def effects(experiment: Experiment) -> Iterator[str]:
    """The class of evidence of each effect of each service that an experiment uses."""
    catalogue = evidence.load()
    for use, _ in experiment.used:
        for lever, effect in experiment.services[use.use].levers.items():
            if lever in use.levers:
                yield "set by the experiment"
            elif isinstance(effect, Effect):
                yield str(effect.evidence)
            elif isinstance(effect, str):
                yield catalogue[effect_key(use.use, lever)].kind
            else:
                yield "set by the experiment"


def why(comparison: Comparison) -> Iterator[Section]:
    """From contract to patients, policy by policy, with the logic model of each service."""
    for at, explanation in enumerate(explain(comparison), 1):
        policy = comparison.labels[at]
        yield Section(
            f"why{at}",
            f"Why: {policy}, from contract to patients",
            ("Each sentence is made of figures of the runs; icsim explain --evidence prints them.",),
            tuple(_groups(explanation, load(comparison.manifest["experiments"][at]))),
        )


def _groups(explanation: Explanation, experiment: Experiment) -> Iterator[Group]:
    for part in explanation.parts:
        if not part.title.startswith("Services"):
            yield Group(part.title, tuple(sentence.text for sentence in part.sentences))
            continue
        rows = []
        for (use, _), sentence in zip_longest(experiment.used, part.sentences):
            service = experiment.services[use.use]
            logic = service.logic
            title, _, came = sentence.text.partition(": ")
            chain = ("", "", "", "") if logic is None else (
                logic.inputs, logic.activity, logic.output, logic.outcome
            )  # fmt: skip
            rows.append((title, *chain, _capital(came)))
        heads = ("Service", *CHAIN, FOUND)
        caption = "The logic model of each service"
        note = "Lost at: its needs, posts, whom it reached, how well it was done, or the evidence itself."
        table = Table(caption, heads, tuple(rows), texts=tuple(range(len(heads))), note=note)
        yield Group(part.title, tables=(table,))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
