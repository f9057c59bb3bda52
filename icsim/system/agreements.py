"""What a place has agreed on money beyond the acute contract, and the months in which it is settled.

Pooled budget, performance payment, control totals, carried deficits and transformation money: each is an
agreement that begins and ends with a month, pays through the ledger, and says what joint work would change
under it by the very rule it pays by.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.organisations import Kind
from icsim.experiment.payment import (
    Agreement,
    CarriedDeficits,
    ControlTotals,
    PerformancePayment,
    PooledBudget,
)
from icsim.experiment.programme import Programme
from icsim.experiment.schema import Experiment
from icsim.recording.recorder import Recorder
from icsim.system.agreed import Agreed
from icsim.system.contracts import TrustPayment
from icsim.system.funding import Transformation
from icsim.system.money import Ledger
from icsim.system.performance import Performance
from icsim.system.pooled import Pool
from icsim.system.populations import Populations, parts
from icsim.system.totals import Carried, Totals

Pay = Callable[[Sequence[tuple[str, str, float]], str], None]


@dataclass
class Locality:
    """What agreements need of the place; arrays over all organisations in the ledger's order, (n,).

    Attributes:
        names, kinds: of the organisations.
        partners: whether each is of the place: hospitals elsewhere are not.
        scale: of the run to the whole place (its sample).
        pay: books payments (payer, payee, GBP) under an account.
        acsc_rate: ACSC admissions of a resident of England a year, by age band, (10,).
        residents: today's.
        expected_acsc: ACSC admissions that residents of these ages and need have in England, a year.
    """

    names: list[str]
    kinds: np.ndarray
    partners: np.ndarray
    ledger: Ledger
    recorder: Recorder
    populations: Populations
    scale: float
    pay: Pay
    acsc_rate: np.ndarray
    residents: float = 0.0
    expected_acsc: float = 0.0

    def named(self, kind: Kind) -> list[str]:
        """Names of a kind."""
        return [self.names[k] for k in np.flatnonzero(self.kinds == str(kind))]

    def shares(self, kind: str) -> np.ndarray:
        """Part of the place's residents that each organisation of a kind looks after, summing to 1."""
        given = {
            str(Kind.COMMISSIONER): self.populations.commissioner_shares,
            str(Kind.LOCAL_AUTHORITY): self.populations.authority_shares,
        }
        count = int((self.kinds == str(kind)).sum())
        return parts(given.get(str(kind), np.zeros(0)), count)

    @property
    def covered(self) -> np.ndarray:
        """Whether each acute trust is of the place, (T,)."""
        return self.partners[self.kinds == str(Kind.ACUTE_TRUST)].astype(np.float64)

    def people(self, residents_by_age: np.ndarray) -> None:
        """Take the residents by age band, (10,), of the month that begins."""
        self.residents = float(residents_by_age.sum())
        self.expected_acsc = self.populations.need_index * float((residents_by_age * self.acsc_rate).sum())


@dataclass(frozen=True)
class Month:
    """A month that is being closed.

    Attributes:
        first, end: its first day, and the first of the next.
        last_day: day of the run after its last.
        trusts_withheld, practices_withheld: for the performance payment, GBP, (T,) and (P,).
        acsc_admissions: emergency admissions for ambulatory-care-sensitive conditions, of residents.
    """

    first: date
    end: date
    last_day: int
    trusts_withheld: np.ndarray = field(default_factory=lambda: np.zeros(0))
    practices_withheld: np.ndarray = field(default_factory=lambda: np.zeros(0))
    acsc_admissions: float = 0.0

    @property
    def ends_quarter(self) -> bool:
        """Whether a quarter of the financial year ends with it."""
        return self.first.month % 3 == 0

    @property
    def ends_year(self) -> bool:
        """Whether the financial year ends with it."""
        return self.end.month == 4

    def next_in_force(self, given: Agreement) -> bool:
        """Whether an agreement still holds in the next month."""
        return in_force(given, self.end)


def in_force(given: Any, first: date) -> bool:
    """Whether what has a ``start`` and an ``end`` holds in the month that begins on ``first``."""
    start, end = getattr(given, "start", None), getattr(given, "end", None)
    return (start is None or start <= first) and (end is None or first <= end)


