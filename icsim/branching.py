"""What may still change on the day of a checkpoint, and what is the past.

A branch is an experiment that agrees with its parent about everything before its day. What was drawn, sized
or agreed when the run began cannot be taken back; what is looked up day by day can change from that day.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.errors import Problem, near
from icsim.experiment.happenings import Intervention
from icsim.experiment.loading import leaves
from icsim.experiment.services import Use
from icsim.experiment.tree import dotted

OPEN = (
    "name",
    "description",
    "years",
    "record",
    "parameters",
    "interventions",
    "shocks",
    "contract.steps",
    "relationships.steps",
    "joint_work",
    "nation",
    "spread",
    "choice_of_practice",
    "services",
    "programme.end",
)
"""Keys that are free, or judged one by one: parameters by ``icsim.restoring``, what is dated below."""
CAPACITIES = re.compile(
    r"organisations\.("
    r"acute_trusts\.\d+\.(core_beds|escalation_beds|ae_attendances_per_year|(elective|day_case|clinic)_capacity)"
    r"|gp_practices\.(gp|nurse|other)_fte_per_1000|gp_practices\.practices\.\d+\.gp_fte"
    r"|community_teams\.(staff_per_1000|caseload_per_1000|(rapid_response|discharge_slots)_per_day_per_100_000)"
    r"|local_authorities\.(home_care|care_home|assessments|eligibility)\w*"
    r"|mental_health_trusts\.(crisis_contacts|community_caseload)\w*"
    r"|urgent_care\.(nhs_111|ambulance|out_of_hours)\w*"
    r"|voluntary_sector\.(link_workers|places)\w*"
    r"|care_homes\.places_per_1000_65plus)"
)
"""Capacities that organisations open afresh; names, numbers, shares of patients and budgets stay."""
REASONS = {
    "place": "people and organisations are of this place",
    "start": "the run has begun",
    "seed": "its luck is drawn from this seed",
    "replicates": "a branch goes on with the replicates of its checkpoint",
    "population": "its people are made",
    "relationships": "it says how organisations stood at the start; add a step: "
    "--set 'relationships.steps.+={date: DATE, trust: 0.6}'",
    "contract": "agreed at the start; add a step: --set 'contract.steps.+={date: DATE, payment: block}'",
    "programme": "it began with the run; end it with programme.end, and start services as interventions",
    "organisations": "who there is and whom they serve was settled at the start; capacities can change",
}  # fmt: skip


def future(
    parent: Experiment, overrides: Iterable[str] | Mapping[str, Any], day: date, where: str = "--set"
) -> Experiment:
    """The experiment that continues ``parent`` from ``day`` on with some keys changed.

    Raises:
        ExperimentError: a change of what is past, of what cannot change in mid-run, or wrong in itself.
    """
    branch = load(parent, overrides)
    problems = [*_keys(parent, branch, day, where), *_dated(parent, branch, day, where)]
    if branch.end <= day:
        said = f"the run would end before {branch.end}; the checkpoint is of {day}"
        problems.append(Problem(where, "years", said, branch.years))
    if problems:
        raise ExperimentError(problems)
    return branch


def changes(parent: Experiment, branch: Experiment) -> dict[str, list[Any]]:
    """What a branch changed, by dotted key: before and after."""
    before, after = parent.to_dict(), branch.to_dict()
    found = {}
    for path in dict.fromkeys([*leaves(before), *leaves(after)]):
        one, other = _at(before, path), _at(after, path)
        if one != other and not isinstance(one, dict) and not isinstance(other, dict):
            found[dotted(path)] = [one, other]
    return found


def _at(tree: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        try:
            tree = tree[step]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def _keys(parent: Experiment, branch: Experiment, day: date, where: str) -> Iterable[Problem]:
    for key, (_, after) in changes(parent, branch).items():
        parts = key.replace("[", ".").replace("]", "")
        if any(parts == one or parts.startswith(f"{one}.") for one in OPEN) or CAPACITIES.fullmatch(parts):
            continue
        reason = REASONS[parts.split(".")[0]]
        choices = near(parts.split(".")[0], ("interventions", "shocks", "parameters", "years"), 1)
        yield Problem(where, key, f"cannot change on {day}: {reason}", after, choices=choices)


def _dated(parent: Experiment, branch: Experiment, day: date, where: str) -> Iterable[Problem]:
    yield from _interventions(parent, branch, day, where)
    yield from _services(parent, branch, day, where)
    shocks = (_until(branch, parent.shocks), _until(branch, branch.shocks))
    steps = (parent.contract.steps, branch.contract.steps)
    ties = (parent.relationships.steps, branch.relationships.steps)
    dated = (("shocks", shocks), ("contract.steps", steps), ("relationships.steps", ties))
    for key, (old, new) in dated:
        was = [one for one in old if one.date < day]
        for one in new:
            if one.date < day and one not in was:
                said = f"lies before {day}, the day of the checkpoint: expected that day or a later one"
                yield Problem(where, key, said, one.date)
        if any(one not in new for one in was):
            yield Problem(where, key, _kept(key, [str(one.date) for one in was if one not in new], day))


def _until(branch: Experiment, dated: Iterable[Any]) -> list[Any]:
    """Without an end that lies beyond the branch's own."""
    return [
        one.model_copy(update={"end": None}) if one.end is not None and one.end >= branch.end else one
        for one in dated
    ]


