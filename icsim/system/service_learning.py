"""How services spread over their sites and are learnt there: waves of sites, cycles of change."""

from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.care import purposes as draws
from icsim.compiling import compiled
from icsim.experiment.organisations import Kind
from icsim.experiment.services import Site
from icsim.streams import entity_key, uniform
from icsim.system.delivery import STREAMS, Delivery, Phase, ServiceRules
from icsim.system.programme import EngineRoom
from icsim.system.service_needs import Surroundings, ceiling
from icsim.system.spread import SpreadRules, chances, peers
from icsim.system.standing import Standing

if TYPE_CHECKING:
    from icsim.model import ICSModel

STREAM = 7000  # of services' luck, apart from those of organisations


def luck_of_services(model: "ICSModel") -> np.uint64:
    """The address of the luck of services of a run."""
    return np.uint64(entity_key(model.luck, draws.ORGANISATION, STREAM))


@compiled
def _luck(key: Any, purpose: Any, first: Any, sites: np.ndarray) -> np.ndarray:
    """The draw of each of some sites, numbered from ``first``."""
    return np.array([uniform(key, purpose, first + k) for k in sites])


class Learning:
    """Sites that take part, and how well they do it."""

    def __init__(self, model: "ICSModel", rules: ServiceRules, engine: EngineRoom) -> None:
        self.model = model
        self.rules = rules
        self.engine = engine
        self._key = luck_of_services(model)

    def join(self, one: Delivery, standing: Standing, there: Surroundings) -> list[tuple[int, float]]:
        """Sites take part one after another: those with most effort first, as far as energy is followed.

        With ``spread``, practices do so only as they take the service up, by themselves or after peers.

        Returns the practices or teams that join this month, with their effort.
        """
        if not one.at_work:
            return []
        step = 1 / max(one.entry.ramp_months, 1.0)
        own = standing.own(one)
        if own is None:
            one.joined = np.minimum(one.joined + step, 1.0)
            return []
        able = (one.joined == 0) & (own >= self.rules.start_effort) & self._asked(one)
        able &= self._taken_up(one, there)
        waiting = np.flatnonzero(able)
        energy = one.programme.follow_energy if one.programme is not None else 0.0
        luck = _luck(self._key, draws.SERVICE_JOINS, np.int64(one.index), waiting)
        wish = energy * own[waiting] + (1 - energy) * luck
        chosen = waiting[np.argsort(-wish, kind="stable")[: int(np.ceil(len(one.joined) * step))]]
        one.joined[chosen] = 1.0
        return [(int(k), float(own[k])) for k in chosen]

    def _taken_up(self, one: Delivery, there: Surroundings) -> np.ndarray:
        """Practices that would take the service up this month (``spread``), bool, (sites,)."""
        model = self.model
        given = model.experiment.spread
        if isinstance(given, str) or one.entry.site is not Site.PRACTICE:
            return np.ones(len(one.sites), dtype=bool)
        network, parties = model.relationships, model.strategy.parties
        rows = parties.rows(Kind.GP_PRACTICE)
        ties = np.ix_(rows, rows)
        chance = chances(
            model.catalogue.filled(SpreadRules, "spread"),
            seen=peers(one.joined, network.trust[ties], network.contact[ties]),
            slack=1 - np.minimum(there.standing.pressure[rows], 1.0),
            fit=ceiling(one, there, self.rules),
            imitation=given.imitation,
            dissemination=given.dissemination * (one.programme is not None and self.engine.active),
            edict=given.edict,
            community=model.nation.level("community_of_practice", model.date),
        )
        first = np.int64(one.index + STREAMS * model.months_done)
        return _luck(self._key, draws.SERVICE_TAKEN_UP, first, np.arange(len(rows))) < chance

    def _asked(self, one: Delivery) -> np.ndarray:
        """Sites that the use names, or all, bool, (sites,)."""
        named = one.use.practices if one.entry.site is Site.PRACTICE else one.use.neighbourhoods
        if named is None:
            return np.ones(len(one.sites), dtype=bool)
        if one.entry.site is Site.PRACTICE:
            return np.array([site in named for site in one.sites])
        return np.array([str(name) in named for name in self.model.population.neighbourhoods["name"]])

    def learn(self, one: Delivery, there: Surroundings, attention: float) -> None:
        """A month of cycles of change: fidelity grows with effort, evaluation and attention, or fades."""
        if not one.begun:
            return
        rules, engine = self.rules, self.engine
        effort = there.standing.at_sites(one, engine.distributed(one.programme))
        if one.programme is None:
            attention = rules.attention_outside
        pace = rules.learning * engine.evaluation(one.programme, there.gifts["capability"]) * attention
        pace *= self.model.nation.learning(self.model.date)
        lacking = np.maximum(ceiling(one, there, rules) - one.fidelity, 0.0)
        learnt = pace * effort * lacking * (one.joined > 0) * (one.phase is not Phase.STALLED)
        shortfall = np.maximum(rules.holding_effort - effort, 0.0) / max(rules.holding_effort, 1e-9)
        one.fidelity = np.clip(one.fidelity + learnt - rules.fading * shortfall * one.fidelity, 0.0, 1.0)
