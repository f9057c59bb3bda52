"""What an experiment changes on a date, in plain words: marks on the time axis, and lines of the feed."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from icsim.dashboards.picture import SHORT
from icsim.experiment import Experiment
from icsim.experiment.happenings import Intervention, Shock, ShockKind
from icsim.experiment.schema import Form, Payment
from icsim.experiment.services import Use

PAID: dict[Payment, str] = {
    Payment.ACTIVITY: "for each thing it does",
    Payment.BLOCK: "a fixed sum",
    Payment.CAPITATION: "by the head",
}
FORMS: dict[Form, str] = {
    Form.TRADITIONAL: "separate contracts",
    Form.VIRTUAL: "an alliance",
    Form.PARTIAL: "one contract without GPs",
    Form.FULL: "one contract with GPs",
}
STRUCK: dict[ShockKind, str] = {
    ShockKind.FLU: "A bad flu season: {size:.0%} more acute illness",
    ShockKind.BAD_WINTER: "A bad winter: {size:.0%} more illness of all kinds",
    ShockKind.SPECIAL_MEASURES: "Special measures",
    ShockKind.DEFICIT: "In deficit",
    ShockKind.BED_CLOSURE: "{size:.0%} of hospital beds close",
    ShockKind.LEADER_LEAVES: "A leader leaves",
    ShockKind.FUNDING_CUT: "Money cut by {size:.0%}",
    ShockKind.FUNDING_RISE: "Money up by {size:.0%}",
    ShockKind.STAFF_LOSS: "{size:.0%} of staff lost",
    ShockKind.SOCIAL_CARE_CUT: "Social care cut by {size:.0%}",
}


class Mark(NamedTuple):
    """A dated change."""

    date: date
    words: str


def marks(experiment: Experiment) -> list[Mark]:
    """Everything that an experiment dates within its run, in order."""
    found = [*_relationships(experiment), *_contract(experiment), *_services(experiment)]
    for shock in experiment.shocks:
        found += _shock(shock)
    return sorted((one for one in found if one.date < experiment.end), key=lambda one: one.date)


def _relationships(experiment: Experiment) -> Iterator[Mark]:
    for step in experiment.relationships.steps:
        if isinstance(step.trust, dict):
            told: dict[tuple[str, float], None] = {}
            for pair, value in step.trust.items():
                ends = sorted(SHORT.get(end, end) for end in pair.split("->"))
                told[" and ".join(ends) if "->" in pair else "everybody", value] = None
            for between, value in told:
                yield Mark(step.date, f"Trust between {between} set to {value:.0%}")
        elif step.trust is not None:
            yield Mark(step.date, f"Trust between everybody set to {step.trust:.0%}")
        if step.leader_turnover is not None:
            yield Mark(step.date, f"A leader leaves {step.leader_turnover:g} times a year")


def _contract(experiment: Experiment) -> Iterator[Mark]:
    for step in experiment.contract.steps:
        if step.form is not None:
            yield Mark(step.date, f"Partners begin to negotiate {FORMS[step.form]}")
        if step.payment is not None:
            yield Mark(step.date, f"Hospital paid {PAID[step.payment]}")
        if step.marginal_emergency_rate is not None:
            rate = step.marginal_emergency_rate
            yield Mark(step.date, f"Emergencies above the baseline paid at {rate:.0%}")


def _services(experiment: Experiment) -> Iterator[Mark]:
    work = experiment.joint_work
    if work != "none":
        if work.start is not None:
            yield Mark(work.start, "Joint work for patients begins")
        if work.end is not None:
            yield Mark(work.end + timedelta(days=1), "Joint work for patients stops")
    for one in experiment.interventions:
        name = titled(experiment, one)
        if one.start is not None:
            yield Mark(one.start, f"{'Set up from here' if isinstance(one, Use) else 'Begins'}: {name}")
        if one.end is not None:
            yield Mark(one.end + timedelta(days=1), f"Ends: {name}")
    if not isinstance(experiment.programme, str) and experiment.programme.end is not None:
        yield Mark(experiment.programme.end + timedelta(days=1), f"Ends: {experiment.programme.name}")


def titled(experiment: Experiment, one: Intervention | Use) -> str:
    """What people call an intervention or a service of the catalogue."""
    return experiment.services[one.use].title if isinstance(one, Use) and one.name == one.use else one.name


def _shock(shock: Shock) -> Iterator[Mark]:
    words = STRUCK[shock.kind].format(size=shock.size or 0.0)
    if shock.organisation:
        words += f" ({SHORT.get(shock.organisation, shock.organisation)})"
    yield Mark(shock.date, words)
    last = shock.end or (shock.date + timedelta(days=shock.days - 1) if shock.days else None)
    if last is not None and shock.kind is not ShockKind.LEADER_LEAVES:
        yield Mark(last + timedelta(days=1), f"Over: {words[0].lower() + words[1:]}")
