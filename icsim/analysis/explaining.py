"""Why a run came out as it did: from contract and relationships to services to patients, in plain English.

Every sentence is made of facts read from the run's tables (``facts``). What a single run cannot know, what a
programme changed, is said only of a comparison, and only where its interval leaves out nothing at all.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from icsim.analysis.comparison import Comparison, is_comparison, open_comparison
from icsim.analysis.facts import Fact, Sentence, Tables, moved
from icsim.analysis.losses import losses
from icsim.analysis.outcomes import ALL, OUTCOMES
from icsim.experiment import Experiment, load
from icsim.recording.run import Run, open_run

if TYPE_CHECKING:
    from rich.console import Group

LEAST_TRUST = 0.02
LEAST_EFFORT = 0.03
TOLD_KINDS = 5
TOLD_EVENTS = 12
TOLD = (
    "emergency_admissions", "ae_attendances", "bed_days", "delayed_transfers", "deaths", "unmet_need",
    "care_cost_gbp",
)  # fmt: skip
KINDS = {
    "gp_practice": "general practices",
    "community_team": "community teams",
    "acute_trust": "acute hospitals",
    "local_authority": "councils",
    "commissioner": "commissioners",
    "mental_health_trust": "mental health trusts",
    "urgent_care": "ambulances and urgent care by telephone",
    "voluntary_sector": "the voluntary sector",
    "care_homes": "care homes",
}
BESIDES = {
    "pressure": "pressure on them",
    "incentive": "what joint work would pay them",
    "autonomy_loss": "independence they would give up",
    "trust_given": "their trust in partners",
}
"""What bears on effort, by column of the table of decisions, in words."""
WEIGHED_BY = {
    "pressure": ("effort_pressure", -1.0),
    "incentive": ("effort_incentive", 1.0),
    "autonomy_loss": ("effort_autonomy", -1.0),
    "trust_given": ("effort_collaboration", 1.0),
}


@dataclass(frozen=True)
class Part:
    """A heading and what stands under it."""

    title: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Explanation:
    """The chain of a run or of one policy of a comparison; prints in a terminal and as plain text.

    Attributes:
        title: of what.
        parts: in the order of the chain.
        tables: that the facts were read from.
        evidence: whether facts are printed under their sentences.
    """

    title: str
    parts: tuple[Part, ...]
    tables: Tables
    evidence: bool = False

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences."""
        return tuple(sentence for part in self.parts for sentence in part.sentences)

    def __str__(self) -> str:
        lines = [self.title]
        for part in self.parts:
            lines += ["", part.title]
            for sentence in part.sentences:
                lines.append(f"- {sentence.text}")
                lines += [f"    [{fact.source}: {fact}]" for fact in sentence.facts if self.evidence]
        return "\n".join(lines)

    def __rich__(self) -> "Group":
        from rich.console import Group
        from rich.padding import Padding
        from rich.text import Text

        found: list[Any] = [Text(self.title, style="bold")]
        for part in self.parts:
            found.append(Text(f"\n{part.title}", style="bold"))
            for sentence in part.sentences:
                found.append(Padding(Text(sentence.text), (0, 0, 0, 2)))
                if self.evidence:
                    told = "\n".join(f"{fact.source}: {fact}" for fact in sentence.facts)
                    found.append(Padding(Text(told, style="dim"), (0, 0, 0, 6)))
        return Group(*found)


def explain(source: str | Path | Run | Comparison, *, evidence: bool = False) -> tuple[Explanation, ...]:
    """The explanation of a run, or one for each policy of a comparison.

    Raises:
        icsim.recording.store.ResultError: not a run or comparison, incomplete or damaged.
    """
    if isinstance(source, str | Path) and is_comparison(source):
        source = open_comparison(source)
    if isinstance(source, Comparison):
        return tuple(_of_policy(source, at, evidence) for at in range(1, len(source.labels)))
    run = source if isinstance(source, Run) else open_run(source)
    tables = Tables([run])
    experiment = load(run.manifest["experiment"])
    parts = (*chain(tables, experiment), Part("Patients", (_one_run_alone(),)))
    return (Explanation(f"Why {run.name} came out as it did", parts, tables, evidence),)


