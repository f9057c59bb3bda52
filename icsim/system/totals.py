"""Control totals and the sustainability fund; deficits that stay from year to year."""

from typing import TYPE_CHECKING

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.organisations import Kind
from icsim.experiment.payment import CarriedDeficits, ControlTotals
from icsim.system.agreed import Agreed
from icsim.system.money import NATIONAL, TREASURY

if TYPE_CHECKING:
    from icsim.system.agreements import Locality, Month

HELD = (Kind.ACUTE_TRUST, Kind.COMMISSIONER)
MONTHS = 12


def fund_due(
    results: np.ndarray, incomes: np.ndarray, surplus_shares: np.ndarray, fund_shares: np.ndarray
) -> np.ndarray:
    """Sustainability fund that each organisation gets, GBP, (n,): all of it or nothing.

    Args:
        results, incomes: of the time looked at, without the fund, GBP, (n,).
        surplus_shares: agreed results as shares of income, (n,).
        fund_shares: the fund as a share of income, (n,).
    """
    return np.where(results >= surplus_shares * incomes, fund_shares * incomes, 0.0)


class Totals(Agreed):
    """Control totals of trusts and commissioners, month by month.

    Attributes:
        income: of the financial year so far, without the fund, GBP, (n,).
        fund: received since 1 April, GBP, (n,).
        missing: what the year so far falls short by, as a share of income, (n,).
    """

    STATE = ("income", "fund", "missing", "_quarter", "_year_of_fund")

    def __init__(self, given: ControlTotals, place: "Locality", catalogue: Catalogue) -> None:
        super().__init__(given, place)
        n = len(place.kinds)
        self.income, self.fund, self.missing = np.zeros(n), np.zeros(n), np.zeros(n)
        self._limit = max(catalogue.value("pressure_deficit_to"), 1e-9)
        self._quarter = np.zeros(n)  # income since the last quarter's end
        self._year_of_fund: list[np.ndarray] = []  # by month
        self._held = np.isin(place.kinds, [str(kind) for kind in HELD]) & place.partners
        shares = given.surplus_shares
        self._agreed = np.array(
            [
                shares.get(name, shares.get(kind, 0.0))
                for name, kind in zip(place.names, place.kinds, strict=True)
            ]
        )
        trusts = (place.kinds == str(Kind.ACUTE_TRUST)) & place.partners
        self._fund_shares = np.where(trusts, given.fund_share, 0.0)

    def end_month(self, month: "Month") -> None:
        """At a quarter's end, the year so far decides on the quarter's part of the fund."""
        place, n = self._place, len(self.income)
        received = place.ledger.month_received[:n]
        self.income, self._quarter = self.income + received, self._quarter + received
        paid = np.zeros(n)
        if self._in_force and month.ends_quarter:
            results = place.ledger.surpluses[:n] - self.fund
            short = self._agreed * self.income - results
            met = short <= 0
            # the quarter's part, if the year so far keeps to the total
            paid = np.where(met, np.round(self._fund_shares * self._quarter, 2), 0.0)
            share = np.divide(short, self.income, out=np.zeros(n), where=self.income > 0)
            self.missing = np.where(self._held, np.maximum(share, 0.0), 0.0)
            place.pay(
                [(NATIONAL, place.names[k], paid[k]) for k in np.flatnonzero(paid)], "sustainability_fund"
            )
            for k in np.flatnonzero(self._held & ~met):
                lost = self._fund_shares[k] * self._quarter[k]
                cause = f"{100 * share[k]:.1f}% of income short"
                cause += f", GBP {lost:,.0f} of the sustainability fund lost" if lost > 0 else ""
                place.recorder.events.add(month.end, place.names[k], "control total missed", cause)
        elif not self._in_force:
            self.missing = np.zeros(n)
        self.fund = self.fund + paid
        self._year_of_fund = [*self._year_of_fund, paid][-MONTHS:]
        if month.ends_quarter:
            self._quarter = np.zeros(n)
        if month.ends_year:
            self.income, self.fund = np.zeros(n), np.zeros(n)

    @property
    def pressure(self) -> np.ndarray:
        """Of falling short, (n,): 1 at ``pressure_deficit_to`` of income."""
        return np.minimum(self.missing / self._limit, 1.0)

    def believed(self, changes: np.ndarray, results: np.ndarray, incomes: np.ndarray) -> np.ndarray:
        """Changes of a year's results with the fund that they win or lose, GBP, (n,).

        Args:
            changes: of each result, (n,).
            results, incomes: of the last twelve months, (n,).
        """
        if not self._in_force:
            return changes
        fund = np.sum(self._year_of_fund, axis=0) if self._year_of_fund else np.zeros(len(changes))
        rule = (incomes - fund, self._agreed, self._fund_shares)
        return changes + fund_due(results - fund + changes, *rule) - fund_due(results - fund, *rule)


class Carried(Agreed):
    """Deficits carried from year to year: interest on those of trusts, recovery of those of commissioners.

    Attributes:
        debt: carried since the last 31 March, GBP, (n,).
        recovered: of it, taken back since, GBP, (n,).
    """

    STATE = ("debt", "recovered")

    def __init__(self, given: CarriedDeficits, place: "Locality", catalogue: Catalogue) -> None:
        super().__init__(given, place)
        n = len(place.kinds)
        self.debt, self.recovered = np.zeros(n), np.zeros(n)
        self._limit = catalogue.value("pressure_carried_to")
        self._trusts = (place.kinds == str(Kind.ACUTE_TRUST)) & place.partners
        self._commissioners = place.kinds == str(Kind.COMMISSIONER)

    def end_month(self, month: "Month") -> None:
        """Interest and recovery of the month; on 31 March the year's result is carried."""
        place, n = self._place, len(self.debt)
        interest = np.where(self._trusts, self.given.interest_share / MONTHS * self.debt, 0.0)
        taken = np.where(self._commissioners, self.given.recovered_share / MONTHS * self.debt, 0.0)
        for amounts, account in ((interest, "deficit_interest"), (taken, "deficit_recovered")):
            amounts = np.round(amounts, 2)
            place.pay([(place.names[k], TREASURY, amounts[k]) for k in np.flatnonzero(amounts)], account)
        self.recovered = self.recovered + np.round(taken, 2)
        if month.ends_year:
            held = self._trusts | self._commissioners
            self.debt = np.where(held, carried(self.debt, self.recovered, place.ledger.surpluses[:n]), 0.0)
            self.recovered = np.zeros(n)

    def pressure(self, incomes: np.ndarray) -> np.ndarray:
        """Of the debt, (n,): 1 at ``pressure_carried_to`` of a year's income."""
        limit = np.maximum(incomes * self._limit, 1.0)
        return np.minimum(self.debt / limit, 1.0)


def carried(debt: np.ndarray, recovered: np.ndarray, results: np.ndarray) -> np.ndarray:
    """Deficit carried into the next year, GBP, (n,), 0 and more.

    What was recovered is a payment within ``results`` and has settled as much of the debt; a surplus
    settles more.

    Args:
        debt: carried into the year that ends.
        recovered: of it, taken back within the year.
        results: of the year, deficits negative.
    """
    return np.maximum(debt - recovered - results, 0.0)
