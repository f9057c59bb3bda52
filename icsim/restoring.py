"""A model as the state of its parts, and a model put back where a checkpoint left it.

A model is restored by building it as it was built at first, without the days of the run-in, and writing what
was kept over what was made. What follows from the experiment is thus made by the same code in both, and each
part says for itself what else there is to keep (``state``, ``put_back``, ``STATE``).
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from icsim import evidence
from icsim.care.levers import Turn
from icsim.care.opening import change_length
from icsim.care.rules import gather
from icsim.care.world import put_world_back, state_of_world
from icsim.checkpoint import Checkpoint, CheckpointError
from icsim.evidence import Catalogue
from icsim.experiment import Experiment, ExperimentError
from icsim.experiment.errors import Problem, near
from icsim.keeping import lay, names_of, own, put_back, state_of
from icsim.population.selecting import matching
from icsim.population.survey import Survey
from icsim.system.interventions import Happenings
from icsim.system.nation import NationAround
from icsim.system.services import Services

if TYPE_CHECKING:
    from icsim.model import ICSModel

TURN = "turn of a lever"


def header_of(model: "ICSModel") -> dict[str, Any]:
    """What can be known of a checkpoint without its state."""
    return {
        "model": type(model).__qualname__,
        "experiment": model.experiment.to_dict(),
        "founded": model.founded.to_dict(),
        "replicate": model.replicate,
        "luck": model.luck,
        "day": model.day,
        "days": model.days,
        "date": model.date.isoformat(),
    }


def state_of_model(model: "ICSModel") -> dict[str, Any]:
    """Everything that the days lived have changed; arrays are the model's own, not copies.

    Raises:
        CheckpointError: a subclass keeps an attribute that its ``STATE`` does not name, or a data collector
            has tables of agents.
    """
    turns = model.levers.turns
    unknown = sorted(set(vars(model)) - model.built - set(names_of(type(model))))
    if unknown:
        raise CheckpointError(
            f"{type(model).__qualname__} keeps {', '.join(map(repr, unknown))}, which a checkpoint would "
            "lose: name what is to be kept in the class's STATE"
        )
    collector = model.datacollector
    if any(getattr(collector, name, None) for name in ("_agent_records", "_agenttype_records", "tables")):
        raise CheckpointError("a data collector with tables of agents cannot be kept in a checkpoint")
    own_state = {
        name: {TURN: turns.index(value)} if isinstance(value, Turn) else value
        for name, value in state_of(model).items()
    }
    return {
        "own": own_state,
        "factors": [[*key, factors] for key, factors in model._service_factors.items()],
        "seen": model.seen._asdict(),
        "world": state_of_world(model.world),
        "extra": model.patients.extra,
        "shuffled": list(model.patients.attributes.shuffled),
        "recorder": model.recorder.state(),
        "accounts": model.accounts.state(),
        "relationships": state_of(model.relationships),
        "organisations": [[one.name, state_of(one)] for one in model.organisations],
        "levers": model.levers.state(),
        "happenings": model.happenings.state(),
        "strategy": model.strategy.state(),
        "services": model.services.state(),
        "practice_choice": state_of(model.practice_choice),
        "collected": collector.model_vars,
        "random": model.random.getstate(),
        "rng": model.rng.bit_generator.state,
        "evidence": {
            "used": sorted(model.catalogue.used),
            "lately": sorted(model.catalogue.lately),
        },
    }


def put_model_back(
    model: "ICSModel", checkpoint: Checkpoint, present: Experiment, future: Experiment
) -> None:
    """Bring a model built for ``checkpoint``, kept in ``present``, to its day, and give it ``future``.

    Raises:
        CheckpointError: the checkpoint does not fit.
        ExperimentError: a parameter that can no longer act.
    """
    asked = None
    if future.organisations != present.organisations:
        asked = _asked_for(model, present, future)
    try:
        _put_back(model, checkpoint, future)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CheckpointError(f"{checkpoint.path} does not fit its experiment: {error}") from error
    used = checkpoint.state["evidence"]
    model.catalogue = evidence.load().with_values(present.parameters)
    model.catalogue.mark(used["used"], used["lately"])
    anew = future.parameters != present.parameters
    if anew:
        _turn_parameters(model, present, future)
    if asked is not None:
        for organisation, given in zip(model.organisations, asked, strict=True):
            for name, value in given.items():
                now = getattr(organisation, name)
                setattr(organisation, name, {**now, **value} if isinstance(value, dict) else value)
    if asked is not None or anew:
        for organisation in model.organisations:
            organisation.open()


def _put_back(model: "ICSModel", checkpoint: Checkpoint, future: Experiment) -> None:
    state = checkpoint.state
    departures = model.people["departure_day"].copy()
    put_world_back(model.world, state["world"])
    people = len(state["world"]["people"])
    another_length = model.days != checkpoint.header["days"]
    if another_length:
        change_length(model.world, departures, people)
    attributes = model.patients.attributes
    for name, kept in state["extra"].items():
        if len(kept) == len(model.people):
            attributes.extra[name] = kept.copy()
        elif name in attributes.extra:
            lay(attributes.extra[name], kept, name)
        else:
            raise ValueError(f"people were given a column {name!r}: the length of the run cannot change")
    attributes.shuffled = tuple(state["shuffled"])
    model.seen = Survey(**own(state["seen"]))
    model._service_factors = {(owner, capacity): list(given) for owner, capacity, given in state["factors"]}
    model.recorder.put_back(state["recorder"])
    model.accounts.put_back(state["accounts"], future)
    put_back(model.relationships, state["relationships"])
    for organisation, (name, kept) in zip(model.organisations, state["organisations"], strict=True):
        if organisation.name != name:
            raise ValueError(f"expected {organisation.name!r}, found {name!r}")
        put_back(organisation, kept)
    model.levers.put_back(state["levers"])
    model.experiment = future
    model.nation = NationAround(future, model.catalogue)
    model.happenings = Happenings(model)
    model.happenings.put_back(state["happenings"])
    model.strategy.put_back(state["strategy"])
    model.services = Services(model)
    model.services.put_back(state["services"])
    put_back(model.practice_choice, state["practice_choice"])
    if another_length:
        _fit_turns(model, people)
    put_back(model, state["own"])
    for name in names_of(type(model)):
        value = getattr(model, name)
        if isinstance(value, dict) and set(value) == {TURN}:
            setattr(model, name, model.levers.turns[value[TURN]])
    for name, values in state["collected"].items():
        model.datacollector.model_vars[name] = list(values)
    version, numbers, left = state["random"]
    model.random.setstate((version, tuple(numbers), left))
    model.rng.bit_generator.state = own(state["rng"])
    model.running = model.day < model.days
    _tell_mesa_the_time(model)


def _tell_mesa_the_time(model: Any) -> None:
    """Mesa from 3.4 on counts time beside steps and plans the next step: both go on from where they were."""
    if hasattr(model, "time") and hasattr(model, "_event_list"):
        for event in model._event_list._events:  # all by as much, so that their order stays
            event.time += model.steps - model.time
        model.time = float(model.steps)
    if hasattr(model.datacollector, "_collection_steps"):
        many = max((len(values) for values in model.datacollector.model_vars.values()), default=0)
        model.datacollector._collection_steps = list(range(model.steps - many + 1, model.steps + 1))


def turn_to(model: "ICSModel", future: Experiment) -> None:
    """Give a running model another future from the day about to be lived, as a branch from a checkpoint.

    Args:
        model: between two days.
        future: from :func:`icsim.branching.future`, of the same length and with the same organisations and
            parameters; what it dates must not lie before today.

    Raises:
        ExperimentError: a future of other organisations, parameters or length.
    """
    present = model.experiment
    for key in ("organisations", "parameters", "years"):
        if getattr(future, key) != getattr(present, key):
            said = "cannot change in a running model: keep a checkpoint and branch from it"
            raise ExperimentError(Problem("", key, said))
    kept, services = model.happenings.state(), model.services.state()
    model.experiment = future
    model.nation = NationAround(future, model.catalogue)
    model.happenings = Happenings(model)
    model.happenings.put_back(kept)
    model.services = Services(model)
    if model.services.deliveries:  # else none had begun: what has begun stays in the future
        model.services.put_back(services)
    model.accounts.follow(future)


def _fit_turns(model: "ICSModel", people: int) -> None:
    """Whom turns are for among people who now come later, by the same rules; forget who no longer comes."""
    levers = model.levers
    for turn in levers.turns:
        if turn.rows is not None:
            turn.rows = turn.rows[turn.rows < len(model.people)]
    for intervention, turns in model.happenings.running_turns():
        later = people + np.flatnonzero(matching(model.people[people:], intervention.who))
        for turn in turns:
            if turn.rows is not None:
                turn.rows = np.concatenate([turn.rows, later])
    levers.apply_all()
    joint = model.strategy.services
    if joint.today is not None:
        joint.leave_out(joint.today, people)


def _asked_for(model: "ICSModel", present: Experiment, future: Experiment) -> list[dict[str, Any]]:
    """What each organisation would be founded with in ``future`` and not in ``present``."""
    asked = []
    for organisation, other in zip(_founded(model, present), _founded(model, future), strict=True):
        given: dict[str, Any] = {}
        for name in organisation.GIVEN:
            was, wanted = getattr(organisation, name), getattr(other, name)
            if isinstance(wanted, dict):
                wanted = {key: value for key, value in wanted.items() if value != was.get(key)}
            if wanted != was and wanted != {}:
                given[name] = wanted
        asked.append(given)
    return asked


def _founded(model: "ICSModel", experiment: Experiment) -> list[Any]:
    """The organisations of an experiment, founded on the people as they are and let go at once."""
    before, model.experiment = model.experiment, experiment
    try:
        fresh = [one for kind in dict.fromkeys(map(type, model.organisations)) for one in kind.found(model)]
    finally:
        model.experiment = before
    for one in fresh:
        one.remove()
    return fresh


def _turn_parameters(model: "ICSModel", present: Experiment, future: Experiment) -> None:
    """Let parameters act from today: on the rules of a day of care, and on what organisations look up."""
    used, lately = model.catalogue.used, model.catalogue.lately
    now, catalogue = model.catalogue, evidence.load().with_values(future.parameters)
    changed = {row.key for row in catalogue if row.value != now[row.key].value}
    trial = catalogue.with_values({})
    rules = gather(trial, model.ae_to_gp)
    bound = {key for key in trial.used if key.startswith("need_headroom")}
    model.catalogue = trial
    for organisation in model.organisations:
        organisation.open()
    acts = (trial.used | lately | ({row.key for row in catalogue} - used)) - bound
    late = sorted(changed - acts)
    if late:
        said = (
            f"acted when people were made, organisations sized and prices agreed, before {model.date}: it "
            "can no longer change; run the experiment anew, or turn a lever or a capacity"
        )
        raise ExperimentError(
            [Problem("", f"parameters.{key}", said, future.parameters.get(key, "taken back"),
                     choices=near(key, sorted(acts), 1)) for key in late]
        )  # fmt: skip
    for name in rules.dtype.names or ():
        if name != "headroom":
            model.world.rules[name] = rules[name]
    model.catalogue = Catalogue(catalogue)
    model.catalogue.mark(used, lately)
