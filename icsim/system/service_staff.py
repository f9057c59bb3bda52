"""Staff of services: posts fill slowly, and whoever fills them is missed where they came from."""

from typing import TYPE_CHECKING

import numpy as np

from icsim.experiment.services import ROLES
from icsim.system.delivery import Delivery, Phase, ServiceRules
from icsim.system.interventions import CAPACITY_OF_KIND

if TYPE_CHECKING:
    from icsim.model import ICSModel

COMES_FROM = {
    "gp": "gp_practice",
    "consultant": "acute_trust",
    "nurse": "community_team",
    "therapist": "community_team",
    "pharmacist": "acute_trust",
    "paramedic": "urgent_care",
    "social_worker": "local_authority",
    "mental_health_worker": "mental_health_trust",
    "link_worker": "voluntary_sector",
}
"""Kinds in which staff of a role work before; of the other roles nobody here is missed."""
NEW_ROLES = ("health_coach", "link_worker", "coordinator")
"""Roles in which nobody worked before: whoever fills them is trained first."""
MONTHS = 12
EXACT = 5  # decimals to which a share of staff is told apart


class Staffing:
    """Recruitment to services and the gaps it leaves.

    Attributes:
        gaps: full-time equivalents missed and not yet replaced, by kind of organisation.
        taken: everybody whom services took from organisations here, by kind: gaps + replaced + returned.
        replaced, returned: of these, how many were replaced, and how many came back to a gap.
    """

    STATE = ("gaps", "taken", "replaced", "returned", "_factors")

    def __init__(self, model: "ICSModel", rules: ServiceRules) -> None:
        self.model = model
        self.rules = rules
        kinds = sorted(set(COMES_FROM.values()))
        self.gaps = dict.fromkeys(kinds, 0.0)
        self.taken = dict.fromkeys(kinds, 0.0)
        self.replaced = dict.fromkeys(kinds, 0.0)
        self.returned = dict.fromkeys(kinds, 0.0)
        self._factors = dict.fromkeys(kinds, 1.0)
        v = model.catalogue.value
        self.cost = {role: v(f"staff_cost_{role}") for role in ROLES}
        self.months_to_fill = {role: v(f"staff_months_{role}") for role in ROLES}
        self.local = {role: v(f"staff_local_{role}") for role in COMES_FROM}
        self.all = {kind: self._everybody(kind) for kind in kinds}

    def _everybody(self, kind: str) -> float:
        """Clinical staff of all organisations of a kind, full-time equivalents."""
        own = [one for one in self.model.organisations if one.kind == kind]
        if kind == "gp_practice":
            return sum(getattr(one, role) for one in own for role in ("gp_fte", "nurse_fte", "other_fte"))
        if kind == "community_team":
            return sum(one.capacity["staff_fte"] for one in own)
        per_1000 = self.model.catalogue.value(f"staff_of_{kind}_per_1000")
        return per_1000 * self.model.residents_at_start / 1000 if own else 0.0

    def cost_a_month(self, delivery: Delivery, posts: np.ndarray) -> float:
        """Pay and overheads of posts by role, GBP."""
        return sum(self.cost[role] * each / 12 for role, each in zip(delivery.roles, posts, strict=True))

    def recruit(self, delivery: Delivery, training: float) -> None:
        """A month of filling a service's posts, as far as they are paid for and sites are ready.

        Some of its staff leave, for elsewhere, and posts in new roles wait until people are trained for them:
        for none of the time with ``training`` in full.
        """
        if not len(delivery.posts):
            return
        ready = float(delivery.joined.mean()) if delivery.at_work else 0.0
        wanted = delivery.posts_wanted * delivery.afforded * ready
        delivery.posts = delivery.posts * (1 - self.rules.turnover / MONTHS)
        months = np.array([self.months_to_fill[role] for role in delivery.roles])
        months = months * (1 - self.rules.workforce_relief * training)
        trained = self.rules.new_role_months * (1 - training)
        months = np.maximum(months + trained * np.isin(delivery.roles, NEW_ROLES), 1.0)
        change = np.maximum(wanted - delivery.posts, 0.0) / months
        if delivery.phase is not Phase.STALLED:  # one that stalls keeps its staff for a while
            change -= np.maximum(delivery.posts - wanted, 0.0)
        self._move(delivery, change)

    def disband(self, delivery: Delivery) -> None:
        """Everybody goes back to where they came from, or away."""
        self._move(delivery, -delivery.posts)

    def _move(self, delivery: Delivery, change: np.ndarray) -> None:
        delivery.posts = np.maximum(delivery.posts + change, 0.0)
        for role, each in zip(delivery.roles, change, strict=True):
            kind = COMES_FROM.get(role)
            if kind is None:
                continue
            came = float(each) * self.local[role]
            if came > 0:
                self.taken[kind] += came
            else:  # whose place is filled by now finds work elsewhere
                came = max(came, -self.gaps[kind])
                self.returned[kind] -= came
            self.gaps[kind] += came

    def end_month(self, training: float) -> None:
        """Organisations replace part of those they miss; the rest are missed in their work."""
        months = max(self.rules.backfill_months * (1 - self.rules.workforce_relief * training), 1.0)
        for kind, gap in self.gaps.items():
            self.gaps[kind] = gap - gap / months
            self.replaced[kind] += gap / months
            share = self.gaps[kind] / self.all[kind] if self.all[kind] else 0.0
            self._turn(kind, round(1 - min(share, self.rules.most_taken), EXACT))

    def _turn(self, kind: str, factor: float) -> None:
        before = self._factors[kind]
        if factor == before:
            return
        self.model.change_service(kind, CAPACITY_OF_KIND.get(kind, "staff"), before, factor)
        self._factors[kind] = factor
