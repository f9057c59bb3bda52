"""A month of choices: leaders leave, organisations decide their effort and learn whom to trust.

Nothing here touches patients, services or money: it takes a month as it was seen (``observing``), and the
same calls serve a run and the picture of where trust and effort end (``icsim phase``).
"""

from datetime import date, timedelta
from typing import Protocol

import numpy as np

from icsim.care import purposes as draws
from icsim.evidence.catalogue import Catalogue
from icsim.experiment import Experiment
from icsim.experiment.organisations import Kind
from icsim.experiment.strategy import HeldBy
from icsim.streams import entity_key, normal, uniform
from icsim.system.effort import EffortRules, bounded, next_effort, partners, peer_pull, wanted
from icsim.system.incentives import Belief, incentives, surplus_changes
from icsim.system.observing import MONTHS, Seen
from icsim.system.parties import Parties
from icsim.system.relationships import Relationships
from icsim.system.sharing import Sharing
from icsim.system.ties import Ties
from icsim.system.trust import Memory, TrustRules, learn

STREAMS = 5000  # of organisations' choices, apart from those of sites and practices
SETTLED = 50  # rounds after which habits stand


class Host(Protocol):
    """What choices are made in: a model, or a stand-in for one whose care is not lived."""

    experiment: Experiment
    catalogue: Catalogue
    relationships: Relationships
    luck: int


