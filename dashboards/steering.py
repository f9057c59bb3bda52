"""From what the room asks for to the experiment it makes: dated steps, shocks and interventions.

Every change goes through ``icsim.branching.future``, as a branch from a checkpoint does, so that the
file of a session says all there is to say of it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from icsim.branching import future
from icsim.experiment import Experiment, ExperimentError
from icsim.experiment.errors import Problem, near
from icsim.experiment.sources import shipped_services

EVERYBODY = "default"
OFFERED: dict[str, dict[str, Any]] = {
    "Team visits care homes": {
        "said": "a fifth fewer falls and frailty crises, and lower odds of admission, in care homes",
        "who": {"residence": "care_home"},
        "levers": {"need_frailty": 0.8, "admission": 0.8},
    },
    "GPs at the door of A&E": {
        "said": "a tenth lower odds of admission; A&E a little more appealing",
        "levers": {"admission": 0.9, "ae_choice": 1.05},
    },
    "Care plans for the sickest": {
        "said": "a tenth fewer crises among people with four conditions or more",
        "who": {"min_conditions": 4},
        "levers": {"need_acsc": 0.9, "need_frailty": 0.9},
    },
    "Home first after hospital": {
        "said": "stays a tenth shorter from the age of 75",
        "who": {"min_age": 75},
        "levers": {"length_of_stay": 0.9},
    },
}
"""Interventions that the room can switch on. Their factors are beliefs to be tried out, not evidence."""


def first_day(today: date, day: int) -> date:
    """The day from which a change made before ``today`` is lived acts: that day.

    On the first day of a run and of a month the next one: what the first day of a run has was agreed before
    it, and the month before is closed under what was in force in it.
    """
    return today + timedelta(days=1) if day == 0 or today.day == 1 else today


def steered(experiment: Experiment, today: date, day: int, asked: Mapping[str, Any]) -> Experiment:
    """The experiment with one change from today on.

    Args:
        experiment: as lived so far.
        today, day: about to be lived.
        asked: ``control`` and what it needs: trust (pair, value), turnover (value), payment or form (value),
            rate (value), joint_work (on), programme (on: false), shock (kind, and size, days, organisation),
            intervention (name, on), service (use and size, or name and on: false).

    Raises:
        ExperimentError: a change that cannot be made, or not any more.
    """
    control, since = str(asked.get("control", "")), first_day(today, day)
    if control not in CONTROLS:
        raise ExperimentError(Problem("", "control", f"expected one of {', '.join(CONTROLS)}", control))
    if since >= experiment.end:
        raise ExperimentError(
            Problem("", "date", f"the run ends on {experiment.end}: nothing can change now")
        )
    return future(experiment, CONTROLS[control](experiment, since, asked), today, "the room")


def _step(steps: list[dict[str, Any]], since: date, **keys: Any) -> list[dict[str, Any]]:
    """Steps with these keys on a day; a step of that day is changed and not doubled."""
    day = since.isoformat()
    kept = [{key: value for key, value in one.items() if value is not None} for one in steps]
    mine = next((one for one in kept if one["date"] == day), None)
    if mine is None:
        mine = {"date": day}
        kept = sorted([*kept, mine], key=lambda one: one["date"])
    mine.update(keys)
    return kept


def _ties(experiment: Experiment) -> list[dict[str, Any]]:
    return experiment.to_dict()["relationships"]["steps"]


def _trust(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    pair, value = str(asked.get("pair", EVERYBODY)), asked.get("value")
    steps = _ties(experiment)
    before = next((one["trust"] for one in steps if one["date"] == since.isoformat()), None)
    if pair == EVERYBODY:
        return {"relationships.steps": _step(steps, since, trust=value)}
    one, _, other = pair.partition("->")
    known = before if isinstance(before, dict) else {} if before is None else {EVERYBODY: before}
    trust = {**known, f"{one}->{other}": value, f"{other}->{one}": value}
    return {"relationships.steps": _step(steps, since, trust=trust)}


def _turnover(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"relationships.steps": _step(_ties(experiment), since, leader_turnover=asked.get("value"))}


def _contract(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A new form must be negotiated, payment acts at once: each has a step of its own."""
    steps, key = experiment.to_dict()["contract"]["steps"], str(asked["control"])
    other = "payment" if key == "form" else "form"
    while any(one["date"] == since.isoformat() and one[other] is not None for one in steps):
        since += timedelta(days=1)
    return {"contract.steps": _step(steps, since, **{key: asked.get("value")})}


