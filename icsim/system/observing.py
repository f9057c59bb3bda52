"""What organisations see at the end of a month: a year's books and activity as they run now, and pressure."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from icsim.experiment.organisations import Kind
from icsim.experiment.strategy import JointWork
from icsim.recording.measures import columns
from icsim.system.agreements import Agreements
from icsim.system.contracts import Activity, TrustPayment
from icsim.system.costs import HospitalCosts
from icsim.system.incentives import Books, Wards
from icsim.system.parties import Parties

if TYPE_CHECKING:
    from icsim.model import ICSModel

MONTHS = 12
ENOUGH_DAYS = 90  # before them a year's pace is taken from what was expected


@dataclass(frozen=True)
class Seen:
    """A month as organisations see it; nothing in it is a choice of theirs.

    Attributes:
        books: a year's receipts and results at the present pace.
        activity: a year of the trusts, by trust.
        wards: their mean beds.
        payment, then: the rule in force, and as it would be with joint work.
        costs: what hospitals' work costs.
        agreed: agreements beyond payment and sharing.
        performed: what joint work would earn each in a year by measured performance, and practices by
            patients who choose them, GBP, (n,).
        residents: by age band, (10,).
        pressure: on each organisation, (n,) from 0.
        encouraged: the will to work together that others give or take, (n,), 0 where nobody does.
    """

    books: Books
    activity: Activity
    wards: Wards
    payment: TrustPayment
    then: TrustPayment
    costs: HospitalCosts
    agreed: Agreements
    performed: np.ndarray
    residents: np.ndarray
    pressure: np.ndarray
    encouraged: np.ndarray


class Observer:
    """Keeps receipts and payments of the last twelve months of a model, and looks at the rest.

    Attributes:
        received, spent: of each of the last months, GBP, (n,).
    """

    STATE = ("received", "spent")

    def __init__(self, model: "ICSModel", parties: Parties) -> None:
        self._model = model
        self._parties = parties
        self.received: list[np.ndarray] = []
        self.spent: list[np.ndarray] = []

    def look(self, work: JointWork | None) -> Seen:
        """The month that ends today; paid time for joint work takes pressure away."""
        model = self._model
        ledger, n = model.accounts.ledger, len(self._parties)
        self.received = [*self.received, ledger.received[:n]][-MONTHS:]
        self.spent = [*self.spent, ledger.spent[:n]][-MONTHS:]
        pressure = np.array([one.pressure for one in self._parties.organisations])
        if work is not None:
            pressure = pressure * (1 - work.slack)
        names, kinds, day = self._parties.names, self._parties.kinds, model.date - timedelta(days=1)
        pressure = model.nation.pressed(pressure, names, kinds, day)
        encouraged = model.nation.willing(np.zeros(n), kinds, day)
        accounts, books = model.accounts, self._books()
        agreed = accounts.agreements
        if agreed:
            pressure = agreed.pressed(pressure, books.income)
        activity, wards = self._year_of_hospitals()
        residents = model.world.tallies.residents.sum(axis=1).astype(np.float64)
        now, then = agreed.payments(accounts.payment, model.day)
        return Seen(
            books, activity, wards, now, then, accounts.hospital_costs, agreed, self._performed(books),
            residents, pressure, encouraged,
        )  # fmt: skip

    def _performed(self, books: Books) -> np.ndarray:
        """What practices would earn with joint work by performance (commissioners pay) and by their list."""
        accounts, changes = self._model.accounts, np.zeros(len(self._parties))
        if accounts.agreements:
            stake = accounts.quality_payments() * accounts.agreements.practice_share
            gained = accounts.agreements.practices_change(self._model.day, stake)
            changes[self._parties.rows(Kind.GP_PRACTICE)] += gained
            changes[self._parties.rows(Kind.COMMISSIONER)] -= books.commissioner_parts * gained.sum()
        mine = self._parties.rows(Kind.GP_PRACTICE)
        lists = np.maximum(self._model.seen.lists.astype(np.float64), 1.0)
        changes[mine] += self._model.practice_choice.worth(books.income[mine] / lists)
        return changes

    def _books(self) -> Books:
        income = np.mean(self.received, axis=0) * MONTHS
        result = income - np.mean(self.spent, axis=0) * MONTHS
        people = self._model.accounts.populations
        commissioners, councils = people.commissioner_shares, people.authority_shares
        return Books(
            self._parties.kinds, income, result, commissioners / max(commissioners.sum(), 1e-9),
            councils / max(councils.sum(), 1e-9),
        )  # fmt: skip

    def _year_of_hospitals(self) -> tuple[Activity, Wards]:
        """A year of the trusts at the pace of the last twelve months, and their mean beds."""
        model, a = self._model, columns("acute_trust")
        days = model.recorder.block("acute_trust")[max(0, model.day - 365) : model.day].astype(np.float64)
        mean = days.mean(axis=0)
        wards = Wards(
            mean[:, a.BEDS_OPEN], mean[:, a.BEDS_OCCUPIED], mean[:, a.ESCALATION_BEDS_USED],
            np.maximum(mean[:, a.BEDS_OCCUPIED] - mean[:, a.OUTSIDE_BEDS], 0.0),
        )  # fmt: skip
        if len(days) < ENOUGH_DAYS:
            return model.accounts.populations.expected, wards
        names = ("AE_ATTENDANCES", "EMERGENCY_ADMISSIONS", "ELECTIVE_ADMISSIONS", "DAY_CASES",
                 "FIRST_OUTPATIENTS", "FOLLOW_UP_OUTPATIENTS")  # fmt: skip
        return Activity(*(mean[:, getattr(a, name)] * 365 for name in names)), wards