class Agreements:
    """All agreements of an experiment, in the order in which they are settled at the end of a month.

    Attributes:
        transformation, performance, pool, totals, carried: each, or None without it.
    """

    def __init__(self, experiment: Experiment, place: Locality, catalogue: Catalogue) -> None:
        self._place = place
        self._acsc = catalogue.value("joint_acsc")  # what joint work is believed to do to ACSC admissions
        contract, programme = experiment.contract, experiment.programme
        funded = isinstance(programme, Programme) and programme.funding_gbp_per_year is not None
        self.transformation = (
            Transformation(programme, place, catalogue)
            if funded and isinstance(programme, Programme)
            else None
        )
        given = contract.performance
        self.performance = (
            Performance(given, place, catalogue) if isinstance(given, PerformancePayment) else None
        )
        given = contract.pooled_budget
        self.pool = Pool(given, place, catalogue) if isinstance(given, PooledBudget) else None
        given = contract.control_totals
        self.totals = Totals(given, place, catalogue) if isinstance(given, ControlTotals) else None
        given = contract.carried_deficits
        self.carried = Carried(given, place, catalogue) if isinstance(given, CarriedDeficits) else None
        found = {
            "transformation": self.transformation,
            "performance": self.performance,
            "pool": self.pool,
            "totals": self.totals,
            "carried": self.carried,
        }
        self._all: dict[str, Agreed] = {name: one for name, one in found.items() if one is not None}

    def __bool__(self) -> bool:
        return bool(self._all)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: the state of each agreement by name."""
        return {name: one.state() for name, one in self._all.items()}

    def put_back(self, state: Mapping[str, Any], first: date, residents_by_age: np.ndarray) -> None:
        """Go on from a checkpoint kept in the month of ``first``; agreements it does not have begin then."""
        if self._all:
            self._place.people(residents_by_age)
        self._place.ledger.stand_in(None, np.zeros(0, np.int64), ())
        for name, one in self._all.items():
            if name in state:
                one.put_back(state[name])
            else:
                one.begin(in_force(one.given, first))

    def begin_month(self, first: date, residents_by_age: np.ndarray) -> None:
        """Begin what begins with the month of which ``first`` is the first day, and end what has ended."""
        if self._all:
            self._place.people(residents_by_age)
        for one in self._all.values():
            one.begin(in_force(one.given, first))

    def end_month(self, month: Month) -> None:
        """Settle the month."""
        for one in self._all.values():
            one.end_month(month)

    @property
    def trust_share(self) -> np.ndarray | None:
        """Share of each trust's contract that is withheld for performance, (T,); None for nothing."""
        return None if self.performance is None else self.performance.trust_share

    @property
    def practice_share(self) -> float:
        """Share of practices' quality payments that is withheld for performance."""
        return 0.0 if self.performance is None else self.performance.practice_share

    @property
    def slack(self) -> float:
        """Share of the pressure on partners that the programme's money takes away."""
        return 0.0 if self.transformation is None else self.transformation.slack

    @property
    def speed(self) -> float:
        """How many times as fast as usual services mature."""
        return 1.0 if self.transformation is None else self.transformation.speed

    def pressed(self, pressure: np.ndarray, incomes: np.ndarray) -> np.ndarray:
        """Pressure with that of totals missed and deficits carried, and less by the programme's money, (n,).

        Args:
            pressure: of each organisation's work, (n,).
            incomes: of a year, GBP, (n,).
        """
        if self.totals is not None:
            pressure = np.minimum(pressure + self.totals.pressure, 1.0)
        if self.carried is not None:
            pressure = np.minimum(pressure + self.carried.pressure(incomes), 1.0)
        return pressure * (1.0 - self.slack * self._place.partners) if self.transformation else pressure

    def payments(self, payment: TrustPayment, day: int) -> tuple[TrustPayment, TrustPayment]:
        """The trusts' payment as performance stands on day ``day`` of the run, and with joint work."""
        if self.performance is None:
            return payment, payment
        return self.performance.believed_payments(payment, day, self._acsc)

    def practices_change(self, day: int, at_stake: np.ndarray) -> np.ndarray:
        """What performance would bring practices more a year with joint work, of a stake, GBP, (P,)."""
        if self.performance is None or not self.practice_share:
            return np.zeros(len(at_stake))
        return self.performance.believed_practices(day, self._acsc, at_stake)

    def believed(self, changes: np.ndarray, results: np.ndarray, incomes: np.ndarray) -> np.ndarray:
        """Changes of a year's results by joint work, under pool and control totals, GBP, (n,).

        Args:
            changes: in each organisation's own result without these: commissioners' from acute care,
                councils' from social care.
            results, incomes: of the last twelve months, GBP, (n,).
        """
        kinds = self._place.kinds
        if self.pool is not None:
            councils = np.where(kinds == str(Kind.LOCAL_AUTHORITY), changes, 0.0)
            commissioners = np.where(kinds == str(Kind.COMMISSIONER), changes, 0.0)
            changes = self.pool.believed(changes, councils, commissioners)
        return changes if self.totals is None else self.totals.believed(changes, results, incomes)
