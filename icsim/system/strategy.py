"""What organisations decide: effort for joint work, month by month, and what becomes of trust and services.

Each month every organisation observes its own and its partners' month, accounts (what would joint work pay
under the contract), decides its effort, and relates (trust learns). Then services mature
(``joint_services``) and contract forms are negotiated (``negotiation``). With ``joint_work: none`` nothing
reaches patients: the same choices are made and recorded.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.care import purposes as draws
from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Form
from icsim.experiment.strategy import Building, HeldBy
from icsim.keeping import put_back, state_of
from icsim.recording.measures import columns
from icsim.streams import entity_key, normal, uniform
from icsim.system.contracts import Activity
from icsim.system.effort import EffortRules, bounded, next_effort, partners, wanted
from icsim.system.incentives import Belief, Books, Wards, incentives, surplus_changes
from icsim.system.joint_services import JointServices
from icsim.system.negotiation import Negotiation
from icsim.system.parties import Parties
from icsim.system.trust import Memory, TrustRules, learn

if TYPE_CHECKING:
    from icsim.model import ICSModel

MONTHS = 12
STREAMS = 5000  # of organisations' choices, apart from those of sites and practices
SETTLED = 50  # rounds after which habits stand
ENOUGH_DAYS = 90  # before them a year's pace is taken from what was expected


class Strategy:
    """The choices of all organisations of a model, in the order of ``model.organisations``.

    Attributes:
        parties: the organisations, their kinds and weights.
        effort: for joint work, (n,) in [0, 1].
        incentive, pressure: of the last month, (n,).
        memory: of promises kept and broken.
        services: that they run together, and their maturity.
        negotiation: the contract form and what is shared.
    """

    STATE = ("effort", "incentive", "pressure", "_received", "_spent")

    def __init__(self, model: "ICSModel") -> None:
        self.model = model
        self.parties = Parties.of(model)
        n = len(self.parties)
        self.effort_rules = model.catalogue.filled(EffortRules, "effort")
        self.trust_rules = model.catalogue.filled(TrustRules, "trust")
        self.belief = Belief.of(model.catalogue, model.accounts.populations.residents_by_age)
        self.ethos = np.array([model.catalogue.value(f"effort_ethos_{kind}") for kind in self.parties.kinds])
        self.incentive, self.pressure = np.zeros(n), np.zeros(n)
        self.memory = Memory(np.zeros((n, n)), np.zeros((n, n)))
        self.posts = model.relationships.between(model.experiment.relationships.joint_posts_between)
        self._received: list[np.ndarray] = []
        self._spent: list[np.ndarray] = []
        self.services = JointServices(model, self.parties)
        self.negotiation = Negotiation(model, self.parties)
        self.effort = self._effort_at_start()
        self._keys = [np.uint64(entity_key(model.luck, draws.ORGANISATION, STREAMS + k)) for k in range(n)]

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; promises kept and broken are the relationships' own."""
        return {
            "own": state_of(self),
            "services": self.services.state(),
            "negotiation": self.negotiation.state(),
        }

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, when relationships, accounts and levers are put back."""
        put_back(self, state["own"])
        network = self.model.relationships
        self.memory = Memory(network.kept, network.broken)
        self.services.put_back(state["services"])
        self.negotiation.put_back(state["negotiation"], self._received)

    @property
    def maturity(self) -> np.ndarray:
        """Of joint services for the patients of each practice, (P,) in [0, 1]."""
        return self.services.maturity

    @property
    def form(self) -> Form:
        """Contract form in force."""
        return self.negotiation.form

    def mean_trust(self, kinds: tuple[Kind, ...] = tuple(Kind)) -> float:
        """Mean trust between organisations of these kinds, each kind counting by its weight."""
        return self.parties.mean_trust(self.model.relationships.trust, kinds)

    def mean_effort(self) -> float:
        """Mean effort, each kind counting by its weight."""
        return float((self.effort * self.parties.weight).sum() / self.parties.weight.sum())

    def _effort_at_start(self) -> np.ndarray:
        """Habits before the run: the effort that the trust there is keeps up when nothing pays or presses."""
        network, n = self.model.relationships, len(self.parties)
        weights = partners(network.contact, self.parties.weight)
        effort = (weights * network.trust).sum(axis=1)
        nothing = np.zeros(n)
        for _ in range(SETTLED):
            effort = wanted(
                self.effort_rules, effort=effort, trust=network.trust, weights=weights, incentive=nothing,
                ethos=self.ethos, pressure=nothing, autonomy_loss=nothing, luck=nothing,
            ) * self.parties.taking_part  # fmt: skip
        return effort

    def end_month(self, month: date) -> None:
        """Everything that organisations do at the end of a month; ``month`` is its first day."""
        self._observe()
        if self.model.date.month == 4 and self._received:
            self.negotiation.settle_year(self._books())
        self._leaders()
        self._decide()
        self._relate()
        self.services.mature(self.effort)
        self.negotiation.go_on(self._received)
        self._record(month)

    @property
    def _last_day(self) -> date:
        """The last day of the month that ends."""
        return self.model.date - timedelta(days=1)

    def _observe(self) -> None:
        """Receipts and payments of the month, and how hard everybody is pressed."""
        ledger = self.model.accounts.ledger
        n = len(self.parties)
        self._received = [*self._received, ledger.received[:n]][-MONTHS:]
        self._spent = [*self._spent, ledger.spent[:n]][-MONTHS:]
        self.pressure = np.array([one.pressure for one in self.parties.organisations])
        work = self.services.today
        if work is not None:
            self.pressure = self.pressure * (1 - work.slack)
        names, kinds = self.parties.names, self.parties.kinds
        self.pressure = self.model.nation.pressed(self.pressure, names, kinds, self._last_day)
        if self.model.accounts.agreements:
            incomes = np.mean(self._received, axis=0) * MONTHS
            self.pressure = self.model.accounts.agreements.pressed(self.pressure, incomes)

    def _books(self) -> Books:
        income = np.mean(self._received, axis=0) * MONTHS
        result = income - np.mean(self._spent, axis=0) * MONTHS
        people = self.model.accounts.populations
        commissioners, councils = people.commissioner_shares, people.authority_shares
        return Books(
            self.parties.kinds, income, result, commissioners / max(commissioners.sum(), 1e-9),
            councils / max(councils.sum(), 1e-9),
        )  # fmt: skip

    def _year_of_hospitals(self) -> tuple[Activity, Wards]:
        """A year of the trusts at the pace of the last twelve months, and their mean beds."""
        model, a = self.model, columns("acute_trust")
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

    def _decide(self) -> None:
        model = self.model
        activity, wards = self._year_of_hospitals()
        accounts, books = model.accounts, self._books()
        residents = model.world.tallies.residents.sum(axis=1).astype(np.float64)
        agreed = accounts.agreements
        now, then = agreed.payments(accounts.payment, model.day)
        changes = surplus_changes(
            self.belief, books, activity, wards, now, accounts.hospital_costs, residents,
            model.catalogue, then,
        )  # fmt: skip
        trust = model.relationships.trust
        weights = partners(model.relationships.contact, self.parties.weight)
        believed = (weights * trust).sum(axis=1)  # what one trusts partners to bring about
        changes = changes * believed
        if agreed:
            changes = agreed.believed(changes, books.result, books.income)
            changes = changes + self._performed(books) * believed
        share = incentives(changes, books, self.negotiation.sharing)
        self.incentive = bounded(share, model.catalogue.value("effort_incentive_scale"))
        luck = np.array([normal(key, draws.EFFORT, model.months_done) for key in self._keys])
        wish = wanted(
            self.effort_rules, effort=self.effort, trust=trust, weights=weights, incentive=self.incentive,
            ethos=model.nation.willing(self.ethos, self.parties.kinds, self._last_day),
            pressure=self.pressure, autonomy_loss=self.negotiation.autonomy_loss, luck=luck,
        )  # fmt: skip
        self.effort = next_effort(self.effort, wish, self.effort_rules.inertia) * self.parties.taking_part

    def _performed(self, books: Books) -> np.ndarray:
        """What practices would earn by performance with joint work, commissioners paying, GBP, (n,)."""
        accounts = self.model.accounts
        stake = accounts.quality_payments() * accounts.agreements.practice_share
        gained = accounts.agreements.practices_change(self.model.day, stake)
        changes = np.zeros(len(self.parties))
        changes[self.parties.rows(Kind.GP_PRACTICE)] += gained
        changes[self.parties.rows(Kind.COMMISSIONER)] -= books.commissioner_parts * gained.sum()
        return changes

    def _invested(self) -> np.ndarray:
        """Investment in every tie today, (n, n) in [0, 1]."""
        today, spec = self.model.date, self.model.experiment.relationships
        invested = self.posts.copy()
        for building in spec.building:
            if (building.start is None or building.start <= today) and (
                building.end is None or today <= building.end
            ):
                invested = np.maximum(invested, building.level * self._tied(building))
        return invested

    def _tied(self, building: Building) -> np.ndarray:
        struck = self.parties.members(building.kinds or tuple(Kind))
        return np.outer(struck, struck).astype(np.float64)

    def _relate(self) -> None:
        network, books = self.model.relationships, self._books()
        if self.model.experiment.relationships.fixed:
            return
        moved = self.negotiation.sharing.transfers(books.result, books.income)
        lost = np.divide(-moved, books.income, out=np.zeros(len(moved)), where=books.income > 0)
        lost = np.minimum(np.maximum(lost / self.model.catalogue.value("effort_incentive_scale"), 0.0), 1.0)
        rate = np.outer(self.parties.taking_part, self.parties.taking_part)
        network.trust, self.memory = learn(
            self.trust_rules, trust=network.trust, contact=network.contact, effort=self.effort,
            investment=self._invested() * rate, shared_loss=lost, memory=self.memory, rate=rate,
        )  # fmt: skip
        network.kept, network.broken = self.memory.kept, self.memory.broken

    def _leaders(self) -> None:
        """Leaders leave by luck; where people hold trust, part of it and of the effort goes with them."""
        model, v = self.model, self.model.catalogue.value
        turnover = model.experiment.relationships.leader_turnover_on(self._last_day)
        for k, organisation in enumerate(self.parties.organisations):
            rate = turnover * v(f"leader_turnover_ratio_{organisation.kind}")
            if uniform(self._keys[k], draws.LEADER, model.months_done) < 1 - (1 - min(rate / 12, 1.0)):
                self.leader_leaves(organisation.name, v("leader_turnover_loss"), "turnover")

    def leader_leaves(self, organisation: str | None, share: float, cause: str) -> None:
        """A leader of an organisation, of each of a kind or of all goes."""
        model = self.model
        if model.experiment.relationships.held_by is HeldBy.PEOPLE:
            model.relationships.leader_leaves(organisation, share)
            left = self.parties.called(organisation)
            self.effort = np.where(left, self.effort * model.catalogue.value("effort_of_leaver"), self.effort)
        model.recorder.events.add(model.date, organisation or "everybody", "leader leaves", cause)

    def _record(self, month: date) -> None:
        trust, n = self.model.relationships.trust, len(self.parties)
        others = max(n - 1, 1)
        maturity = np.full(n, float(self.maturity.mean()) if len(self.maturity) else 0.0)
        maturity[self.parties.rows(Kind.GP_PRACTICE)] = self.maturity
        self.model.recorder.decisions.extend(
            [month] * n, self.parties.names, self.parties.kinds.tolist(), self.effort.tolist(),
            self.incentive.tolist(), self.pressure.tolist(), self.negotiation.autonomy_loss.tolist(),
            (trust.sum(axis=1) / others).tolist(), (trust.sum(axis=0) / others).tolist(), maturity.tolist(),
        )  # fmt: skip
