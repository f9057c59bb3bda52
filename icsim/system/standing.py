"""How organisations stand this month, as services look at them: effort, trust on ties, readiness to pay."""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from icsim.experiment.services import Site

if TYPE_CHECKING:
    from icsim.model import ICSModel
    from icsim.system.delivery import Delivery

SITE_KINDS = {Site.PRACTICE: "gp_practice", Site.TEAM: "community_team"}
LEAST = 1e-9


class Standing:
    """A month's effort and trust.

    Attributes:
        effort: by organisation, (n,).
        trust: of row in column, (n, n).
        willing: share of what is asked of them that commissioners pay, in [0, 1].
    """

    def __init__(self, model: "ICSModel", caution: float) -> None:
        self._model, parties = model, model.strategy.parties
        self.effort = model.strategy.effort
        self.trust = model.relationships.trust
        self._kinds, self._part = parties.kinds, parties.taking_part
        payers = [one for one in model.organisations if one.kind == "commissioner"]
        shares = np.array([getattr(one, "share", 1.0) for one in payers])
        pressed = np.array([one.pressure for one in payers])
        self.willing = 1 - caution * float((shares * pressed).sum() / max(shares.sum(), LEAST))

    @cached_property
    def pressure(self) -> np.ndarray:
        """On each organisation, with what the nation adds and takes away, (n,) from 0."""
        model, parties = self._model, self._model.strategy.parties
        pressure = np.array([one.pressure for one in parties.organisations])
        return model.nation.pressed(pressure, parties.names, parties.kinds, model.date)

    def members(self, kind: str) -> np.ndarray:
        """Where organisations of a kind that take part stand."""
        return np.flatnonzero((self._kinds == kind) & self._part)

    def effort_of(self, kind: str) -> float | None:
        """Mean effort of a kind; None where there is none of it."""
        rows = self.members(kind)
        return float(self.effort[rows].mean()) if len(rows) else None

    def trust_on(self, one: str, other: str) -> float | None:
        """Mean trust of a kind in another; None where there is no such tie."""
        rows, columns = self.members(one), self.members(other)
        ties = self.trust[np.ix_(rows, columns)]
        apart = rows[:, None] != columns[None, :]
        return float(ties[apart].mean()) if apart.any() else None

    def both_ways(self, one: str, other: str) -> float:
        """Mean trust of two kinds in one another; 1 where there is no such tie."""
        found = [
            trust for trust in (self.trust_on(one, other), self.trust_on(other, one)) if trust is not None
        ]
        return float(np.mean(found)) if found else 1.0

    def at_sites(self, delivery: "Delivery", distributed: float) -> np.ndarray:
        """Effort that the learning of a service rests on, (sites,).

        The geometric mean of its partners' efforts; as far as decisions are distributed, a site's own effort
        counts instead.
        """
        kinds = delivery.entry.needs.partners
        efforts = [effort for kind in kinds if (effort := self.effort_of(kind)) is not None]
        if not efforts:
            efforts = [float(self.effort[self._part].mean())]
        together = float(np.exp(np.log(np.maximum(efforts, LEAST)).mean()))
        own = self.own(delivery)
        if own is None:
            return np.full(len(delivery.sites), together)
        return np.maximum(own, LEAST) ** distributed * together ** (1 - distributed)

    def own(self, delivery: "Delivery") -> np.ndarray | None:
        """Effort of the organisations that are the sites, (sites,); None for a service of the whole place."""
        kind = SITE_KINDS.get(delivery.entry.site)
        return None if kind is None else self.effort[self._kinds == kind]
