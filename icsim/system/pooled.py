"""A pooled budget of health and council: contributions in, services out, and who bears the difference.

From its first month the pool pays for the services it covers in place of commissioners and councils; these
pay contributions instead. At the end of each financial year what is left or missing goes to the partners.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.organisations import Kind
from icsim.experiment.payment import PooledBudget, PooledService
from icsim.system.agreed import Agreed
from icsim.system.money import POOL

if TYPE_CHECKING:
    from icsim.system.agreements import Locality, Month

ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    PooledService.ACUTE: ("acute_contract", "other_acute_care", "acute_performance_payment"),
    PooledService.COMMUNITY: ("community_block",),
    PooledService.MENTAL_HEALTH: ("mental_health_block",),
    PooledService.SOCIAL_CARE: ("care_home_fees", "home_care_and_assessments", "other_social_care"),
    PooledService.CONTINUING_CARE: ("continuing_care",),
    PooledService.PRESCRIBING: ("prescribing",),
    PooledService.VOLUNTARY_SECTOR: ("grant",),
}
"""What commissioners and councils pay for a service."""
PARTNERS = (Kind.COMMISSIONER, Kind.LOCAL_AUTHORITY)
MONTHS = 12
ENOUGH_MONTHS = 3  # of spending, from which a year's contribution is reckoned


def closing(spent: np.ndarray, contributed: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """What each partner receives (pays, if negative) when a pool is closed, GBP, (n,).

    Args:
        spent: by the pool, for what each partner would have paid, (n,).
        contributed: by each partner, (n,).
        parts: of the difference that each bears, (n,), summing to 1.
    """
    return parts * (contributed.sum() - spent.sum())


def shared_change(changes: np.ndarray, spending: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """Changes of results when some of what partners would spend more is the pool's, GBP, (n,).

    Args:
        changes: of each organisation's result were there no pool, (n,).
        spending: of that, what is more spending covered by the pool, (n,).
        parts: as in ``closing``.
    """
    nothing = np.zeros(len(changes))
    return changes + spending + closing(spending, nothing, parts) - closing(nothing, nothing, parts)


class Pool(Agreed):
    """The pool of a place, month by month.

    Attributes:
        spent, contributed: in this financial year by partner, GBP, (n,); spending is counted for the partner
            in whose place the pool paid.
        yearly: contributions agreed for a year, GBP, (n,); NaN until there are months to reckon them from.
    """

    STATE = ("spent", "contributed", "yearly", "_history")

    def __init__(self, given: PooledBudget, place: "Locality", catalogue: Catalogue) -> None:
        super().__init__(given, place)
        self._partners = np.isin(place.kinds, [str(kind) for kind in PARTNERS])
        self._accounts = tuple(account for service in given.covers for account in ACCOUNTS[service])
        self._growth = catalogue.value("ccg_allocation_real_growth")
        n = len(place.kinds)
        self.spent, self.contributed = np.zeros(n), np.zeros(n)
        self.yearly = self._agreed()
        self._history: list[np.ndarray] = []

    def _agreed(self) -> np.ndarray:
        """Contributions that the experiment gives, shared by size within a kind; NaN where it gives none."""
        given, place = self.given.contributions_gbp_per_year, self._place
        if given is None:
            return np.full(len(place.kinds), np.nan)
        yearly = np.zeros(len(place.kinds))
        for kind, amount in given.items():
            yearly[place.kinds == kind] = place.scale * amount * place.shares(kind)
        return yearly

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint; contributions that the experiment gives now hold from now on."""
        super().put_back(state)
        agreed = self._agreed()
        if not np.isnan(agreed).any():
            self.yearly = agreed

    def begin(self, in_force: bool) -> None:
        """Pay for what it covers from this month on, or no longer."""
        super().begin(in_force)
        payers = np.flatnonzero(self._partners)
        self._place.ledger.stand_in(POOL if in_force else None, payers, self._accounts)

    @property
    def parts(self) -> np.ndarray:
        """Part of an over- or underspend that each partner bears, (n,), summing to 1."""
        place, given = self._place, self.given.overspend_parts
        if given is not None and sum(given.values()) > 0:
            parts = np.zeros(len(place.kinds))
            for kind, part in given.items():
                parts[place.kinds == kind] = part * place.shares(kind)
        elif self.contributed.sum() > 0:
            parts = self.contributed
        else:
            parts = self.yearly if np.nansum(self.yearly) > 0 else self._partners.astype(np.float64)
        return parts / parts.sum() if parts.sum() > 0 else self._partners / max(self._partners.sum(), 1)

    def end_month(self, month: "Month") -> None:
        """Partners pay in; at the end of a financial year, or of the agreement, the books are closed."""
        place = self._place
        n = len(place.kinds)
        spent = place.ledger.spent_on(self._accounts)[:n] * self._partners
        if self._in_force:
            if np.isnan(self.yearly).any() and len(self._history) >= ENOUGH_MONTHS:
                self.yearly = np.mean(self._history, axis=0) * MONTHS
            paid = spent if np.isnan(self.yearly).any() else self.yearly / MONTHS
            paid = np.round(paid, 2)
            place.pay([(place.names[k], POOL, paid[k]) for k in np.flatnonzero(paid)], "pool_contribution")
            self.spent, self.contributed = self.spent + spent, self.contributed + paid
            if month.ends_year or not month.next_in_force(self.given):
                self._close()
        self._history = [*self._history, spent][-MONTHS:]

    def _close(self) -> None:
        place = self._place
        # what is in the pool to the penny, the last to be paid taking what rounding leaves
        left = round(place.ledger.balance(POOL), 2)
        moved = np.round(closing(np.array([0.0]), np.array([left]), self.parts), 2)
        last = int(np.flatnonzero(self.parts)[-1]) if self.parts.any() else 0
        moved[last] = round(left - (moved.sum() - moved[last]), 2)
        account = "pool_underspend" if left > 0 else "pool_overspend"
        for k in np.flatnonzero(moved):
            payer, payee = (POOL, place.names[k]) if moved[k] > 0 else (place.names[k], POOL)
            place.pay([(payer, payee, abs(float(moved[k])))], account)
        self.spent, self.contributed = np.zeros(len(moved)), np.zeros(len(moved))
        self.yearly = self.yearly * (1 + self._growth)

    def believed(self, changes: np.ndarray, councils: np.ndarray, commissioners: np.ndarray) -> np.ndarray:
        """Changes of results when the pool shares what it covers, GBP, (n,).

        Args:
            changes: were there no pool.
            councils, commissioners: of these, change that comes from social care and from acute care.
        """
        if not self._in_force:
            return changes
        spending = np.zeros(len(changes))
        if PooledService.SOCIAL_CARE in self.given.covers:
            spending = spending - councils
        if PooledService.ACUTE in self.given.covers:
            spending = spending - commissioners
        return shared_change(changes, spending, self.parts)
