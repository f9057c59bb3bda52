"""How an acute trust is paid for residents' care, and how that changes on a date.

The rules are pure: the same call serves the day that was counted and a change somebody only believes in, so
an organisation can work out what it would gain or lose from the very code that pays it (``of_year``).
Money is in 2016/17 prices. Arrays have one value for each acute trust, shape (trusts,), unless said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol, Self

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.schema import Contract, Payment


class Activity(NamedTuple):
    """Residents' hospital activity of a day, or of a year where said; arrays (trusts,).

    ``emergency_before`` is the number of emergency spells since the financial year began, without today's.
    """

    ae_attendances: np.ndarray
    emergency_spells: np.ndarray
    elective_spells: np.ndarray
    day_cases: np.ndarray
    first_outpatients: np.ndarray
    follow_up_outpatients: np.ndarray
    emergency_before: np.ndarray | float = 0.0

    @classmethod
    def of_trusts(cls, **yearly: Sequence[float] | np.ndarray) -> "Activity":
        """Activity from plain sequences, one value a trust."""
        return cls(**{name: np.asarray(values, dtype=np.float64) for name, values in yearly.items()})


@dataclass(frozen=True, slots=True)
class Tariffs:
    """Prices of hospital activity, GBP each; spells are whole stays, whoever the consultant."""

    ae_attendance: float
    emergency_spell: float
    elective_spell: float
    day_case: float
    first_outpatient: float
    follow_up_outpatient: float

    @classmethod
    def of(cls, catalogue: Catalogue) -> Self:
        """The tariffs of the evidence catalogue (2016/17)."""
        return cls(
            ae_attendance=catalogue.value("tariff_ae_avg"),
            emergency_spell=catalogue.value("tariff_nel_spell_avg"),
            elective_spell=catalogue.value("tariff_elective_inpatient"),
            day_case=catalogue.value("tariff_day_case"),
            first_outpatient=catalogue.value("tariff_op_first"),
            follow_up_outpatient=catalogue.value("tariff_op_follow_up"),
        )

    def planned(self, activity: Activity) -> np.ndarray:
        """Elective spells, day cases and outpatients at tariff, GBP."""
        return (
            self.elective_spell * activity.elective_spells
            + self.day_case * activity.day_cases
            + self.first_outpatient * activity.first_outpatients
            + self.follow_up_outpatient * activity.follow_up_outpatients
        )

    def without_emergencies(self, activity: Activity) -> np.ndarray:
        """Everything but emergency spells at tariff, GBP."""
        return self.planned(activity) + self.ae_attendance * activity.ae_attendances


class TrustPayment(Protocol):
    """What a commissioner owes the acute trusts under one payment rule."""

    def due(
        self, day_of_year: int | np.ndarray, days_in_year: int, activity: Activity, residents: np.ndarray
    ) -> np.ndarray:
        """Due for one day, GBP by trust.

        Args:
            day_of_year: day of the *financial* year, 0 on 1 April; (days, 1) for several days, whose
                activity then is (days, trusts).
            days_in_year: 365 or 366.
            activity: the day's counts, and emergency spells of the year before today.
            residents: residents by age band, shape (10,).
        """
        ...

    def of_year(self, activity: Activity, residents: np.ndarray) -> np.ndarray:
        """Due for a whole year of this activity, GBP by trust: the sum of its days."""
        ...


@dataclass(frozen=True)
class ActivityPayment:
    """Payment by results with the marginal rate for emergency admissions above a baseline.

    Over a year the trust gets ``P min(N, B) + m P max(0, N - B)`` for N emergency spells at tariff P and
    baseline B (the marginal rate rule of the national tariff; m = 0.3 from 2010/11, later 0.7). Within the
    year the baseline grows by the day, so a day is paid for what it adds to the sum so far, and the days
    add up to the year whatever the season.

    Attributes:
        baseline: emergency spells a year paid in full, (trusts,).
        marginal_rate: share of the tariff above it, 0-1.
    """

    tariffs: Tariffs
    baseline: np.ndarray
    marginal_rate: float

    def _emergencies(self, spells: np.ndarray | float, baseline: np.ndarray) -> np.ndarray:
        full = np.minimum(spells, baseline)
        return self.tariffs.emergency_spell * (full + self.marginal_rate * (spells - full))

    def due(
        self, day_of_year: int | np.ndarray, days_in_year: int, activity: Activity, residents: np.ndarray
    ) -> np.ndarray:
        """Due for one day; see ``TrustPayment``."""
        before = activity.emergency_before
        earned = self._emergencies(
            before + activity.emergency_spells, self.baseline * ((day_of_year + 1) / days_in_year)
        )
        already = self._emergencies(before, self.baseline * (day_of_year / days_in_year))
        # subtracting large sums may leave a hair below zero on a day without any spell
        return self.tariffs.without_emergencies(activity) + np.maximum(earned - already, 0.0)

    def of_year(self, activity: Activity, residents: np.ndarray) -> np.ndarray:
        """Due for a year of this activity; see ``TrustPayment``."""
        return self.tariffs.without_emergencies(activity) + self._emergencies(
            activity.emergency_spells, self.baseline
        )


@dataclass(frozen=True)
class BlockPayment:
    """A fixed sum a year, whatever is done.

    Attributes:
        yearly: GBP a year, (trusts,).
    """

    yearly: np.ndarray

    def due(
        self, day_of_year: int | np.ndarray, days_in_year: int, activity: Activity, residents: np.ndarray
    ) -> np.ndarray:
        """Due for one day; see ``TrustPayment``."""
        return self.yearly / days_in_year

    def of_year(self, activity: Activity, residents: np.ndarray) -> np.ndarray:
        """Due for a year; see ``TrustPayment``."""
        return self.yearly.copy()


@dataclass(frozen=True)
class CapitationPayment:
    """So much a head a year, by age: it follows the people, not what is done for them.

    Attributes:
        per_weighted_head: GBP a year for a resident of weight 1, (trusts,).
        weights: by age band, (10,); England's residents average 1.
    """

    per_weighted_head: np.ndarray
    weights: np.ndarray

    def of_year(self, activity: Activity, residents: np.ndarray) -> np.ndarray:
        """Due for a year of these residents; see ``TrustPayment``."""
        return self.per_weighted_head * float(self.weights @ residents)

    def due(
        self, day_of_year: int | np.ndarray, days_in_year: int, activity: Activity, residents: np.ndarray
    ) -> np.ndarray:
        """Due for one day; see ``TrustPayment``."""
        return self.of_year(activity, residents) / days_in_year


@dataclass(frozen=True)
class SplitPayment:
    """The place's payment rule where its contract reaches, payment by activity where it does not.

    Attributes:
        covered: whether a trust is under the place's contract, bool, (trusts,).
        inside, outside: the two rules.
    """

    covered: np.ndarray
    inside: TrustPayment
    outside: TrustPayment

    def due(
        self, day_of_year: int | np.ndarray, days_in_year: int, activity: Activity, residents: np.ndarray
    ) -> np.ndarray:
        """Due for one day; see ``TrustPayment``."""
        day = (day_of_year, days_in_year, activity, residents)
        return np.where(self.covered, self.inside.due(*day), self.outside.due(*day))

    def of_year(self, activity: Activity, residents: np.ndarray) -> np.ndarray:
        """Due for a year; see ``TrustPayment``."""
        return np.where(
            self.covered, self.inside.of_year(activity, residents), self.outside.of_year(activity, residents)
        )


def contract_on(contract: Contract, day: date, signed: Mapping[date, date] | None = None) -> Contract:
    """The contract in force on a day: the start's, changed by every step up to then.

    Args:
        contract: of the experiment.
        day: of the run.
        signed: when the steps that bring a new form, by their date, were signed; those that are missing are
            not in force. None: every step is in force on its date.
    """
    changes: dict[str, object] = {}
    for step in sorted(contract.steps, key=lambda one: one.date):
        since = step.date if signed is None or step.form is None else signed.get(step.date, date.max)
        if since <= day:
            changes |= {key: value for key, value in step if key != "date" and value is not None}
    return contract.model_copy(update=changes)


def payment_of(
    contract: Contract,
    catalogue: Catalogue,
    expected: Activity,
    residents: np.ndarray,
    covered: np.ndarray | None = None,
) -> TrustPayment:
    """The payment rule of a contract.

    Block and capitation are set so that a year as expected brings what payment by activity would bring
    (marginal rate and all): changing the form changes what moves income, not its level.

    Args:
        contract: as in force (``contract_on``).
        catalogue: of the run, for tariffs and weights.
        expected: a *year's* activity when the contract begins.
        residents: residents by age band when the contract begins, (10,).
        covered: whether each trust is under the contract, (trusts,); others are paid by activity; None: all.

    Raises:
        ValueError: capitation for a place without residents.
    """
    by_activity = ActivityPayment(
        tariffs=Tariffs.of(catalogue),
        baseline=contract.emergency_baseline * np.asarray(expected.emergency_spells, dtype=np.float64),
        marginal_rate=float(contract.marginal_emergency_rate),
    )
    if contract.payment == Payment.ACTIVITY:
        return by_activity
    yearly = by_activity.of_year(expected, residents)
    if contract.payment == Payment.BLOCK:
        rule: TrustPayment = BlockPayment(yearly)
    else:
        weights = catalogue.by_age("capitation_weight")
        heads = float(weights @ residents)
        if not heads > 0:
            raise ValueError("payment by capitation needs residents; the place has none")
        rule = CapitationPayment(yearly / heads, weights)
    if covered is None or np.all(covered):
        return rule
    return SplitPayment(np.asarray(covered, dtype=bool), rule, by_activity)