def _kept(key: str, missing: list[str], day: date) -> str:
    return (
        f"{', '.join(missing)} came before {day} and cannot be taken back or changed: leave it in "
        f"the list, and add to it with --set '{key}.+={{...}}'"
    )


def _interventions(parent: Experiment, branch: Experiment, day: date, where: str) -> Iterable[Problem]:
    """What has begun stays as it was, but for an end that is still to come."""
    key = "interventions"
    old = _until(branch, parent.interventions)
    begun = {one.name: one for one in old if (one.start or parent.start) < day}
    new = {one.name: one for one in _until(branch, branch.interventions)}
    missing = [name for name in begun if name not in new]
    if missing:
        said = _kept(key, [repr(name) for name in missing], day)
        yield Problem(where, key, f"{said}; to end it, --set {key}.NAME.end={day - timedelta(days=1)}")
    for name, one in new.items():
        if name not in begun:
            if (one.start or parent.start) < day:
                said = f"begins before {day}, the day of the checkpoint: expected that day or a later one"
                yield Problem(where, f"{key}.{name}.start", said, one.start or parent.start)
            continue
        was = begun[name]
        if _but_end(was) != _but_end(one):
            said = f"began before {day}: only its end can change; end it and add another under a new name"
            yield Problem(where, f"{key}.{name}", said)
        elif was.end != one.end:
            yesterday = day - timedelta(days=1)
            if was.end is not None and was.end < yesterday:
                yield Problem(where, f"{key}.{name}.end", f"ended on {was.end}, before {day}", one.end)
            elif one.end is not None and one.end < yesterday:
                said = f"expected {yesterday} or later: it ran until the checkpoint"
                yield Problem(where, f"{key}.{name}.end", said, one.end)


def _services(parent: Experiment, branch: Experiment, day: date, where: str) -> Iterable[Problem]:
    """Entries of services that have begun stay as they were."""
    begun = {use.use for use, _ in parent.used if (use.start or parent.start) < day}
    for name in sorted(begun):
        if branch.services.get(name) != parent.services.get(name):
            said = f"began before {day}: its entry cannot change; end it and use one of another name"
            yield Problem(where, f"services.{name}", said)
    end = None if isinstance(branch.programme, str) else branch.programme.end
    was = None if isinstance(parent.programme, str) else parent.programme.end
    if end != was and end is not None and end < day - timedelta(days=1):
        said = f"expected {day - timedelta(days=1)} or later: it ran until the checkpoint"
        yield Problem(where, "programme.end", said, end)


def _but_end(intervention: Intervention | Use) -> dict[str, Any]:
    return {name: value for name, value in intervention if name != "end"}
