"""Whether what a service needs is there, and whether it fails."""

from dataclasses import dataclass

from icsim.experiment.services import How
from icsim.system.delivery import Delivery, ServiceRules
from icsim.system.standing import Standing


@dataclass(frozen=True)
class Surroundings:
    """What is there for services this month.

    Attributes:
        standing: of the organisations.
        gifts: shared records, analytics, the public's say and capability, 0 to 1.
        voices: the say of clinicians, GPs and the public in designs, 0 to 1.
    """

    standing: Standing
    gifts: dict[str, float]
    voices: dict[str, float]


def missing(delivery: Delivery, there: Surroundings, rules: ServiceRules) -> str:
    """What a service lacks this month, in words; "" for nothing.

    One that is at work is held to less than one that is to start.
    """
    needs, begun = delivery.entry.needs, delivery.begun
    least = rules.stall_effort if begun else rules.start_effort
    for kind in needs.partners:
        effort = there.standing.effort_of(kind)
        if effort is not None and effort < least:
            return f"{kind} holds back (effort {effort:.2f}, {least:.2f} needed)"
    ease = rules.trust_slack if begun else 1.0
    for tie, needed in needs.trust.items():
        trust = there.standing.trust_on(*tie.split("->"))
        if trust is not None and trust < needed * ease:
            return f"trust {tie} {trust:.2f} below {needed * ease:.2f}"
    records = there.gifts["records"]
    if records < needs.records * ease:
        return f"shared records {records:.2f} below {needs.records * ease:.2f}"
    if delivery.afforded < rules.money_least * ease:
        return f"no money (a share of {delivery.afforded:.2f} is paid for)"
    return ""


def ceiling(delivery: Delivery, there: Surroundings, rules: ServiceRules) -> float:
    """The most that fidelity can come to: designs made without those they concern fit worse."""
    most = 1.0
    for voice in delivery.entry.design_with:
        most *= 1 - rules.misfit * (1 - there.voices[voice])
    return most


def hazard(delivery: Delivery, there: Surroundings, rules: ServiceRules) -> tuple[float, str]:
    """The chance that a service at work is dropped this month by a clash, and what would be its cause."""
    worst, cause = 0.0, ""
    for way in delivery.entry.ways_to_fail:
        if way.how is How.CULTURE and way.between is not None and way.distance is not None:
            trust = there.standing.both_ways(*way.between)
            apart = way.distance * rules.culture - trust
            words = f"ways of working of {' and '.join(way.between)} too far apart (trust {trust:.2f})"
        elif way.how is How.DESIGN and delivery.entry.design_with:
            heard = {voice: there.voices[voice] for voice in delivery.entry.design_with}
            least = min(heard, key=lambda voice: heard[voice])
            apart = 1 - heard[least] - rules.misfit_drop
            words = f"designed without {least} (say {heard[least]:.2f})"
        else:
            continue
        if rules.clash * apart > worst:
            worst, cause = rules.clash * apart, words
    return worst, cause
