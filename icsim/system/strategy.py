"""What organisations decide: effort for joint work, month by month, and what becomes of trust and services.

Each month every organisation observes its own and its partners' month, accounts (what would joint work pay
under the contract), decides its effort, and relates (trust learns). Services then mature towards the effort
put in, practice by practice, and turn levers for the practices' patients; contract forms are negotiated.
With ``joint_work: none`` nothing reaches patients: the same choices are made and recorded.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.care import purposes as draws
from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Form
from icsim.experiment.strategy import Building, HeldBy, JointWork
from icsim.keeping import put_back, state_of
from icsim.population.columns import Status
from icsim.population.selecting import matching
from icsim.recording.measures import columns
from icsim.streams import entity_key, normal, uniform
from icsim.system.contracts import Activity
from icsim.system.effort import EffortRules, bounded, next_effort, partners, wanted
from icsim.system.incentives import Belief, Books, Wards, incentives, surplus_changes
from icsim.system.money import SUPPLIERS
from icsim.system.sharing import Sharing, payments
from icsim.system.trust import Memory, TrustRules, learn

if TYPE_CHECKING:
    from icsim.model import ICSModel

LEVERS: Mapping[str, str] = {
    "need_acsc": "joint_acsc",
    "need_frailty": "joint_frailty",
    "need_social": "joint_social",
    "length_of_stay": "joint_length_of_stay",
    "readmission": "joint_readmission",
    "referral": "joint_referral",
}
"""Levers that mature joint work turns, and the catalogue's factor of each."""
GIVES_TIME: Mapping[str, str] = {
    "acute_trust": "staff",
    "gp_practice": "appointments",
    "community_team": "staff",
    "mental_health_trust": "staff",
    "urgent_care": "staff",
}
"""Kinds whose effort is taken from the time for patients, and the capacity it is taken from."""
MEMBERS: Mapping[Form, tuple[Kind, ...]] = {
    Form.TRADITIONAL: (),
    Form.VIRTUAL: (Kind.ACUTE_TRUST, Kind.GP_PRACTICE, Kind.COMMUNITY_TEAM, Kind.LOCAL_AUTHORITY,
                   Kind.COMMISSIONER, Kind.MENTAL_HEALTH_TRUST),
    Form.PARTIAL: (Kind.ACUTE_TRUST, Kind.COMMUNITY_TEAM, Kind.LOCAL_AUTHORITY, Kind.COMMISSIONER,
                   Kind.MENTAL_HEALTH_TRUST),
    Form.FULL: (Kind.ACUTE_TRUST, Kind.GP_PRACTICE, Kind.COMMUNITY_TEAM, Kind.LOCAL_AUTHORITY,
                Kind.COMMISSIONER, Kind.MENTAL_HEALTH_TRUST),
}  # fmt: skip
"""Who shares under each form: core GP services stay outside the partially integrated one."""
MONTHS = 12
STREAMS = 5000  # of organisations' choices, apart from those of sites and practices
SETTLED = 50  # rounds after which habits stand
ENOUGH_DAYS = 90  # before them a year's pace is taken from what was expected