class Choices:
    """What organisations choose, and what becomes of the trust between them.

    Args:
        place: whose experiment, numbers and luck they are; looked at anew every month.
        parties: the organisations, n of them.
        belief: what they believe joint work changes.

    Attributes:
        effort: for joint work, (n,) in [0, 1].
        incentive: of the last month, (n,) in (-1, 1).
        ethos: the will to work together whatever it pays, (n,).
        memory: of promises kept and broken.
    """

    STATE = ("effort", "incentive")

    def __init__(self, place: Host, parties: Parties, belief: Belief) -> None:
        self._place, self.parties, self.belief = place, parties, belief
        catalogue, network = place.catalogue, place.relationships
        n = len(parties)
        self.effort_rules = catalogue.filled(EffortRules, "effort")
        self.trust_rules = catalogue.filled(TrustRules, "trust")
        self.ties = Ties(catalogue, place.experiment.relationships, network, parties)
        self._keys = [np.uint64(entity_key(place.luck, draws.ORGANISATION, STREAMS + k)) for k in range(n)]
        self.ethos = np.array([catalogue.value(f"effort_ethos_{kind}") for kind in parties.kinds])
        self._practices = parties.kinds == str(Kind.GP_PRACTICE)
        spread = catalogue.value("effort_ethos_spread_gp_practice")
        for k in np.flatnonzero(self._practices):
            self.ethos[k] += spread * normal(self._keys[k], draws.ETHOS, 0)
        self._together = np.outer(parties.taking_part, parties.taking_part)
        self.incentive = np.zeros(n)
        self.memory = Memory(network.kept, network.broken)
        self.effort = self._effort_at_start()

    def _effort_at_start(self) -> np.ndarray:
        """Habits before the run: the effort that the trust there is keeps up when nothing pays or presses."""
        network, n = self._place.relationships, len(self.parties)
        trust, weights = network.trust, partners(network.contact, self.parties.weight)
        effort = (weights * trust).sum(axis=1)
        nothing = np.zeros(n)
        for _ in range(SETTLED):
            effort = wanted(
                self.effort_rules, effort=effort, trust=trust, weights=weights, incentive=nothing,
                ethos=self.ethos, pressure=nothing, autonomy_loss=nothing, luck=nothing,
                peers=self._pull(effort),
            ) * self.parties.taking_part  # fmt: skip
        return effort

    def _pull(self, effort: np.ndarray) -> np.ndarray:
        """What practices see other practices do, (n,)."""
        network = self._place.relationships
        return peer_pull(effort, network.trust, network.contact, self._practices)

    def month(
        self, seen: Seen, sharing: Sharing, autonomy_loss: np.ndarray, today: date, count: int
    ) -> list[str]:
        """A month, the ``count``-th of its run, which ends today.

        Returns:
            names of the organisations whose leader left by luck.
        """
        gone = self._turnover(today, count)
        invested, closer = self.ties.today(today)
        self._place.relationships.closer = closer
        self._decide(seen, sharing, autonomy_loss, count)
        if not self._place.experiment.relationships.fixed:
            self._relate(seen, sharing, invested)
        return gone

    def _decide(self, seen: Seen, sharing: Sharing, autonomy_loss: np.ndarray, count: int) -> None:
        """Effort, part of the way to what each would wish."""
        changes = surplus_changes(
            self.belief, seen.books, seen.activity, seen.wards, seen.payment, seen.costs, seen.residents,
            self._place.catalogue, seen.then,
        )  # fmt: skip
        network = self._place.relationships
        trust, weights = network.trust, partners(network.contact, self.parties.weight)
        believed = (weights * trust).sum(axis=1)  # what one trusts partners to bring about
        changes = changes * believed
        if seen.agreed:
            changes = seen.agreed.believed(changes, seen.books.result, seen.books.income)
        changes = changes + seen.performed * believed
        share = incentives(changes, seen.books, sharing)
        self.incentive = bounded(share, self._place.catalogue.value("effort_incentive_scale"))
        luck = np.array([normal(key, draws.EFFORT, count) for key in self._keys])
        wish = wanted(
            self.effort_rules, effort=self.effort, trust=trust, weights=weights, incentive=self.incentive,
            ethos=self.ethos + seen.encouraged, pressure=seen.pressure, autonomy_loss=autonomy_loss,
            luck=luck, peers=self._pull(self.effort),
        )  # fmt: skip
        self.effort = next_effort(self.effort, wish, self.effort_rules.inertia) * self.parties.taking_part

    def _relate(self, seen: Seen, sharing: Sharing, invested: np.ndarray) -> None:
        """Trust follows what partners did, what was put into ties, and shared losses."""
        network, income = self._place.relationships, seen.books.income
        moved = sharing.transfers(seen.books.result, income)
        lost = np.divide(-moved, income, out=np.zeros(len(moved)), where=income > 0)
        lost = np.minimum(np.maximum(lost / self._place.catalogue.value("effort_incentive_scale"), 0.0), 1.0)
        network.trust, self.memory = learn(
            self.trust_rules, trust=network.trust, contact=network.contact * self._together,
            effort=self.effort, investment=invested, shared_loss=lost, memory=self.memory,
            rate=self.ties.rate * self._together,
        )  # fmt: skip
        network.kept, network.broken = self.memory.kept, self.memory.broken

    def _turnover(self, today: date, count: int) -> list[str]:
        """Leaders leave by luck."""
        v, gone = self._place.catalogue.value, []
        turnover = self._place.experiment.relationships.leader_turnover_on(today - timedelta(days=1))
        for k, organisation in enumerate(self.parties.organisations):
            rate = turnover * v(f"leader_turnover_ratio_{organisation.kind}")
            if uniform(self._keys[k], draws.LEADER, count) < 1 - (1 - min(rate / MONTHS, 1.0)):
                self.leader_leaves(organisation.name, v("leader_turnover_loss"))
                gone.append(organisation.name)
        return gone

    def leader_leaves(self, organisation: str | None, share: float) -> None:
        """A leader of an organisation, of each of a kind or of all goes.

        Where people hold trust, a share of it and part of the effort go with them.
        """
        if self._place.experiment.relationships.held_by is HeldBy.PEOPLE:
            self._place.relationships.leader_leaves(organisation, share)
            left = self.parties.called(organisation)
            self.effort = np.where(
                left, self.effort * self._place.catalogue.value("effort_of_leaver"), self.effort
            )
