"""Where the controls of the page stand, and the catalogue of services that they offer."""

from datetime import timedelta
from functools import cache
from typing import Any

from icsim import evidence
from icsim.dashboards.marks import titled
from icsim.experiment.service_book import shipped_book
from icsim.experiment.services import Effect, Level, Service, Use, effect_key
from icsim.model import ICSModel
from icsim.system.delivery import Delivery, Phase

LEVELS: dict[Level, str] = {
    Level.WHOLE_POPULATION: "Whole population",
    Level.URGENT: "Urgent care",
    Level.ONGOING: "Ongoing care",
    Level.HIGHEST: "Highest needs",
    Level.ENABLER: "What makes others possible",
}
TURNED: dict[str, str] = {
    "need_minor": "minor illness",
    "need_acsc": "crises of long-term conditions",
    "need_mental_health": "mental-health crises",
    "need_frailty": "falls and frailty crises",
    "need_social": "breakdowns of care at home",
    "need_acute": "acute illness",
    "need_planned": "need for planned care",
    "admission": "odds of admission at A&E",
    "length_of_stay": "length of stay",
    "readmission": "readmissions",
    "referral": "referrals",
    "ae_choice": "choices of A&E",
}
PHASES: dict[Phase, str] = {
    Phase.PLANNED: "not begun",
    Phase.WAITING: "waiting",
    Phase.RAMPING: "building up",
    Phase.RUNNING: "at work",
    Phase.STALLED: "stalled",
    Phase.DROPPED: "given up",
    Phase.ENDED: "ended",
}


@cache
def catalogue() -> list[dict[str, str]]:
    """Every service that comes with icsim: id, level, title and what it does, by level and title."""
    return [
        {"id": name, "level": LEVELS[one.level], "title": one.title, "said": _said(name, one)}
        for name, one in sorted(shipped_book().items(), key=lambda item: (list(LEVELS).index(item[1].level),
                                                                          item[1].title))
    ]  # fmt: skip


def _said(name: str, one: Service) -> str:
    """What a service does, what it is meant for and what the model holds of it, in short."""
    parts = [] if one.logic is None else [f"{one.logic.activity}. Meant for: {one.logic.outcome}."]
    if one.posts_per_100_000:
        parts.append(f"{one.posts_per_100_000:g} posts for 100,000 residents.")
    effects = [_effect(name, lever, effect) for lever, effect in one.levers.items()]
    effects += [f"more {what.replace('_', ' ')}" for what in one.adds]
    effects += [f"{what} that other services need" for what in one.gives]
    return " ".join([*parts, f"In the model: {'; '.join(effects)}."])


def _effect(name: str, lever: str, effect: Any) -> str:
    """``-20% falls and frailty crises (assumed)``: for a person fully reached."""
    if isinstance(effect, str):
        row = evidence.load()[effect_key(name, lever)]
        value, kind = float(row.value), str(row.kind)
    elif isinstance(effect, Effect):
        value, kind = effect.value, str(effect.evidence)
    else:
        value, kind = float(effect), "assumed"
    change = f"{value - 1:+.0%}".replace("-", "\u2212") if round(value, 2) != 1 else "no change in"
    return f"{change} {TURNED[lever]} ({kind})"


def hands(room: ICSModel) -> dict[str, Any]:
    """Where the controls stand in the room's world today."""
    experiment, today = room.experiment, room.date
    work, contract = experiment.joint_work, experiment.contract
    forms = [step for step in contract.steps if step.form and step.date <= today]
    signed = room._accounts.signed  # not "accounts", which would close the books of every day looked at
    pending = [str(step.form) for step in forms if step.form and step.date not in signed]
    soon = today + timedelta(days=1)
    paid = [str(step.payment) for step in contract.steps
            if step.payment and not step.form and step.date <= soon]  # fmt: skip
    rates = [step.marginal_emergency_rate for step in contract.steps
             if step.marginal_emergency_rate is not None and step.date <= soon]  # fmt: skip
    programme = experiment.programme
    return {
        "payment": paid[-1] if paid else str(contract.payment),
        "form": str(room.strategy.form),
        "pending": pending[-1] if pending else "",
        "rate": rates[-1] if rates else contract.marginal_emergency_rate,
        "joint_work": work != "none" and (work.end is None or work.end >= today),
        "joint_work_again": work == "none",
        "turnover": experiment.relationships.leader_turnover_on(soon),
        "running": [one.name.split(" (")[0] for one in experiment.interventions
                    if not isinstance(one, Use) and (one.end is None or one.end >= today)],
        "programme": "" if isinstance(programme, str) else programme.name,
        "programme_on": not isinstance(programme, str) and (programme.end is None or programme.end >= today),
        "services": [_service(room, one) for one in room.services.deliveries
                     if one.phase is not Phase.PLANNED or one.start is not None],
    }  # fmt: skip


def _service(room: ICSModel, one: Delivery) -> dict[str, Any]:
    """How a service that is in use stands."""
    ended = one.end is not None and one.end < room.date
    words = PHASES[Phase.ENDED if ended else one.phase]
    if one.cause and not ended:
        words += f": {one.cause}"
    return {
        "name": one.name, "title": titled(room.experiment, one.use), "words": words,
        "there": round(100 * float(one.breadth)) if one.at_work else 0,
        "well": round(100 * float(one.quality)) if one.at_work else 0,
        "own": one.programme is None and not ended and one.phase is not Phase.DROPPED,
    }  # fmt: skip
