"""How services spread over their sites and are learnt there: waves of sites, cycles of change."""

from collections.abc import Sequence
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
from icsim.system.spread import SpreadRules, chances, going_round, peers
from icsim.system.standing import SITE_KINDS

if TYPE_CHECKING:
    from icsim.model import ICSModel

MONTHS = 12
STREAM = 7000  # of services' luck, apart from those of organisations


def luck_of_services(model: "ICSModel") -> np.uint64:
    """The address of the luck of services of a run."""
    return np.uint64(entity_key(model.luck, draws.ORGANISATION, STREAM))


@compiled
def _luck(key: Any, purpose: Any, first: Any, sites: np.ndarray) -> np.ndarray:
    """The draw of each of some sites, numbered from ``first``."""
    return np.array([uniform(key, purpose, first + k) for k in sites])


def in_order(values: np.ndarray) -> np.ndarray:
    """Where each stands among all, (n,) from 0 (the lowest) to below 1."""
    return np.argsort(np.argsort(values, kind="stable"), kind="stable") / max(len(values), 1)


class Learning:
    """Sites that take part, and how well they do it."""

    def __init__(self, model: "ICSModel", rules: ServiceRules, engine: EngineRoom) -> None:
        self.model = model
        self.rules = rules
        self.engine = engine
        self._key = luck_of_services(model)

    def join(self, one: Delivery, there: Surroundings, attention: float) -> list[tuple[int, float]]:
        """Sites take part one after another: those with most effort first, as far as energy is followed.

        The plan's order is one of luck, kept; a site that was gone round to for ``patience_months`` goes to
        its end. With ``spread``, practices do so only as they take the service up, by themselves, after peers
        or when the programme comes.

        Returns the practices or teams that join this month, with their effort.
        """
        if not one.at_work:
            return []
        step = 1 / max(one.entry.ramp_months, 1.0)
        own = there.standing.own(one)
        if own is None:
            one.joined = np.minimum(one.joined + step, 1.0)
            return []
        energy = one.programme.follow_energy if one.programme is not None else 0.0
        luck = _luck(self._key, draws.SERVICE_JOINS, np.int64(one.index), np.arange(len(own)))
        wish = energy * in_order(own) + (1 - energy) * (luck - one.visited // self.rules.patience_months)
        places = int(np.ceil(len(one.joined) * step))
        without = (one.joined == 0) & self._asked(one)
        able = without & (own >= self.rules.start_effort)
        if one.entry.site is Site.PRACTICE:
            able &= self._taken_up(one, there, attention, wish, places)
        waiting = np.flatnonzero(able)
        chosen = waiting[np.argsort(-wish[waiting], kind="stable")[:places]]
        one.joined[chosen] = 1.0
        return [(int(k), float(own[k])) for k in chosen]

    def _taken_up(
        self, one: Delivery, there: Surroundings, attention: float, wish: np.ndarray, places: int
    ) -> np.ndarray:
        """Practices that would take the service up this month (``spread``), bool, (sites,).

        A programme goes round to as many at a time as may join in a month, those that ``wish`` puts first, as
        far as its team has ``attention`` for the service.
        """
        model = self.model
        given = model.experiment.spread
        if isinstance(given, str):
            return np.ones(len(one.sites), dtype=bool)
        network, parties = model.relationships, model.strategy.parties
        rows = parties.rows(Kind.GP_PRACTICE)
        ties = np.ix_(rows, rows)
        visits = np.zeros(len(rows))
        if one.programme is not None and self.engine.active:
            without = (one.joined == 0) & self._asked(one)
            visits = going_round(wish, without, there.standing.effort[rows], places)
            one.visited = one.visited + (visits > 0)
        chance = chances(
            model.catalogue.filled(SpreadRules, "spread"),
            seen=peers(one.joined, network.trust[ties], network.contact[ties]),
            slack=1 - np.minimum(there.standing.pressure[rows], 1.0),
            fit=ceiling(one, there, self.rules),
            imitation=given.imitation,
            dissemination=given.dissemination * attention * visits,
            edict=given.edict,
            community=model.nation.passed_on(one.use.use, one.entry.level, model.date),
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

    def learn(self, one: Delivery, there: Surroundings, attention: float, crowd: float) -> None:
        """A month of cycles of change: fidelity grows with effort, evaluation and attention, or fades.

        Partners who learn ``crowd`` other services have so much less for each (``crowded``). Staff who leave
        take with them what they learnt; who replaces them brings of it what induction and training teach.
        """
        if not one.begun:
            return
        rules, engine = self.rules, self.engine
        effort = there.standing.at_sites(one, engine.distributed(one.programme))
        if one.programme is None:
            attention = rules.attention_outside
        pace = rules.learning * engine.evaluation(one.programme, there.gifts["capability"]) * attention
        pace *= self.model.nation.learning(one.use.use, one.entry.level, self.model.date) / (
            1 + rules.crowding * crowd
        )
        lacking = np.maximum(ceiling(one, there, rules) - one.fidelity, 0.0)
        learnt = pace * effort * lacking * (one.joined > 0) * (one.phase is not Phase.STALLED)
        shortfall = np.maximum(rules.holding_effort - effort, 0.0) / max(rules.holding_effort, 1e-9)
        lost = rules.fading * shortfall * one.fidelity
        if one.roles:
            untaught = (1 - rules.induction) * (1 - engine.training)
            learnt_here = np.maximum(one.fidelity - rules.fidelity_at_start, 0.0)
            lost = lost + rules.turnover / MONTHS * untaught * learnt_here
        one.fidelity = np.clip(one.fidelity + learnt - lost, 0.0, 1.0)


def crowded(deliveries: Sequence[Delivery], rules: ServiceRules) -> list[float]:
    """How many other services not learnt yet the partners of each service are learning, the mean over them.

    A service of practices or teams counts, for them, by the share of them that take part.
    """
    unripe = [one.begun and one.quality < rules.mature_at for one in deliveries]
    learning: dict[str, float] = {}
    for one, busy in zip(deliveries, unripe, strict=True):
        for kind in one.entry.needs.partners if busy else ():
            learning[kind] = learning.get(kind, 0.0) + _part_of(one, kind)
    found = []
    for one, busy in zip(deliveries, unripe, strict=True):
        kinds = one.entry.needs.partners
        others = [learning.get(kind, 0.0) - busy * _part_of(one, kind) for kind in kinds]
        found.append(float(np.mean(others)) if others else 0.0)
    return found


def _part_of(one: Delivery, kind: str) -> float:
    """The share of a kind of partner that a service keeps busy."""
    return float((one.joined > 0).mean()) if SITE_KINDS.get(one.entry.site) == kind else 1.0
