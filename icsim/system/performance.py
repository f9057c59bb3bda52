"""Performance payment: part of what trusts and practices earn depends on what was counted of their work.

It stands in place of CQUIN (a share of the acute contract) and of the quality payments of practices. The
share is withheld as the work is done; each quarter what the measures earned of it is paid, the rest is lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.organisations import Kind
from icsim.experiment.payment import PerformanceMeasure, PerformancePayment
from icsim.system.agreed import Agreed
from icsim.system.contracts import Activity, TrustPayment

if TYPE_CHECKING:
    from icsim.system.agreements import Locality, Month

MEASURES_OF: Mapping[Kind, tuple[PerformanceMeasure, ...]] = {
    Kind.ACUTE_TRUST: (
        PerformanceMeasure.FOUR_HOURS,
        PerformanceMeasure.EIGHTEEN_WEEKS,
        PerformanceMeasure.DELAYED_DAYS,
        PerformanceMeasure.ACSC_ADMISSIONS,
    ),
    Kind.GP_PRACTICE: (PerformanceMeasure.REQUESTS_MET, PerformanceMeasure.ACSC_ADMISSIONS),
}
"""What each kind is paid by; admissions are those of all residents, for all alike."""
ACCOUNT_OF = {Kind.ACUTE_TRUST: "acute_performance_payment", Kind.GP_PRACTICE: "practice_performance_payment"}
YEAR = 365
MONTHS = 12


def levels_of(catalogue: Catalogue) -> dict[PerformanceMeasure, tuple[float, float]]:
    """The values at which each measure earns nothing and all."""
    v = catalogue.value
    return {one: (v(f"performance_{one}_none"), v(f"performance_{one}_full")) for one in PerformanceMeasure}


def scores(
    values: Mapping[PerformanceMeasure, np.ndarray],
    weights: Mapping[str, float] | None,
    levels: Mapping[PerformanceMeasure, tuple[float, float]],
) -> np.ndarray:
    """Share of what is at stake that is earned by each organisation, (n,) in [0, 1].

    A measure earns in proportion between ``performance_MEASURE_none`` and ``performance_MEASURE_full``; those
    without a value (nobody came) are left out, and who has none at all earns everything.

    Args:
        values: of each measure, (n,), NaN for none.
        weights: by name of measure; None for all alike.
        levels: at which each measure earns nothing and all (``levels_of``).
    """
    earned, total = 0.0, 0.0
    for measure, value in values.items():
        none, full = levels[measure]
        weight = 1.0 if weights is None else weights.get(str(measure), 0.0)
        counts = weight * np.isfinite(value)
        part = np.clip((np.nan_to_num(value) - none) / ((full - none) or 1.0), 0.0, 1.0)
        earned, total = earned + counts * part, total + counts
    total = np.asarray(total, dtype=np.float64)
    return np.divide(earned, total, out=np.ones(total.shape), where=total > 0)


@dataclass(frozen=True)
class Performed:
    """A payment rule, part of which is paid by score; what the year comes to when the score holds.

    Attributes:
        inside: the rule.
        share: of it that is paid by score, (trusts,).
        score: in [0, 1], (trusts,).
    """

    inside: TrustPayment
    share: np.ndarray
    score: np.ndarray

    def due(
        self, day_of_year: int | np.ndarray, days_in_year: int, activity: Activity, residents: np.ndarray
    ) -> np.ndarray:
        """Due for one day before performance is known: what is not withheld."""
        return self.inside.due(day_of_year, days_in_year, activity, residents) * (1 - self.share)

    def of_year(self, activity: Activity, residents: np.ndarray) -> np.ndarray:
        """Due for a year: what is not withheld, and what the score earns of the rest."""
        due = self.inside.of_year(activity, residents)
        return due * (1 - self.share) + earned(due * self.share, self.score)


def earned(at_stake: np.ndarray, score: np.ndarray) -> np.ndarray:
    """What a score earns of what was withheld, GBP."""
    return at_stake * score


class Performance(Agreed):
    """The performance payment of a place, month by month.

    Attributes:
        trusts_at_stake: withheld since the last quarter, GBP, (T,).
        practices_at_stake: the same of practices, (P,).
    """

    STATE = ("trusts_at_stake", "practices_at_stake", "_acsc")

    def __init__(self, given: PerformancePayment, place: "Locality", catalogue: Catalogue) -> None:
        super().__init__(given, place)
        self.trusts_at_stake = np.zeros(len(place.named(Kind.ACUTE_TRUST)))
        self.practices_at_stake = np.zeros(len(place.named(Kind.GP_PRACTICE)))
        self._acsc: list[float] = []
        self._levels = levels_of(catalogue)

    @property
    def trust_share(self) -> np.ndarray:
        """Share of the contract with each trust that is withheld, (T,): hospitals elsewhere get theirs."""
        return self.given.trust_share * self._place.covered * self._in_force

    @property
    def practice_share(self) -> float:
        """Share of quality payments that is withheld."""
        return self.given.practice_share * self._in_force

    def end_month(self, month: "Month") -> None:
        """Count the month; at a quarter's end, or the agreement's, pay what was earned."""
        self._acsc = [*self._acsc, month.acsc_admissions][-MONTHS:]
        if not self._in_force:
            return
        self.trusts_at_stake = self.trusts_at_stake + month.trusts_withheld
        self.practices_at_stake = self.practices_at_stake + month.practices_withheld
        if month.ends_quarter or not month.next_in_force(self.given):
            self._pay(Kind.ACUTE_TRUST, self.trusts_at_stake, month)
            self._pay(Kind.GP_PRACTICE, self.practices_at_stake, month)
            self.trusts_at_stake = np.zeros(len(self.trusts_at_stake))
            self.practices_at_stake = np.zeros(len(self.practices_at_stake))

    def _pay(self, kind: Kind, at_stake: np.ndarray, month: "Month") -> None:
        due = earned(at_stake, self.score(kind, month.last_day))
        payers, parts = self._place.named(Kind.COMMISSIONER), self._place.shares(Kind.COMMISSIONER)
        for name, amount in zip(self._place.named(kind), due, strict=True):
            transfers = [(payer, name, part * amount) for payer, part in zip(payers, parts, strict=True)]
            self._place.pay([one for one in transfers if one[2] > 0], ACCOUNT_OF[kind])

    def score(self, kind: Kind, day: int, acsc: float = 1.0) -> np.ndarray:
        """Score of each organisation of a kind over the year before day ``day`` of the run, (n,) in [0, 1].

        Args:
            kind: acute trusts or practices.
            day: of the run, the first that is not looked at.
            acsc: ratio of ACSC admissions to what they were: below 1 for a year in which some are averted.
        """
        values = {measure: self._value(measure, day) for measure in MEASURES_OF[kind]}
        values[PerformanceMeasure.ACSC_ADMISSIONS] = values[PerformanceMeasure.ACSC_ADMISSIONS] * acsc
        return scores(values, self.given.weights, self._levels)

    def _value(self, measure: PerformanceMeasure, day: int) -> np.ndarray:
        trust, practice = str(Kind.ACUTE_TRUST), str(Kind.GP_PRACTICE)
        if measure is PerformanceMeasure.FOUR_HOURS:
            late, came = self._sums(trust, day, "ae_breaches", "ae_attendances")
            return 1 - _ratio(late, came)
        if measure is PerformanceMeasure.EIGHTEEN_WEEKS:
            over, waiting = self._sums(trust, day, "waiting_over_18_weeks", "elective_waiting")
            return 1 - _ratio(over, waiting)
        if measure is PerformanceMeasure.DELAYED_DAYS:
            return _ratio(*self._sums(trust, day, "delayed_transfers", "bed_days"))
        if measure is PerformanceMeasure.REQUESTS_MET:
            met, refused = self._sums(practice, day, "appointments", "requests_refused")
            return _ratio(met, met + refused)
        expected = self._place.expected_acsc * len(self._acsc) / MONTHS
        return np.array(sum(self._acsc) / expected if expected > 0 else np.nan)

    def _sums(self, kind: str, day: int, *names: str) -> list[np.ndarray]:
        recorder = self._place.recorder
        days = recorder.block(kind)[max(0, day - YEAR) : day].astype(np.float64)
        return [np.nan_to_num(days[:, :, recorder.column(kind, name)]).sum(axis=0) for name in names]

    def believed_payments(
        self, payment: TrustPayment, day: int, acsc: float
    ) -> tuple[TrustPayment, TrustPayment]:
        """The trusts' payment as it stands, and with ACSC admissions ``acsc`` times what they are."""
        share, kind = self.trust_share, Kind.ACUTE_TRUST
        return (
            Performed(payment, share, self.score(kind, day)),
            Performed(payment, share, self.score(kind, day, acsc)),
        )

    def believed_practices(self, day: int, acsc: float, at_stake: np.ndarray) -> np.ndarray:
        """What practices would earn more of a year's stake with that change, GBP, (P,)."""
        kind = Kind.GP_PRACTICE
        return earned(at_stake, self.score(kind, day, acsc)) - earned(at_stake, self.score(kind, day))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """NaN where there is nothing to be a part of."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