class Strategy:
    """The choices of all organisations of a model, in the order of ``model.organisations``.

    Attributes:
        effort: for joint work, (n,) in [0, 1].
        incentive, pressure, autonomy_loss: of the last month, (n,).
        maturity: of joint services for the patients of each practice, (P,) in [0, 1].
        memory: of promises kept and broken.
        form: contract form in force.
        sharing: of gains and losses, in force.
    """

    def __init__(self, model: "ICSModel") -> None:
        self.model = model
        v = model.catalogue.value
        self.organisations = list(model.organisations)
        self.kinds = np.array([o.kind for o in self.organisations])
        n = len(self.kinds)
        self.effort_rules = model.catalogue.filled(EffortRules, "effort")
        self.trust_rules = model.catalogue.filled(TrustRules, "trust")
        self.belief = Belief.of(model.catalogue, model.accounts.populations.residents_by_age)
        counts = {kind: int((self.kinds == kind).sum()) for kind in set(self.kinds)}
        self.taking_part = np.array([getattr(o, "covered", True) for o in self.organisations])
        weight = np.array([v(f"joint_weight_{kind}") / counts[kind] for kind in self.kinds])
        self.weight = weight * self.taking_part
        self.ethos = np.array([v(f"effort_ethos_{kind}") for kind in self.kinds])
        self.incentive, self.pressure, self.autonomy_loss = np.zeros(n), np.zeros(n), np.zeros(n)
        self.maturity = np.zeros(counts.get("gp_practice", 0))
        self.memory = Memory(np.zeros((n, n)), np.zeros((n, n)))
        self.posts = model.relationships.between(model.experiment.relationships.joint_posts_between)
        self.form = Form(model.accounts.contract.form)
        self.sharing = Sharing.none(n)
        self._received: list[np.ndarray] = []
        self._spent: list[np.ndarray] = []
        self._turns: dict[str, Any] = {}
        self.effort = self._effort_at_start()
        self._time = np.ones(n)
        self._keys = [np.uint64(entity_key(model.luck, draws.ORGANISATION, STREAMS + k)) for k in range(n)]
        self._share()

    STATE = ("effort", "incentive", "pressure", "maturity", "_received", "_spent", "_time")

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; promises kept and broken are the relationships' own."""
        turns = self.model.levers.turns
        return {
            "own": state_of(self),
            "form": str(self.form),
            "turns": {lever: turns.index(turn) for lever, turn in self._turns.items()},
        }

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, when relationships, accounts and levers are put back.

        In a run of another length the people who only now come get the services as they stand.
        """
        put_back(self, state["own"])
        self.form = Form(state["form"])
        network = self.model.relationships
        self.memory = Memory(network.kept, network.broken)
        self._share()
        turns = self.model.levers.turns
        self._turns = {lever: turns[at] for lever, at in state["turns"].items()}
        if any(len(turn.factor) != len(self.model.people) for turn in self._turns.values()):
            reached = self.strength(self.joint_work)
            for lever, turn in self._turns.items():
                each = 1 - (1 - self.model.catalogue.value(LEVERS[lever])) * reached
                both = min(len(each), len(turn.factor))
                each[:both] = turn.factor[:both]
                turn.factor = each

    def _rows(self, kind: Kind) -> np.ndarray:
        return np.flatnonzero(self.kinds == str(kind))

    def _effort_at_start(self) -> np.ndarray:
        """Habits before the run: the effort that the trust there is keeps up when nothing pays or presses."""
        network, n = self.model.relationships, len(self.kinds)
        weights = partners(network.contact, self.weight)
        effort = (weights * network.trust).sum(axis=1)
        nothing = np.zeros(n)
        for _ in range(SETTLED):
            effort = wanted(
                self.effort_rules, effort=effort, trust=network.trust, weights=weights, incentive=nothing,
                ethos=self.ethos, pressure=nothing, autonomy_loss=nothing, luck=nothing,
            ) * self.taking_part  # fmt: skip
        return effort

    @property
    def joint_work(self) -> JointWork | None:
        """The joint work of today; None when there is none."""
        given, today = self.model.experiment.joint_work, self.model.date
        if given == "none" or (given.start and today < given.start) or (given.end and today > given.end):
            return None
        return given

    def end_month(self, month: date) -> None:
        """Everything that organisations do at the end of a month; ``month`` is its first day."""
        self._observe()
        if self.model.date.month == 4:
            self.end_year()
        self._leaders()
        self._decide()
        self._relate(month)
        self._mature()
        self._negotiate()
        self._record(month)

    def end_year(self) -> None:
        """Divide what is shared of the year's results."""
        if not self._received:
            return
        books = self._books()
        transfers = self.sharing.transfers(books.result, books.income)
        names = [o.name for o in self.organisations]
        self.model.accounts.settle(
            [(names[i], names[j], amount) for i, j, amount in payments(transfers)], "gain_and_risk_share"
        )

    def _observe(self) -> None:
        """Receipts and payments of the month, and how hard everybody is pressed."""
        ledger = self.model.accounts.ledger
        n = len(self.kinds)
        self._received = [*self._received, ledger.received[:n]][-MONTHS:]
        self._spent = [*self._spent, ledger.spent[:n]][-MONTHS:]
        self.pressure = np.array([o.pressure for o in self.organisations])
        work = self.joint_work
        if work is not None:
            self.pressure = self.pressure * (1 - work.slack)

    def _books(self) -> Books:
        income = np.mean(self._received, axis=0) * MONTHS
        result = income - np.mean(self._spent, axis=0) * MONTHS
        people = self.model.accounts.populations
        commissioners, councils = people.commissioner_shares, people.authority_shares
        return Books(
            self.kinds, income, result, commissioners / max(commissioners.sum(), 1e-9),
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
        changes = surplus_changes(
            self.belief, books, activity, wards, accounts.payment, accounts.hospital_costs, residents,
            model.catalogue,
        )  # fmt: skip
        trust = model.relationships.trust
        weights = partners(model.relationships.contact, self.weight)
        believed = (weights * trust).sum(axis=1)  # what one trusts partners to bring about
        share = incentives(changes * believed, books, self.sharing)
        self.incentive = bounded(share, model.catalogue.value("effort_incentive_scale"))
        luck = np.array([normal(key, draws.EFFORT, model.months_done) for key in self._keys])
        wish = wanted(
            self.effort_rules, effort=self.effort, trust=trust, weights=weights, incentive=self.incentive,
            ethos=self.ethos, pressure=self.pressure, autonomy_loss=self.autonomy_loss, luck=luck,
        )  # fmt: skip
        self.effort = next_effort(self.effort, wish, self.effort_rules.inertia) * self.taking_part

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
        struck = self.taking_part & (
            np.isin(self.kinds, building.kinds) if building.kinds else np.ones(len(self.kinds), dtype=bool)
        )
        return np.outer(struck, struck).astype(np.float64)

    def _relate(self, month: date) -> None:
        network, books = self.model.relationships, self._books()
        if self.model.experiment.relationships.fixed:
            return
        moved = self.sharing.transfers(books.result, books.income)
        lost = np.divide(-moved, books.income, out=np.zeros(len(moved)), where=books.income > 0)
        lost = np.minimum(np.maximum(lost / self.model.catalogue.value("effort_incentive_scale"), 0.0), 1.0)
        rate = np.outer(self.taking_part, self.taking_part)
        network.trust, self.memory = learn(
            self.trust_rules, trust=network.trust, contact=network.contact, effort=self.effort,
            investment=self._invested() * rate, shared_loss=lost, memory=self.memory, rate=rate,
        )  # fmt: skip
        network.kept, network.broken = self.memory.kept, self.memory.broken

    def _leaders(self) -> None:
        """Leaders leave by luck; where people hold trust, part of it and of the effort goes with them."""
        model, spec = self.model, self.model.experiment.relationships
        v = model.catalogue.value
        for k, organisation in enumerate(self.organisations):
            rate = spec.leader_turnover * v(f"leader_turnover_ratio_{organisation.kind}")
            if uniform(self._keys[k], draws.LEADER, model.months_done) < 1 - (1 - min(rate / 12, 1.0)):
                self.leader_leaves(organisation.name, v("leader_turnover_loss"), "turnover")

    def leader_leaves(self, organisation: str | None, share: float, cause: str) -> None:
        """A leader of an organisation, of each of a kind or of all goes."""
        model = self.model
        if model.experiment.relationships.held_by is HeldBy.PEOPLE:
            model.relationships.leader_leaves(organisation, share)
            left = np.array([organisation in (None, o.name, o.kind) for o in self.organisations])
            self.effort = np.where(left, self.effort * model.catalogue.value("effort_of_leaver"), self.effort)
        model.recorder.events.add(model.date, organisation or "everybody", "leader leaves", cause)

    def _mature(self) -> None:
        """Services come to match the effort that partners put in, practice by practice, and turn levers."""
        model, work = self.model, self.joint_work
        v = model.catalogue.value
        target = self.joint_effort() if work is not None else np.zeros(len(self.maturity))
        self.maturity = self.maturity + (target - self.maturity) / max(v("joint_maturity_months"), 1.0)
        if work is None and not self._turns:
            return
        factors = self.strength(work)
        for lever, key in LEVERS.items():
            each = 1 - (1 - v(key)) * factors
            if lever in self._turns:
                model.levers.change(self._turns[lever], each)
            else:
                self._turns[lever] = model.levers.turn_each(lever, each, "joint work")
        self._take_time(work is not None)

    def joint_effort(self) -> np.ndarray:
        """Effort that the services of each practice's patients rest on, (P,) in [0, 1].

        The geometric mean, by weight of kind, of the practice's own effort and of its partners': work that
        needs several parties is held up by the one that holds back.
        """
        mine = self._rows(Kind.GP_PRACTICE)
        logs = np.log(np.maximum(self.effort, self.model.catalogue.value("joint_effort_least")))
        others = self.taking_part & (self.kinds != str(Kind.GP_PRACTICE))
        total = self.weight[others].sum()
        own = self.weight[mine].sum()
        shared = (self.weight[others] * logs[others]).sum()
        return np.round(np.exp((shared + own * logs[mine]) / max(total + own, 1e-9)), 12)

    def strength(self, work: JointWork | None) -> np.ndarray:
        """Maturity of joint services for each person, (people,), 0 for those they are not for."""
        people = self.model.people
        reached = np.zeros(len(people))
        if work is not None:
            rows = matching(people, work.who) & (people["status"] != Status.DEAD)
            reached[rows] = self.maturity[people["practice"][rows]]
        return reached

    def _take_time(self, working: bool) -> None:
        """Effort takes staff from patients."""
        v = self.model.catalogue.value
        for k, organisation in enumerate(self.organisations):
            capacity = GIVES_TIME.get(organisation.kind)
            if capacity is None:
                continue
            time = v(f"joint_time_{organisation.kind}") if working else 0.0
            factor = 1 - time * float(self.effort[k])
            if factor != self._time[k]:
                if self._time[k] != 1:
                    self.model.turn_service(organisation.name, capacity, float(self._time[k]), turned=False)
                if factor != 1:
                    self.model.turn_service(organisation.name, capacity, factor)
                self._time[k] = factor

    def _share(self) -> None:
        """Gain and risk share and loss of autonomy under the form in force."""
        v, contract = self.model.catalogue.value, self.model.accounts.contract
        given, n = contract.sharing, len(self.kinds)
        kinds = [str(kind) for kind in (given.members or MEMBERS[self.form])]
        members = np.isin(self.kinds, kinds) & self.taking_part
        pooled = v(f"form_pooled_{self.form}") if given.pooled is None else given.pooled
        practices = self._rows(Kind.GP_PRACTICE)
        self.autonomy_loss = np.zeros(n)
        self.autonomy_loss[practices] = v(f"form_autonomy_{self.form}") * contract.frictions.autonomy
        if not members.any() or pooled <= 0:
            self.sharing = Sharing.none(n)
            return
        size = np.mean(self._received, axis=0) if self._received else self._first_incomes()
        if given.parts is not None:
            counts = {kind: max(1, int(members[self.kinds == kind].sum())) for kind in given.parts}
            size = np.array([given.parts.get(kind, 0.0) / counts.get(kind, 1) for kind in self.kinds])
        parts = np.where(members, size, 0.0)
        parts = parts / parts.sum() if parts.sum() > 0 else members / members.sum()
        self.sharing = Sharing(members, pooled, parts, given.threshold, given.cap, given.collar)

    def _first_incomes(self) -> np.ndarray:
        """Before the first month: equal, until receipts are known."""
        return np.ones(len(self.kinds))

    def mean_trust(self, kinds: tuple[Kind, ...]) -> float:
        """Mean trust between organisations of these kinds, each kind counting by its weight."""
        members = np.isin(self.kinds, [str(kind) for kind in kinds]) & self.taking_part
        weight = np.outer(self.weight * members, self.weight * members)
        np.fill_diagonal(weight, 0.0)
        total = weight.sum()
        return float((weight * self.model.relationships.trust).sum() / total) if total > 0 else 0.0

    def _negotiate(self) -> None:
        """A step to a new form is signed when its time has passed and its members trust one another."""
        model, accounts = self.model, self.model.accounts
        v, frictions = model.catalogue.value, accounts.contract.frictions
        if self._received and self.sharing.members.any():
            self._share()  # parts follow incomes
        pending = [
            step
            for step in sorted(model.experiment.contract.steps, key=lambda one: one.date)
            if step.form and step.date <= model.date and step.date not in accounts.signed
        ]
        if not pending:
            return
        step = pending[0]
        assert step.form is not None
        months = (model.date.year - step.date.year) * MONTHS + model.date.month - step.date.month
        needed = v(f"form_months_{step.form}") * frictions.negotiation
        if months < needed:
            residents = float(model.world.tallies.residents.sum())
            cost = v(f"form_cost_{step.form}") * frictions.cost * residents / max(needed, 1.0)
            payers = self._rows(Kind.COMMISSIONER)
            names = [self.organisations[k].name for k in payers]
            accounts.settle([(name, SUPPLIERS, cost / len(names)) for name in names], "contract_negotiation")
            return
        trust = self.mean_trust(MEMBERS[step.form])
        if trust >= v(f"form_readiness_{step.form}") * frictions.readiness:
            accounts.sign(step.date, model.date)
            self.form = Form(step.form)
            self._share()
            model.recorder.events.add(model.date, model.place.name, f"{step.form} contract signed",
                                      f"members' trust {trust:.2f}")  # fmt: skip
        elif months > needed + v("form_patience_months"):
            accounts.signed[step.date] = date.max
            model.recorder.events.add(model.date, model.place.name, f"{step.form} contract given up",
                                      f"members' trust {trust:.2f}")  # fmt: skip

    def _record(self, month: date) -> None:
        trust, n = self.model.relationships.trust, len(self.kinds)
        others = max(n - 1, 1)
        maturity = np.full(n, float(self.maturity.mean()) if len(self.maturity) else 0.0)
        maturity[self._rows(Kind.GP_PRACTICE)] = self.maturity
        self.model.recorder.decisions.extend(
            [month] * n, [o.name for o in self.organisations], self.kinds.tolist(), self.effort.tolist(),
            self.incentive.tolist(), self.pressure.tolist(), self.autonomy_loss.tolist(),
            (trust.sum(axis=1) / others).tolist(), (trust.sum(axis=0) / others).tolist(), maturity.tolist(),
        )  # fmt: skip


__all__ = ["GIVES_TIME", "LEVERS", "MEMBERS", "Strategy"]
