"""What joint work would pay each organisation: the contract's own rules, run on the change it believes in.

Nothing here is typed in. A belief (fewer emergency spells, shorter stays, fewer repeated attendances) is
turned into a year's activity with and without joint work, and both are priced by the code that pays and
charges the organisations: ``contracts`` for income, ``costs`` for hospitals, ``sharing`` for what is pooled.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.organisations import Kind
from icsim.system.contracts import Activity, TrustPayment
from icsim.system.costs import BED_DAYS_OF_YEAR, HospitalCosts, council_home_care_share, home_care_day
from icsim.system.sharing import Sharing


@dataclass(frozen=True)
class Belief:
    """What full joint work is believed to change in a year, as shares.

    Attributes:
        emergency: of emergency spells averted.
        nights: of residents' bed days saved by shorter stays, beyond the spells averted.
        attendances: A&E attendances averted for each emergency spell averted.
        outpatients: of first and follow-up attendances that repeat what is known already.
        released: share of a freed bed's ward cost that the trust saves within the year.
        supported: share of the nights saved that the council supports at home instead.
    """

    emergency: float
    nights: float
    attendances: float
    outpatients: float
    released: float
    supported: float

    @classmethod
    def of(cls, catalogue: Catalogue, residents_by_age: np.ndarray) -> "Belief":
        """From the effects of mature joint work (``joint_*``) and the shares of kinds of need by age."""
        v = catalogue.value
        spells = residents_by_age * catalogue.by_age("emerg_rate")
        averted = sum(
            catalogue.by_age(f"emerg_share_{need}") * (1 - v(f"joint_{need}"))
            for need in ("acsc", "frailty", "social")
        )
        total = float(spells.sum())
        return cls(
            emergency=float(spells @ averted) / total if total > 0 else 0.0,
            nights=1 - v("joint_length_of_stay"),
            attendances=v("joint_attendances_each"),
            outpatients=1 - v("joint_referral"),
            released=v("joint_bed_release"),
            supported=v("joint_nights_supported"),
        )

    def change(self, activity: Activity) -> Activity:
        """A year's activity of the trusts under full joint work."""
        fewer = self.emergency * activity.emergency_spells
        kept = 1 - self.outpatients
        return activity._replace(
            emergency_spells=activity.emergency_spells - fewer,
            ae_attendances=np.maximum(activity.ae_attendances - self.attendances * fewer, 0.0),
            first_outpatients=kept * activity.first_outpatients,
            follow_up_outpatients=kept * activity.follow_up_outpatients,
        )


class Wards(NamedTuple):
    """A trust's beds on a mean day; arrays (trusts,)."""

    open: np.ndarray
    occupied: np.ndarray
    escalation: np.ndarray
    residents: np.ndarray  # of those occupied, by residents of the place


@dataclass(frozen=True)
class Books:
    """What incentives are reckoned from: a year as it runs now, by organisation, in the model's order.

    Attributes:
        kinds: of every organisation, (n,) text.
        income, result: receipts, and receipts less payments, of a year at the present pace, GBP, (n,).
        commissioner_parts: part of the trusts' contract that each commissioner pays, (C,).
        council_parts: part of the residents of each council, (A,).
    """

    kinds: np.ndarray
    income: np.ndarray
    result: np.ndarray
    commissioner_parts: np.ndarray
    council_parts: np.ndarray

    def of(self, kind: Kind) -> np.ndarray:
        """Rows of a kind."""
        return np.flatnonzero(self.kinds == str(kind))


def trusts_change(
    belief: Belief,
    activity: Activity,
    wards: Wards,
    payment: TrustPayment,
    costs: HospitalCosts,
    residents: np.ndarray,
    payment_after: TrustPayment | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Income, cost and freed beds of each trust, changed by a year of full joint work, GBP and beds, (T,).

    ``payment_after``: the payment with joint work, where what it pays for is not in the activity.
    """
    after = belief.change(activity)
    income = (payment_after or payment).of_year(after, residents) - payment.of_year(activity, residents)
    nights = 1 - (1 - belief.emergency) * (1 - belief.nights)
    freed = nights * wards.residents
    cost = costs.variable(after) - costs.variable(activity)
    occupied = np.maximum(wards.occupied - freed, 0.0)
    escalation = np.maximum(wards.escalation - freed, 0.0)
    opened = np.maximum(wards.open - (wards.escalation - escalation), 0.0)
    agency = costs.agency(opened, occupied, escalation) - costs.agency(
        wards.open, wards.occupied, wards.escalation
    )
    closed = wards.escalation - escalation + belief.released * (freed - (wards.escalation - escalation))
    cost = cost + BED_DAYS_OF_YEAR * (agency - costs.open_bed_day * np.maximum(closed, 0.0))
    return income, cost, freed


def surplus_changes(
    belief: Belief,
    books: Books,
    activity: Activity,
    wards: Wards,
    payment: TrustPayment,
    costs: HospitalCosts,
    residents: np.ndarray,
    catalogue: Catalogue,
    payment_after: TrustPayment | None = None,
) -> np.ndarray:
    """What a year of full joint work changes in every organisation's own result, before sharing, GBP, (n,).

    Trusts lose or save as contract and costs say; commissioners pay less or the same; councils support at
    home those who leave sooner. What one loses by the contract another gains. The time that joint work
    takes is no loss of money: it is taken from other work, and shows as pressure.
    """
    change = np.zeros(len(books.kinds))
    income, cost, freed = trusts_change(belief, activity, wards, payment, costs, residents, payment_after)
    change[books.of(Kind.ACUTE_TRUST)] += income - cost
    change[books.of(Kind.COMMISSIONER)] -= books.commissioner_parts * income.sum()
    at_home = home_care_day(catalogue, "home_care_price_council") * council_home_care_share(catalogue)
    supported = belief.supported * freed.sum() * BED_DAYS_OF_YEAR * at_home
    change[books.of(Kind.LOCAL_AUTHORITY)] -= books.council_parts * supported
    return change


def incentives(changes: np.ndarray, books: Books, sharing: Sharing) -> np.ndarray:
    """Change of each result after sharing, as a share of income, (n,); 0 where there is no income."""
    before = sharing.after(books.result, books.income)
    after = sharing.after(books.result + changes, books.income)
    return np.divide(after - before, books.income, out=np.zeros(len(before)), where=books.income > 0)
