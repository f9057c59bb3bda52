"""The books of a place: who pays whom for a day of care.

What is agreed by the year (allocations, blocks, list payments, fixed costs) stands and is reckoned anew
each month from the people there are; what follows the day's work (the acute contract, fees, variable costs)
is paid from the day's counts. All money is in 2016/17 prices; accounts beginning ``outside`` are other
places' patients.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Contract, Experiment, Form, Payment
from icsim.keeping import put_back, state_of
from icsim.recording.recorder import SYSTEM, Recorder
from icsim.system.agreements import Agreements, Locality, Month
from icsim.system.budgets import Budgets, People
from icsim.system.contracts import Activity, TrustPayment, contract_on, payment_of
from icsim.system.costs import (
    DAYS_OF_WEEK,
    PRICES,
    ContactCosts,
    HospitalCosts,
    HospitalDay,
    care_home_price,
    council_home_care_share,
    home_care_day,
)
from icsim.system.money import (
    OTHER_COMMISSIONERS,
    OUTSIDE_PARTIES,
    SELF_FUNDERS,
    SUPPLIERS,
    Flow,
    Ledger,
)
from icsim.system.populations import Populations, parts

ACTIVITY_MEASURES = (
    "ae_attendances",
    "emergency_admissions",
    "elective_admissions",
    "day_cases",
    "first_outpatients",
    "follow_up_outpatients",
)
HOSPITAL_MEASURES = (
    *ACTIVITY_MEASURES,
    "outside_attendances",
    "outside_admissions",
    "beds_open",
    "beds_occupied",
    "escalation_beds_used",
)


def between(ledger: Ledger, payers: Sequence[str], payees: Sequence[str], account: str) -> Flow:
    """A flow from every payer to every payee, payers in the outer order (``np.outer(...).ravel()``)."""
    return ledger.flow(
        [payer for payer in payers for _ in payees], [payee for _ in payers for payee in payees], account
    )


def _year_of(day: date) -> int:
    """The calendar year in which the day's financial year began."""
    return day.year if day.month >= 4 else day.year - 1


def _day_of_year(day: date) -> tuple[int, int]:
    """Day of the financial year (0 on 1 April) and the year's length."""
    first = date(_year_of(day), 4, 1)
    return (day - first).days, (first.replace(year=first.year + 1) - first).days


def _next_month(day: date) -> date:
    """The first of the month after a day's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _one_by_one(start: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Running sums from ``start`` (n,) over days (days, n): (days + 1, n), added in order of days."""
    return np.cumsum(np.concatenate([start[None], added]), axis=0)


@dataclass(frozen=True)
class _Care:
    """Prices of social care, GBP a day, and who pays.

    Attributes:
        council, private: fee of a care-home place, the council's and a self-funder's.
        contributions: share of the council's fee that residents refund.
        council_share: share of care-home places in use that councils pay for.
        own_home_care: what users pay themselves, averaged over all packages.
    """

    council: float
    private: float
    contributions: float
    council_share: float
    own_home_care: float

    @classmethod
    def of(cls, catalogue: Catalogue) -> "_Care":
        council = care_home_price(
            catalogue, "care_home_fee_council_residential", "care_home_fee_council_nursing"
        )
        private = care_home_price(catalogue, "cost_care_home_week_residential", "cost_care_home_week_nursing")
        own = home_care_day(catalogue, "home_care_min_price_2016") * (1 - council_home_care_share(catalogue))
        return cls(
            council=council / DAYS_OF_WEEK,
            private=private / DAYS_OF_WEEK,
            contributions=catalogue.value("client_contribution_share"),
            council_share=catalogue.value("care_home_council_share"),
            own_home_care=own,
        )


