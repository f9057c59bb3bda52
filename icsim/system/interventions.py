"""Interventions and shocks of an experiment: on their days they turn levers, and turn them back."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from icsim.experiment.happenings import Intervention, ShockKind
from icsim.population.selecting import matching
from icsim.system.nation import PRESSED_BY

if TYPE_CHECKING:
    from icsim.care.levers import Turn
    from icsim.model import ICSModel

STRUCK: dict[ShockKind, tuple[str, ...]] = {
    ShockKind.BED_CLOSURE: ("acute_trust",),
    ShockKind.SOCIAL_CARE_CUT: ("local_authority",),
    ShockKind.STAFF_LOSS: (
        "acute_trust", "gp_practice", "community_team", "mental_health_trust", "urgent_care",
    ),
    ShockKind.FUNDING_CUT: ("community_team", "mental_health_trust", "voluntary_sector"),
    ShockKind.FUNDING_RISE: ("community_team", "mental_health_trust", "voluntary_sector"),
}  # fmt: skip
"""Kinds that a shock strikes when the experiment names none."""
CAPACITY_OF_KIND = {"gp_practice": "appointments", "local_authority": "social_care", "care_homes": "places"}
"""What a loss of staff or money takes from a kind, and a rise of money adds; "staff" of all others."""
SEASON_LEVERS: dict[ShockKind, tuple[str, ...]] = {
    ShockKind.FLU: ("need_acute", "need_acsc", "need_minor"),
    ShockKind.BAD_WINTER: ("need_acute", "need_acsc", "need_frailty", "need_social"),
}
"""Needs that a season's shock makes more frequent."""


class Happenings:
    """What an experiment makes happen on given days of a run."""

    def __init__(self, model: "ICSModel") -> None:
        self.model = model
        self._turns: dict[str, list[Turn]] = {}  # by name of intervention or what the shock is
        self._due: dict[date, list[Callable[[], None]]] = {}
        start, end = model.experiment.start, model.experiment.end
        for intervention in model.experiment.turned:
            self._plan(intervention.start or start, lambda i=intervention: self.begin(i))
            if intervention.end:
                self._plan(intervention.end + timedelta(days=1), lambda i=intervention: self.stop(i))
        for at, shock in enumerate(model.experiment.shocks):
            self._plan(shock.date, lambda at=at: self.strike(at, 1))
            last = shock.end or (shock.date + timedelta(days=shock.days - 1) if shock.days else None)
            if last and last < end and shock.kind is not ShockKind.LEADER_LEAVES:
                self._plan(last + timedelta(days=1), lambda at=at: self.strike(at, -1))
        for step in model.experiment.relationships.steps:
            if step.trust is not None:
                self._plan(step.date, lambda step=step: self.model.relationships.put_trust(step))
        self.running: list[Intervention] = []

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: who runs, and which turns of ``model.levers`` are whose."""
        turns = self.model.levers.turns
        return {
            "running": [intervention.name for intervention in self.running],
            "turns": {name: [turns.index(turn) for turn in own] for name, own in self._turns.items()},
        }

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, whose turns the model's levers hold; days before it are not asked for."""
        named = {one.name: one for one in self.model.experiment.turned}
        self.running = [named[name] for name in state["running"]]
        turns = self.model.levers.turns
        self._turns = {name: [turns[at] for at in own] for name, own in state["turns"].items()}

    def running_turns(self) -> Iterator[tuple[Intervention, list["Turn"]]]:
        """Each intervention that runs, with its turns."""
        for intervention in self.running:
            yield intervention, self._turns.get(intervention.name, [])

    def _plan(self, day: date, what: Callable[[], None]) -> None:
        self._due.setdefault(day, []).append(what)

    def begin_day(self, today: date) -> None:
        """Do what is due today; on the first of a month look again at whom interventions are for."""
        if today.day == 1:
            for intervention in self.running:
                self._turn(intervention)
        for what in self._due.get(today, ()):
            what()

    def begin(self, intervention: Intervention) -> None:
        """An intervention starts."""
        self.running.append(intervention)
        self._turn(intervention)

    def stop(self, intervention: Intervention) -> None:
        """An intervention ends: its levers go back."""
        self.running.remove(intervention)
        for turn in self._turns.pop(intervention.name, []):
            self.model.levers.release(turn)

    def _turn(self, intervention: Intervention) -> None:
        levers = self.model.levers
        for turn in self._turns.pop(intervention.name, []):
            levers.release(turn)
        who = matching(self.model.people, intervention.who)
        self._turns[intervention.name] = [
            levers.turn(lever, factor, who, intervention.name)
            for lever, factor in intervention.levers.items()
        ]

    def strike(self, at: int, direction: int) -> None:
        """The experiment's shock number ``at`` begins (direction 1) or ends (-1)."""
        shock = self.model.experiment.shocks[at]
        size = float(shock.size or 0.0)
        if shock.kind in PRESSED_BY:  # felt month by month (``nation``)
            words = str(shock.kind).replace("_", " ")
            event = f"{words} {'begin' if direction > 0 else 'end'}"
            self.model.recorder.events.add(
                self.model.date, shock.organisation or " and ".join(PRESSED_BY[shock.kind]), event, "shock"
            )
        elif shock.kind in SEASON_LEVERS:
            name = f"{shock.kind} {shock.date}"
            if direction > 0:
                levers = self.model.levers
                turns = [levers.turn(lever, 1 + size, None, name) for lever in SEASON_LEVERS[shock.kind]]
                self._turns.setdefault(shock.model_dump_json(), []).extend(turns)
            else:
                for turn in self._turns.pop(shock.model_dump_json(), ()):
                    self.model.levers.release(turn)
        elif shock.kind is ShockKind.LEADER_LEAVES:
            self.model.strategy.leader_leaves(shock.organisation, size, "shock")
        else:
            for owner in (shock.organisation,) if shock.organisation else STRUCK[shock.kind]:
                kind = next((o.kind for o in self.model.organisations if owner in (o.kind, o.name)), "")
                beds = shock.kind is ShockKind.BED_CLOSURE
                capacity = "beds" if beds else CAPACITY_OF_KIND.get(kind, "staff")
                rise = shock.kind is ShockKind.FUNDING_RISE
                factor = 1 + size if rise else max(1 - size, 1e-9)
                self.model.turn_service(owner, capacity, factor, turned=direction > 0)