def _rate(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    steps = experiment.to_dict()["contract"]["steps"]
    return {"contract.steps": _step(steps, since, marginal_emergency_rate=asked.get("value"))}


def _programme(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The programme ends; what ended cannot begin again."""
    if asked.get("on"):
        said = "it began with the run and cannot begin again: restart, or start its services one by one"
        raise ExperimentError(Problem("", "programme", said))
    if isinstance(experiment.programme, str):
        return {}
    return {"programme.end": (since - timedelta(days=1)).isoformat()}


def _joint_work(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    work = experiment.joint_work
    if asked.get("on"):
        if work != "none":
            said = "it was begun once in this run and cannot begin again: restart to try another course"
            raise ExperimentError(Problem("", "joint work", said))
        return {"joint_work": {"start": since.isoformat()}}
    if work == "none":
        return {}
    if work.start is not None and work.start >= since:
        return {"joint_work": "none"}
    return {"joint_work.end": (since - timedelta(days=1)).isoformat()}


def _shock(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    shock = {"kind": asked.get("kind"), "date": since.isoformat()}
    shock |= {key: asked[key] for key in ("size", "days", "organisation") if asked.get(key) is not None}
    return {"shocks": [*experiment.to_dict()["shocks"], shock]}


def _ended(written: list[dict[str, Any]], name: str, since: date) -> list[dict[str, Any]]:
    """Interventions with one that ends the day before; without it if it has not begun."""
    yesterday = (since - timedelta(days=1)).isoformat()
    ended = [{**one, "end": yesterday} if one["name"] == name else one for one in written]
    return [one for one in ended if (one["end"] or "9") >= (one["start"] or "")]


def _free_name(written: list[dict[str, Any]], name: str) -> str:
    """The name itself, or with the first number that makes it another."""
    names, k = {one["name"] for one in written}, 2
    if name not in names:
        return name
    while f"{name} ({k})" in names:
        k += 1
    return f"{name} ({k})"


def _intervention(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    name = str(asked.get("name", ""))
    mine = [one for one in experiment.interventions if one.name.split(" (")[0] == name]
    running = [one for one in mine if one.end is None]
    written = experiment.to_dict()["interventions"]
    if not asked.get("on"):
        return {"interventions": _ended(written, running[0].name, since)} if running else {}
    if name not in OFFERED:
        raise ExperimentError(Problem("", "intervention", f"expected one of {', '.join(OFFERED)}", name))
    if running:
        return {}
    fresh = {key: value for key, value in OFFERED[name].items() if key != "said"}
    fresh |= {"name": _free_name(written, name), "start": since.isoformat()}
    return {"interventions": [*written, fresh]}


def _service(experiment: Experiment, since: date, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A service of the catalogue; it begins on the first of a month, when what it needs is there."""
    written = experiment.to_dict()["interventions"]
    if asked.get("on") is False:
        return {"interventions": _ended(written, str(asked.get("name", "")), since)}
    use, known = str(asked.get("use", "")), shipped_services()
    if use not in known:
        said = "no such service in the catalogue"
        raise ExperimentError(Problem("", "service", said, use, choices=near(use, known)))
    names = [{"name": one.name} for one, _ in experiment.used]
    fresh = {"use": use, "name": _free_name([*written, *names], use), "start": since.isoformat()}
    if asked.get("size") is not None:
        fresh["size"] = asked["size"]
    return {"interventions": [*written, fresh]}


CONTROLS = {
    "trust": _trust, "turnover": _turnover, "payment": _contract, "form": _contract,
    "joint_work": _joint_work, "shock": _shock, "intervention": _intervention,
    "service": _service, "rate": _rate, "programme": _programme,
}  # fmt: skip