def _of_policy(comparison: Comparison, at: int, evidence: bool) -> Explanation:
    label = comparison.labels[at]
    folders = sorted((comparison.path / "runs" / label).glob("seed*"))
    runs = [open_run(folder) for folder in folders]
    tables = Tables(runs, {"differences": comparison.differences})
    experiment = load(comparison.manifest["experiments"][at])
    told = chain(tables, experiment) if runs else (Part("Organisations and services", (_not_kept(),)),)
    patients = Part("Patients", tuple(_patients(tables, label, comparison.reference)))
    title = f"Why {label} differs from {comparison.reference}, or does not"
    return Explanation(title, (*told, patients), tables, evidence)


def _one_run_alone() -> Sentence:
    return Sentence(
        "One world alone cannot say what the programme changed for patients: compare it with its status-quo "
        "(icsim compare EXPERIMENT status-quo) and explain that."
    )


def _not_kept() -> Sentence:
    return Sentence("The runs of this comparison were not kept, so that only its figures can be told.")


def chain(tables: Tables, experiment: Experiment) -> tuple[Part, ...]:
    """Contract, relationships, effort and services, in this order, as far as there are any."""
    parts = (
        Part("Contract and decisive events", tuple(_contract(tables, experiment))),
        Part("Relationships", tuple(_trust(tables))),
        Part("Effort for joint work", tuple(_effort(tables, experiment))),
        Part("Services, and where each lost its effect", tuple(losses(tables, experiment))),
    )
    return tuple(part for part in parts if part.sentences)


def _contract(tables: Tables, experiment: Experiment) -> Iterator[Sentence]:
    contract = experiment.contract
    yield Sentence(f"It began under a {contract.form} contract, the hospital paid by {contract.payment}.")
    for step in contract.steps:
        if step.payment is not None:
            yield Sentence(f"From {step.date.isoformat()} the hospital was to be paid by {step.payment}.")
    events = tables["events"]
    services = events["event"].str.contains(":", regex=False)  # told with the services
    first = events[~services].groupby("event")["date"].min().sort_values()
    for event in list(first.index)[:TOLD_EVENTS]:
        yield _event(tables, str(event), first[event].date().isoformat())
    for form in dict.fromkeys(step.form for step in contract.steps if step.form):
        rows = {"event": [f"{form} contract signed", f"{form} contract given up"]}
        ended = Fact.of(tables, "events", "event", "runs", ".0f", **rows)
        if float(ended.value) < tables.count:
            said = f"A {form} contract was neither signed nor given up by the end"
            runs = f" in all but {{ended}} of the {tables.count} runs" if tables.count > 1 else ""
            yield Sentence.made(f"{said}{runs}.", ended=ended)


def _event(tables: Tables, event: str, day: str) -> Sentence:
    times = Fact.of(tables, "events", "event", "rows", ".0f", event=event)
    where = Fact.of(tables, "events", "organisation", "text", event=event)
    cause = Fact.of(tables, "events", "cause", "text", event=event)
    facts = {"times": times, "where": where, "cause": cause}
    contract = "contract" in event
    if tables.count > 1:
        facts["runs"] = Fact.of(tables, "events", "event", "runs", ".0f", event=event)
        facts["times"] = Fact.of(tables, "events", "event", "rows a run", ".2g", event=event)
        often = "" if contract else ", {times} times a run"
        said = f"{_capital(event)}: in {{runs}} of {tables.count} runs{often}"
        return Sentence.made(f"{said} (most often: {{cause}}).", **facts)
    if times.value == 1:
        return Sentence.made(f"{day}: {event}" + ("" if contract else " ({where})") + "; {cause}.", **facts)
    return Sentence.made(f"{_capital(event)}: {{times}} times, most often {{where}} ({{cause}}).", **facts)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _months(tables: Tables, table: str) -> tuple[Any, Any]:
    months = tables[table]["month"]
    return months.min(), months.max()


def _trust(tables: Tables) -> Iterator[Sentence]:
    first, last = _months(tables, "relationships")
    before, after = (
        Fact.of(tables, "relationships", "trust", "mean", ".2f", month=month) for month in (first, last)
    )
    verb = moved(before, after, LEAST_TRUST)
    yield Sentence.made(
        f"Mean trust between organisations {verb} {{way}}.", before=before, after=after,
        way=_way(verb, before, after),
    )  # fmt: skip
    changes = []
    for kind in _kinds(tables):
        rows = {"kind": kind}
        pair = [
            Fact.of(tables, "decisions", "trust_received", "mean", ".2f", **rows, month=month)
            for month in (first, last)
        ]
        changes.append((float(pair[1].value) - float(pair[0].value), kind, pair))
    changes.sort(key=lambda each: each[0])
    for change, kind, pair in (changes[-1], changes[0]) if len(changes) > 1 else ():
        verb = moved(pair[0], pair[1], LEAST_TRUST)
        if verb == "stayed":
            continue
        most = "most" if change == max((changes[-1][0], changes[0][0]), key=abs) else "too"
        said = f"Trust in {KINDS.get(kind, kind)} {verb} {{way}}" + (
            ", the most of any kind." if most == "most" else "."
        )
        yield Sentence.made(said, before=pair[0], after=pair[1], way=_way(verb, *pair))


