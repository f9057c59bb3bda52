"""Gain and risk share: part of what partners gain or lose in a year is pooled and divided anew.

Pure rules: the same call settles the year that was and prices a change that somebody only believes in.
Amounts are GBP; arrays have one value for each organisation, shape (n,).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sharing:
    """An agreement between some of the organisations of a place.

    Attributes:
        members: who takes part, bool, (n,).
        pooled: share of each member's result that goes into the pool, 0-1.
        parts: share of the pool that each member takes, (n,), 0 for others; sums to 1.
        threshold: pooled result, as a share of the members' income, below which nothing is shared.
        cap, collar: most that a member may gain and lose by sharing, as a share of its income.
        covered: share of each organisation's business that the agreement covers, (n,) or 1 for all: most of a
            hospital's patients may belong to other places.
        reinvested: share of what a member gains by sharing that must be spent on services.
    """

    members: np.ndarray
    pooled: float
    parts: np.ndarray
    threshold: float = 0.0
    cap: float = np.inf
    collar: float = np.inf
    covered: np.ndarray | float = 1.0
    reinvested: float = 0.0

    @classmethod
    def none(cls, n: int) -> "Sharing":
        """No agreement."""
        return cls(np.zeros(n, dtype=bool), 0.0, np.zeros(n))

    def transfers(self, results: np.ndarray, incomes: np.ndarray) -> np.ndarray:
        """What each organisation receives (pays, if negative) so that the pool is divided; sums to 0.

        Args:
            results: surplus of the year before sharing, deficits negative.
            incomes: of the year, 0 and more.
        """
        results, incomes = np.asarray(results) * self.covered, np.asarray(incomes) * self.covered
        if not self.members.any() or self.pooled <= 0:
            return np.zeros(len(results))
        own = np.where(self.members, self.pooled * results, 0.0)
        pool = own.sum()
        if abs(pool) < self.threshold * incomes[self.members].sum():
            return np.zeros(len(results))
        moved = self.parts * pool - own
        gain, loss = (share * incomes if np.isfinite(share) else np.inf for share in (self.cap, self.collar))
        bounded = np.clip(moved, -loss, gain)
        bounded[~self.members] = 0.0
        # what limits leave over is taken from those on the other side, so that nothing appears from nowhere
        receipts, payments = np.maximum(bounded, 0).sum(), np.maximum(-bounded, 0).sum()
        least = min(receipts, payments)
        if least <= 0:
            return np.zeros(len(results))
        return np.where(bounded > 0, bounded * (least / receipts), bounded * (least / payments))

    def after(self, results: np.ndarray, incomes: np.ndarray) -> np.ndarray:
        """Results after sharing, and after what must be spent of its gains."""
        moved = self.transfers(results, incomes)
        return results + moved - self.spent(moved)

    def spent(self, moved: np.ndarray) -> np.ndarray:
        """What each must spend of its transfer, GBP, (n,)."""
        return self.reinvested * np.maximum(moved, 0.0)


def payments(transfers: np.ndarray) -> list[tuple[int, int, float]]:
    """Who pays whom so that everybody receives their transfer: (payer, payee, GBP)."""
    payers, payees = np.flatnonzero(transfers < 0), np.flatnonzero(transfers > 0)
    total = transfers[payees].sum()
    if total <= 0:
        return []
    return [
        (int(payer), int(payee), float(-transfers[payer] * transfers[payee] / total))
        for payer in payers
        for payee in payees
    ]
