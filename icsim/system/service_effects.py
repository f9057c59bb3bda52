"""What services do to people's levers, together: what one has averted another cannot avert again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.care.levers import PEOPLE
from icsim.experiment.services import Site
from icsim.system.delivery import Delivery
from icsim.system.service_reach import Look

if TYPE_CHECKING:
    from icsim.model import ICSModel

NAME = "services"
ALL_OF_IT = 1 - 1e-9


def combined(effects: Iterable[tuple[np.ndarray, np.ndarray | float]], n: int, cap: float) -> np.ndarray:
    """The factor of one lever for each person under several services, (n,).

    Args:
        effects: of each service the rows it reaches and 1 - factor for them: positive averts, negative harms.
        n: people.
        cap: the share that can be averted at all, in (0, 1].

    A service that averts a share e of all averts e/cap of what can be averted, and services fall on that
    independently: together cap * (1 - prod(1 - e/cap)). Harms multiply.
    """
    averted, harm = np.zeros(n), np.zeros(n)
    for rows, effect in effects:
        each = np.broadcast_to(effect, rows.shape)
        averted[rows] += np.log1p(-np.minimum(np.maximum(each, 0.0) / cap, ALL_OF_IT))
        harm[rows] += np.log1p(np.maximum(-each, 0.0))
    return (1 + cap * np.expm1(averted)) * np.exp(harm)


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
        self.turns = {lever: self.model.levers.turns[at] for lever, at in state.items()}

    def apply(self, deliveries: Iterable[Delivery], look: Look) -> None:
        """Turn every lever by what all services at work do to it, and let go of the rest."""
        levers: dict[str, list[tuple[np.ndarray, np.ndarray | float]]] = {}
        for delivery in deliveries:
            if not (delivery.at_work and len(delivery.members) and delivery.factors):
                continue
            dose: np.ndarray | float = float(delivery.fidelity[0])
            if delivery.entry.site is not Site.PLACE:
                site = look.site(delivery.entry.site)
                assert site is not None
                dose = delivery.fidelity[site[delivery.members]]
            for lever, factor in delivery.factors.items():
                levers.setdefault(lever, []).append((delivery.members, (1 - factor) * dose))
        changed = []
        for lever in PEOPLE:
            turn = self.turns.get(lever)
            if lever not in levers and turn is None:
                continue
            cap = self.model.catalogue.value(f"services_cap_{lever}")
            factor = combined(levers.get(lever, ()), len(look), cap)
            rows = np.flatnonzero(factor != 1)
            changed.append((lever, factor[rows], rows))
        self.turns = self.model.levers.place(changed, NAME, self.turns)