class Accounts:
    """All flows of money of a place, posted day by day.

    Call ``post(day)`` once for each day in order, or ``post_until(day)`` for several, when their rows are in
    the recorder, and ``month_end(first day of the month)`` after the last day of each month.

    Args:
        recorder: of the run; its rows are read, its ``money`` gets the months.
        experiment: contract and its steps, the commissioners' allocation.
        catalogue: of the run.
        populations: people and expected activity at the start.

    Attributes:
        ledger: the books; balances and surpluses by party.
        payment: the rule by which commissioners pay acute trusts today; ``payment.of_year`` prices a belief.
        contract: in force today.
        signed: when steps of the contract that bring a new form were signed, by the date of the step.
        hospital_costs: what a trust's day costs; works on beliefs too.
        covered_income: share of each trust's income in a year as expected that residents bring, (trusts,).
        broken: day on which an integrated contract was ended at its break point; None while none was.
        emergency_before: residents' emergency spells of the financial year so far, (trusts,).

    Raises:
        ValueError: arrays of ``populations`` that do not fit the recorder's organisations; no commissioner.
    """

    STATE = (
        "_next", "_month_began", "_paid", "_residents_by_age", "_people_65", "emergency_before",
        "_trusts_withheld", "_acsc_before",
    )  # fmt: skip

    def __init__(
        self, recorder: Recorder, experiment: Experiment, catalogue: Catalogue, populations: Populations
    ) -> None:
        self._recorder = recorder
        self._experiment = experiment
        self._catalogue = catalogue
        self.populations = populations
        self.renew(populations.residents_by_age, populations.people_65)
        self._names = {
            str(kind): [row.name for row in recorder.rows(kind)] if kind in recorder.measures else []
            for kind in map(str, Kind)
        }
        populations.check({kind: len(names) for kind, names in self._names.items()})
        if not self._names["commissioner"]:
            raise ValueError("money needs at least one commissioner; the place has none")
        everyone = [name for names in self._names.values() for name in names]
        self.ledger = Ledger([*everyone, *OUTSIDE_PARTIES])
        steps = experiment.contract.steps
        self.signed = {step.date: step.date for step in steps if step.form and step.date <= recorder.start}
        self.broken: date | None = None
        self.contract = self._contract_on(recorder.start)
        self._steps = [step.date for step in steps if step.date > recorder.start and not step.form]
        self.payment = self._payment()
        self._next = 0
        self._settlements: dict[tuple[str, str, str], Flow] = {}
        day_of_year, days_in_year = _day_of_year(recorder.start)
        self._acsc_rate = catalogue.by_age("emerg_rate") / 1000 * catalogue.by_age("emerg_share_acsc")
        self._trusts_withheld, self._acsc_before = np.zeros(len(self._names["acute_trust"])), 0.0
        # a run that begins within a year takes the days before it to have gone as expected
        self.emergency_before = populations.expected.emergency_spells * (day_of_year / days_in_year)
        self._budgets = Budgets(self.ledger, self._names, experiment, catalogue, populations, self.payment)
        self._acute()
        self._providers()
        self._social_care()
        self._agree()

    def _agree(self) -> None:
        """Open what is agreed beyond contracts: pool, performance, control totals, debt, programme money."""
        kinds = np.array([kind for kind, names in self._names.items() for _ in names])
        trusts = kinds == str(Kind.ACUTE_TRUST)
        partners = np.ones(len(kinds), dtype=bool)
        if len(self.populations.covered):
            partners[trusts] = self.populations.covered > 0
        place = Locality(
            names=list(self.ledger.names[: len(kinds)]), kinds=kinds, partners=partners, ledger=self.ledger,
            recorder=self._recorder, populations=self.populations, pay=self.settle,
            scale=self._experiment.population.sample, acsc_rate=self._acsc_rate,
        )  # fmt: skip
        self.agreements = Agreements(self._experiment, place, self._catalogue)

    def _payment(self) -> TrustPayment:
        people = self.populations
        covered = people.covered if len(people.covered) else None
        return payment_of(self.contract, self._catalogue, people.expected, people.residents_by_age, covered)

    def _acute(self) -> None:
        trusts, people, c = self._names["acute_trust"], self.populations, self._catalogue
        outside = [OTHER_COMMISSIONERS]
        self._contract_flow = between(self.ledger, self._names["commissioner"], trusts, "acute_contract")
        self._outside_flow = between(self.ledger, outside, trusts, "outside_emergency")
        self._ward_flow = between(self.ledger, trusts, [SUPPLIERS], "ward_costs")
        self._agency_flow = between(self.ledger, trusts, [SUPPLIERS], "agency_costs")
        self._contact_flow = between(self.ledger, trusts, [SUPPLIERS], "variable_costs")
        self._fixed_flow = between(self.ledger, trusts, [SUPPLIERS], "fixed_costs")
        self._outside_prices = np.array([c.value("tariff_ae_avg"), c.value("tariff_nel_spell_avg")])
        attendances = people.outside_attendances if len(people.outside_attendances) else np.zeros(len(trusts))
        admissions = people.outside_admissions if len(people.outside_admissions) else np.zeros(len(trusts))
        income = self.payment.of_year(people.expected, people.residents_by_age)
        income = income + self._budgets.trust_income
        outside = np.column_stack([attendances, admissions]) @ self._outside_prices
        elsewhere = outside + self._budgets.outside_income
        self.covered_income = 1 - np.divide(
            elsewhere, income + outside, out=np.zeros(len(income)), where=income + outside > 0
        )
        income = income + outside
        self.hospital_costs = HospitalCosts.sized(
            c, income, people.expected, people.core_beds, attendances, admissions
        )
        self._hospital_columns = [self._recorder.column("acute_trust", name) for name in HOSPITAL_MEASURES]
        self._commissioner_parts = parts(people.commissioner_shares, len(self._names["commissioner"]))

    def _providers(self) -> None:
        """Costs that move with the day's measures, for every kind but hospitals."""
        self._costs: list[tuple[str, ContactCosts, Flow]] = []
        self._paid: dict[str, np.ndarray] = {}
        self._month_began = 0
        for kind in PRICES:
            if self._names[kind]:
                account = "home_care_and_assessments" if kind == "local_authority" else "variable_costs"
                costs = ContactCosts.of(kind, self._catalogue, self._recorder.column)
                flow = between(self.ledger, self._names[kind], [SUPPLIERS], account)
                self._costs.append((kind, costs, flow))
                self._paid[kind] = np.zeros(len(flow))

    def _social_care(self) -> None:
        homes, councils = self._names["care_homes"], self._names["local_authority"]
        self._care = _Care.of(self._catalogue)
        self._fees = between(self.ledger, councils, homes, "care_home_fees")
        self._self_funded = between(self.ledger, [SELF_FUNDERS], homes, "self_funded_fees")
        self._contributions = between(self.ledger, [SELF_FUNDERS], councils, "client_contributions")
        if homes:
            self._residents_column = self._recorder.column("care_homes", "residents")
        self._own_home_care = between(self.ledger, [SELF_FUNDERS], [SUPPLIERS], "self_funded_home_care")
        if councils:
            self._council_columns = [
                self._recorder.column("local_authority", name)
                for name in ("care_home_places_in_use", "home_care_in_use")
            ]

    def post(self, day: int) -> np.ndarray:
        """Pay for day ``day`` of the run, from the recorder's rows of that day, and close it.

        Returns:
            net receipts of the day by party (``ledger.names``), GBP; they sum to zero.

        Raises:
            ValueError: days out of order, or counts that are negative or not finite.
        """
        if day != self._next:
            raise ValueError(f"days are posted in order: expected day {self._next}, got {day}")
        return self.post_until(day + 1)

    def post_until(self, end: int) -> np.ndarray:
        """Pay for every day before day ``end`` that is not yet paid for, to the same penny as day by day.

        Returns and raises as :meth:`post`.
        """
        net = np.zeros(len(self.ledger.names))
        while self._next < end:
            days, month = self._open(self._next, end)
            if self._names["acute_trust"]:
                self._pay_trusts(days, *month)
            for kind, costs, flow in self._costs:
                amounts = costs.of_day(self._recorder.block(kind)[days].astype(np.float64))
                flow.pay(amounts)
                self._paid[kind] = _one_by_one(self._paid[kind], amounts)[-1]
            self._pay_social_care(days)
            net += self.ledger.close_day(days.stop - days.start)
        return net

    def _open(self, day: int, end: int) -> tuple[slice, tuple[np.ndarray, int]]:
        """Begin what begins on ``day``; the days up to ``end`` that go alike, and where in the year."""
        today = self._recorder.start + timedelta(days=day)
        day_of_year, days_in_year = _day_of_year(today)
        if day_of_year == 0:
            self.ledger.open_year()
            self.emergency_before = np.zeros_like(self.emergency_before)
        if self._steps and today >= self._steps[0]:
            self._steps = [step for step in self._steps if step > today]
            self._change_contract(today)
        if day == 0 or today.day == 1:
            self._people = self._people_on(today, day)
            self.agreements.begin_month(today.replace(day=1), self._people.residents_by_age)
            share = self.agreements.practice_share
            self._budgets.stand(self._people, days_in_year, {"quality_payments": share} if share else None)
        stops = [_next_month(today), *self._steps[:1]]
        self._next = min(end, day + min((stop - today).days for stop in stops))
        days = np.arange(day_of_year, day_of_year + self._next - day)[:, None]
        return slice(day, self._next), (days, days_in_year)

    def _change_contract(self, today: date) -> None:
        self.contract = self._contract_on(today)
        self.payment = self._payment()

    def _contract_on(self, day: date) -> Contract:
        """The contract in force on a day; one that was ended leaves separate ones, paid by activity."""
        contract = contract_on(self._experiment.contract, day, self.signed)
        if self.broken is None or any(self.broken <= signed < date.max for signed in self.signed.values()):
            return contract
        return contract.model_copy(update={"form": Form.TRADITIONAL, "payment": Payment.ACTIVITY})

    def end_contract(self, today: date) -> None:
        """The integrated contract ends at its break point."""
        self.broken = today
        self._change_contract(today)

    def sign(self, step: date, today: date) -> None:
        """The step of the contract dated ``step`` is signed, and in force from tomorrow's payments."""
        self.signed[step] = today
        self._change_contract(today)

    def settle(self, transfers: Sequence[tuple[str, str, float]], account: str, *, book: bool = True) -> None:
        """Pay between organisations, (payer, payee, GBP) each, and book it at once unless others will."""
        keys = [(account, payer, payee) for payer, payee, _ in transfers]
        for key in keys:
            if key not in self._settlements:
                self._settlements[key] = self.ledger.flow([key[1]], [key[2]], account)
        self.ledger.pay([self._settlements[key] for key in keys], [amount for _, _, amount in transfers])
        if book:
            self.ledger.book()

    def _pay_trusts(self, days: slice, day_of_year: np.ndarray, days_in_year: int) -> None:
        rows = self._recorder.block("acute_trust")[days][..., self._hospital_columns].astype(np.float64)
        counts = np.moveaxis(rows, -1, 0)  # (measures, days, trusts)
        before = _one_by_one(self.emergency_before, counts[ACTIVITY_MEASURES.index("emergency_admissions")])
        activity = Activity(*counts[:6], emergency_before=before[:-1])
        due = self.payment.due(day_of_year, days_in_year, activity, self._people.residents_by_age)
        due = np.broadcast_to(due, rows.shape[:2])
        withheld = self.agreements.trust_share
        if withheld is not None:
            self._trusts_withheld = _one_by_one(self._trusts_withheld, due * withheld)[-1]
            due = due * (1 - withheld)
        shares = self._commissioner_parts[None, :, None] * due[:, None, :]
        self._contract_flow.pay(shares.reshape(len(due), -1))
        self._outside_flow.pay((rows[..., 6:8] * self._outside_prices).sum(axis=-1))
        bill = self.hospital_costs.of_day(HospitalDay(activity, *counts[6:]), days_in_year)
        self._fixed_flow.pay(np.broadcast_to(bill.fixed, due.shape))
        self._ward_flow.pay(bill.wards)
        self._agency_flow.pay(bill.agency)
        self._contact_flow.pay(bill.variable)
        self.emergency_before = before[-1]

    def _pay_social_care(self, days: slice) -> None:
        """Councils pay for their share of places in use, residents for the rest; homes share by residents."""
        care = self._care
        places = np.zeros((days.stop - days.start, len(self._names["local_authority"])))
        if places.shape[1]:
            rows = self._recorder.block("local_authority")[days][..., self._council_columns].astype(
                np.float64
            )
            self._own_home_care.pay(care.own_home_care * rows[..., 1].sum(axis=1, keepdims=True))
            places = care.council_share * rows[..., 0]
        if self._names["care_homes"]:
            residents = self._recorder.block("care_homes")[days, :, self._residents_column].astype(np.float64)
            everyone = residents.sum(axis=1, keepdims=True)
            equal = np.full(residents.shape, 1 / residents.shape[1])
            homes = np.divide(residents, everyone, out=equal, where=everyone > 0)
            fees = care.council * places[:, :, None] * homes[:, None, :]
            self._fees.pay(fees.reshape(len(fees), -1))
            self._contributions.pay(care.contributions * care.council * places)
            rest = np.maximum(everyone - places.sum(axis=1, keepdims=True), 0.0)
            self._self_funded.pay(care.private * rest * homes)

    def renew(self, residents_by_age: np.ndarray, people_65: np.ndarray) -> None:
        """Reckon budgets from these people from the next month on: the ages of a place change slowly.

        Between calls everybody is scaled by the residents the recorder counts.

        Args:
            residents_by_age: residents by age band, (10,).
            people_65: residents of 65 and over of each local authority, (A,).
        """
        self._residents_by_age = np.asarray(residents_by_age, dtype=np.float64)
        self._people_65 = np.asarray(people_65, dtype=np.float64)

    def _people_on(self, today: date, day: int) -> People:
        """The people to pay for from this day: those last told of, scaled by what the recorder counts."""
        people = self.populations
        counted, told = self._counted(SYSTEM, "population", day).sum(), self._residents_by_age.sum()
        scale = float(counted / told) if counted > 0 and told > 0 else 1.0
        lists = self._counted("gp_practice", "list_size", day)
        if not lists.sum() > 0:
            lists = people.lists * scale
        weighted = np.divide(
            people.weighted_lists, people.lists, out=np.ones(len(lists)), where=people.lists > 0
        )
        return People(
            residents_by_age=self._residents_by_age * scale,
            lists=lists,
            weighted_lists=lists * weighted,
            people_65=self._people_65 * scale,
            years_on=_year_of(today) - _year_of(self._recorder.start),
        )

    def _counted(self, kind: str, name: str, day: int) -> np.ndarray:
        if kind not in self._recorder.measures:
            return np.zeros(0)
        row = self._recorder.block(kind)[day, :, self._recorder.column(kind, name)]
        return np.nan_to_num(row.astype(np.float64))

    def month_end(self, month: date, acsc_admissions: float = 0.0) -> None:
        """Enter the month that begins on ``month`` into the recorder's ``money``.

        Contacts that organisations counted after their day was posted (at a monthly review) are paid first,
        and what agreements settle by the month. ``acsc_admissions``: of residents since the run began.
        """
        for kind, costs, flow in self._costs:
            rows = self._recorder.block(kind)[self._month_began : self._next].sum(axis=0, dtype=np.float64)
            flow.pay(np.maximum(costs.of_day(rows) - self._paid[kind], 0.0))
            self._paid[kind][:] = 0
        self.ledger.book()
        if self.agreements:
            self._settle_month(month, acsc_admissions - self._acsc_before)
        self._acsc_before = acsc_admissions
        self._month_began = self._next
        self.ledger.close_month(month, self._recorder)

    def close(self, month: date) -> None:
        """Enter what was settled after the books of the run's last month closed, in that month."""
        self.ledger.book()
        self.ledger.close_month(month, self._recorder)

    def _settle_month(self, month: date, acsc_admissions: float) -> None:
        end = self._recorder.start + timedelta(days=self._next)
        days, days_in_year = self._next - self._month_began, _day_of_year(month)[1]
        year = self._budgets.quality_payments(self._people)
        closed = Month(
            first=month, end=end, last_day=self._next, trusts_withheld=self._trusts_withheld,
            practices_withheld=self.agreements.practice_share * year * (days / days_in_year),
            acsc_admissions=acsc_admissions,
        )  # fmt: skip
        self.agreements.end_month(closed)
        self._trusts_withheld = np.zeros_like(self._trusts_withheld)

    def quality_payments(self) -> np.ndarray:
        """Practices' quality payments of a year, as they would be without performance payment, GBP, (P,)."""
        return self._budgets.quality_payments(self._people)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps. Prices and agreements are made anew from the experiment."""
        people = getattr(self, "_people", None)
        return {
            "own": state_of(self),
            "ledger": state_of(self.ledger),
            "people": None if people is None else asdict(people),
            "settlements": [list(key) for key in self._settlements],
            "agreements": self.agreements.state(),
            "broken": None if self.broken is None else self.broken.isoformat(),
            "signed": [[step.isoformat(), when.isoformat()] for step, when in self.signed.items()],
        }

    def put_back(self, state: Mapping[str, Any], experiment: Experiment) -> None:
        """Go on with the books of a checkpoint, under the contract steps of ``experiment`` from now on."""
        put_back(self, state["own"])
        for account, payer, payee in state["settlements"]:
            self._settlements[account, payer, payee] = self.ledger.flow([payer], [payee], account)
        put_back(self.ledger, state["ledger"])
        self.broken = None if state["broken"] is None else date.fromisoformat(state["broken"])
        self.signed = {date.fromisoformat(step): date.fromisoformat(when) for step, when in state["signed"]}
        if state["people"] is not None:
            self._people = People(**state["people"])
        self.follow(experiment, state["agreements"])

    def follow(self, experiment: Experiment, agreed: Mapping[str, Any] | None = None) -> None:
        """Pay under the contract steps and agreements of another experiment from the next day to be paid for.

        Agreements that both have go on from ``agreed``, their state (left out: as it is now).
        """
        agreed = self.agreements.state() if agreed is None else agreed
        self._experiment = experiment
        last = self._recorder.start + timedelta(days=max(0, self._next - 1))
        self._agree()
        if hasattr(self, "_people"):
            self.agreements.put_back(agreed, last.replace(day=1), self._people.residents_by_age)
        self.contract = self._contract_on(last)
        self._steps = [step.date for step in experiment.contract.steps if step.date > last and not step.form]
        self.payment = self._payment()

    def surplus_this_year(self, name: str) -> float:
        """Receipts less payments of one organisation since 1 April (or the start), GBP."""
        return self.ledger.surplus_this_year(name)