def _way(verb: str, before: Fact, after: Fact) -> str:
    return f"at about {after}" if verb == "stayed" else f"from {before} to {after}"


def _kinds(tables: Tables) -> list[str]:
    return sorted(tables["decisions"]["kind"].unique())


def _effort(tables: Tables, experiment: Experiment) -> Iterator[Sentence]:
    first, last = _months(tables, "decisions")
    found: list[tuple[float, str, Fact, Fact]] = []
    for kind in _kinds(tables):
        before, after = (
            Fact.of(tables, "decisions", "effort", "mean", ".2f", kind=kind, month=month)
            for month in (first, last)
        )
        found.append((abs(float(after.value) - float(before.value)), kind, before, after))
    found.sort(key=lambda each: -each[0])
    for _, kind, before, after in found[:TOLD_KINDS]:
        verb = moved(before, after, LEAST_EFFORT)
        facts = {"before": before, "after": after}
        text = f"The effort of {KINDS.get(kind, kind)} {verb} {_way(verb, before, after)}"
        if verb != "stayed":
            said, more = _beside(tables, experiment, kind, (first, last), 1.0 if verb == "rose" else -1.0)
            text, facts = text + said, facts | more
        yield Sentence.made(f"{text}.", **facts)


def _beside(
    tables: Tables, experiment: Experiment, kind: str, months: Sequence[Any], sign: float
) -> tuple[str, dict[str, Fact]]:
    """What moved beside it in the direction of effort, and weighs most; nothing if nothing did."""
    from icsim import evidence

    catalogue = evidence.load().with_values(experiment.parameters)
    best: tuple[float, str, Fact, Fact] | None = None
    for column, (key, way) in WEIGHED_BY.items():
        pair = [
            Fact.of(tables, "decisions", column, "mean", ".2f", kind=kind, month=month) for month in months
        ]
        weight = catalogue.value(key) * way * (float(pair[1].value) - float(pair[0].value)) * sign
        if f"{pair[0]}" != f"{pair[1]}" and weight > (best[0] if best else 0.0):
            best = (weight, column, pair[0], pair[1])
    if best is None:
        return "; nothing recorded moved that way beside it", {}
    verb = moved(best[2], best[3], 0.0)
    return f"; {BESIDES[best[1]]} {verb} from {best[2]} to {best[3]}", {"was": best[2], "is": best[3]}


def _patients(tables: Tables, policy: str, reference: str) -> Iterator[Sentence]:
    names = {one.name: one for one in OUTCOMES}
    labels: dict[str, str] = {name: one.label for name, one in names.items()} | {
        "care_cost_gbp": "Cost of care in £"
    }
    frame = tables["differences"]
    for outcome in TOLD:
        rows = {"experiment": policy, "outcome": outcome, "financial_year": ALL, "dimension": "place"}
        here = frame
        for key, value in rows.items():
            here = here[here[key] == value]
        if not len(here):
            continue
        decimals = names[outcome].decimals if outcome in names else 0
        form = f"+z,.{decimals}f"
        amount, low, high = (
            Fact.of(tables, "differences", column, "mean", form, **rows)
            for column in ("difference", "low", "high")
        )
        share = Fact.of(tables, "differences", "relative", "mean", "+z.1%", **rows)
        pattern = _difference(labels.get(outcome, outcome), amount, low, high, reference)
        yield Sentence.made(pattern, amount=amount, low=low, high=high, share=share)


def _difference(label: str, amount: Fact, low: Fact, high: Fact, reference: str) -> str:
    """The pattern of a sentence on a difference: what may be said of it and no more."""
    between = "95% interval {low} to {high}"
    if math.isnan(float(low.value)):  # one pair of runs
        return f"{label}: {{amount}} ({{share}}) against {reference} in one pair of runs, which may be luck."
    if float(low.value) > 0 or float(high.value) < 0:
        more = "more" if float(amount.value) > 0 else "less"
        return f"{label}: {{amount}} ({{share}}; {between}): {more} than in {reference}, beyond luck."
    return f"{label}: {{amount}} ({{share}}; {between}): nothing that can be told from luck."
