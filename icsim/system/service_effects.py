"""What services do to people's levers, together: what one has averted another cannot avert again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from icsim.care.levers import PEOPLE
from icsim.system.delivery import Delivery
from icsim.system.service_reach import Look

if TYPE_CHECKING:
    from icsim.model import ICSModel

NAME = "services"
ALL_OF_IT = 1 - 1e-9


class Part(NamedTuple):
    """What one service does to one lever.

    ``rows`` are the people reached, (m,); ``site`` that of each, (m,), or None where the whole place is one;
    ``effect`` is 1 - factor at each site, (sites,): positive averts, negative harms.
    """

    rows: np.ndarray
    site: np.ndarray | None
    effect: np.ndarray


def combined(parts: Iterable[Part], n: int, cap: float) -> np.ndarray:
    """The factor of one lever for each of ``n`` people under several services, (n,).

    ``cap`` is the share that can be averted at all, in (0, 1]. A service that averts a share e of all
    averts e/cap of what can be averted, and services fall on that independently: together
    cap * (1 - prod(1 - e/cap)). Harms multiply.
    """
    averted, harm = np.zeros(n), np.zeros(n)
    for part in parts:
        less = np.log1p(-np.minimum(np.maximum(part.effect, 0.0) / cap, ALL_OF_IT))
        more = np.log1p(np.maximum(-part.effect, 0.0))
        for total, logs in ((averted, less), (harm, more)):
            if logs.any():
                total[part.rows] += logs[0] if part.site is None else logs[part.site]
    factor = np.ones(n)
    touched = np.flatnonzero(averted)
    factor[touched] = 1 + cap * np.expm1(averted[touched])
    touched = np.flatnonzero(harm)
    factor[touched] *= np.exp(harm[touched])
    return factor


class Effects:
    """The turns of levers by all services of a run: one for each lever."""

    def __init__(self, model: "ICSModel") -> None:
        self.model = model
        self.turns: dict[str, Any] = {}

    def state(self) -> dict[str, int]:
        """Which turns of the model's levers are these."""
        turns = self.model.levers.turns
        return {lever: turns.index(turn) for lever, turn in self.turns.items()}

    def put_back(self, state: dict[str, int]) -> None:
        """Find the turns again among the levers of a checkpoint."""
        n = len(self.model.people)
        self.turns = {lever: self.model.levers.turns[at] for lever, at in state.items()}
        for turn in self.turns.values():
            kept, turn.factor = turn.factor, np.ones(n)  # who comes only in a longer run is not reached yet
            turn.factor[: len(kept)] = kept[:n]

    def apply(self, deliveries: Iterable[Delivery], look: Look) -> None:
        """Turn every lever by what all services at work do to it, and let go of the rest."""
        levers: dict[str, list[Part]] = {}
        for delivery in deliveries:
            if not (delivery.at_work and len(delivery.members) and delivery.factors):
                continue
            site = look.site(delivery.entry.site)
            where = None if site is None else site[delivery.members]
            for lever, factor in delivery.factors.items():
                part = Part(delivery.members, where, (1 - factor) * delivery.fidelity)
                levers.setdefault(lever, []).append(part)
        changed = {}
        for lever in PEOPLE:
            if lever in levers or lever in self.turns:
                cap = self.model.catalogue.value(f"services_cap_{lever}")
                changed[lever] = combined(levers.get(lever, ()), len(look), cap)
        self.turns = self.model.levers.place(changed, NAME, self.turns)
