"""What is agreed by the year, as standing orders by the day: allocations, blocks, lists, fixed costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.schema import Experiment
from icsim.system.contracts import Tariffs, TrustPayment
from icsim.system.costs import FIXED_SHARES
from icsim.system.money import OTHER_COMMISSIONERS, SUPPLIERS, TREASURY, Flow, Ledger
from icsim.system.populations import Populations, parts

Amounts = Callable[["People"], np.ndarray]


@dataclass(frozen=True)
class People:
    """The people whom budgets are reckoned from this month; see ``Populations`` for the arrays.

    ``years_on`` counts whole financial years since the run's first.
    """

    residents_by_age: np.ndarray
    lists: np.ndarray
    weighted_lists: np.ndarray
    people_65: np.ndarray
    years_on: int

    @property
    def residents(self) -> float:
        """All residents."""
        return float(self.residents_by_age.sum())


class Budgets:
    """Yearly agreements of a place.

    Args:
        ledger: where the flows are opened.
        names: organisations by kind.
        experiment: the commissioners' allocation, where it is given.
        catalogue: of the run.
        populations: people at the start.
        payment: of the acute trusts at the start, by whose value to each trust other acute care is split.

    Attributes:
        trust_income: GBP a year to each acute trust beyond contract and outside emergencies, at first, (T,).
        outside_income: of it, for planned care of people from outside, (T,).
    """

    def __init__(
        self,
        ledger: Ledger,
        names: Mapping[str, Sequence[str]],
        experiment: Experiment,
        catalogue: Catalogue,
        populations: Populations,
        payment: TrustPayment,
    ) -> None:
        self._ledger = ledger
        self._names = names
        self._catalogue = catalogue
        self._populations = populations
        self._weights = catalogue.by_age("capitation_weight")
        self._commissioners = parts(populations.commissioner_shares, len(names["commissioner"]))
        self._orders: list[tuple[Flow, Amounts]] = []
        self._income: dict[str, list[Amounts]] = {}
        self._quality: Amounts = lambda people: np.zeros(0)
        self._start = People(
            residents_by_age=populations.residents_by_age,
            lists=populations.lists,
            weighted_lists=populations.weighted_lists,
            people_65=populations.people_65,
            years_on=0,
        )
        self._funding(experiment)
        self._practices()
        self._blocks()
        self._councils()
        self.trust_income = self._other_acute(payment)
        self._fixed_costs()

    def stand(self, people: People, days_in_year: int, withheld: Mapping[str, float] | None = None) -> None:
        """Set every standing order to a day's part of the year's amount for these people.

        ``withheld``: share of accounts, by name, that is not paid for now.
        """
        for flow, amounts in self._orders:
            share = (withheld or {}).get(flow.account, 0.0)
            flow.stand(
                amounts(people) * (1 - share) / days_in_year if share else amounts(people) / days_in_year
            )

    def quality_payments(self, people: People) -> np.ndarray:
        """Practices' quality payments of a year, GBP, (P,)."""
        return self._quality(people)

    # Each of the following opens the flows of one matter and says what they pay in a year.

    def _order(self, payers: Sequence[str], payees: Sequence[str], account: str, amounts: Amounts) -> None:
        """``amounts`` for each payee; several payers of one kind are handled by the caller."""
        flow = self._ledger.flow(payers, payees, account)
        if len(flow):
            self._orders.append((flow, amounts))

    def _commission(self, payees: Sequence[str], account: str, amounts: Amounts) -> None:
        """Commissioners pay ``amounts`` (one for each payee) in proportion to their shares."""
        payers = self._names["commissioner"]
        self._order(
            [payer for payer in payers for _ in payees],
            [payee for _ in payers for payee in payees],
            account,
            lambda people: np.outer(self._commissioners, amounts(people)).ravel(),
        )

    def _block(self, kind: str, account: str, amounts: Amounts) -> None:
        """Commissioners pay the organisations of a kind; remembered for their fixed costs."""
        if self._names[kind]:
            self._commission(self._names[kind], account, amounts)
            self._income.setdefault(kind, []).append(amounts)

    def _needy(self, key: str) -> Callable[[People], float]:
        """GBP a year at so much a head, heads weighted for age and need."""
        rate = self._catalogue.value(key) * self._populations.need_index
        return lambda people: rate * float(self._weights @ people.residents_by_age)

    def _per_head(self, key: str) -> Callable[[People], float]:
        rate = self._catalogue.value(key)
        return lambda people: rate * people.residents

    def _funding(self, experiment: Experiment) -> None:
        """Treasury to commissioners: so much a head, by need unless the experiment says how much."""
        given = experiment.organisations.commissioners.allocation_gbp_per_head
        grow = 1 + self._catalogue.value("ccg_allocation_real_growth")
        by_need = self._needy("ccg_allocation_per_head_england")
        names = self._names["commissioner"]
        self._order(
            [TREASURY] * len(names),
            names,
            "allocation",
            lambda people: (
                self._commissioners
                * (by_need(people) if given is None else given * people.residents)
                * grow**people.years_on
            ),
        )

    def _practices(self) -> None:
        """List payments to practices, for which the Treasury gives commissioners as much."""
        c, names = self._catalogue, self._names["gp_practice"]
        if not names:
            return
        quality = c.value("qof_points") * c.value("qof_achievement") * c.value("qof_value_per_point")
        quality /= c.value(
            "practice_list_size_2017"
        )  # a point is worth more to a practice with a longer list
        global_sum, other = c.value("gms_global_sum"), c.value("gp_other_payments_per_patient")
        self._block("gp_practice", "global_sum", lambda people: global_sum * people.weighted_lists)
        self._quality = lambda people: quality * people.lists
        self._block("gp_practice", "quality_payments", self._quality)
        self._block("gp_practice", "other_practice_payments", lambda people: other * people.lists)
        commissioners = self._names["commissioner"]
        self._order(
            [TREASURY] * len(commissioners),
            commissioners,
            "primary_care_allocation",
            lambda people: self._commissioners * self._kind_income("gp_practice", people).sum(),
        )

    def _blocks(self) -> None:
        """Block contracts by the head, and what commissioners buy from nobody in the model."""
        teams = parts(self._populations.team_shares, len(self._names["community_team"]))
        trusts = parts(np.zeros(0), len(self._names["mental_health_trust"]))
        urgent = parts(np.zeros(0), len(self._names["urgent_care"]))
        community, mental = (
            self._needy("community_services_per_head"),
            self._per_head("mental_health_per_head"),
        )
        ambulance, calls = self._needy("ambulance_per_head"), self._needy("urgent_other_per_head")
        self._block("community_team", "community_block", lambda people: teams * community(people))
        self._block("mental_health_trust", "mental_health_block", lambda people: trusts * mental(people))
        self._block(
            "urgent_care", "urgent_care_block", lambda people: urgent * (ambulance(people) + calls(people))
        )
        for account, total in (
            ("prescribing", self._needy("prescribing_per_head")),
            ("continuing_care", self._needy("continuing_care_per_head")),
            ("commissioner_running_costs", self._per_head("commissioner_other_per_head")),
        ):
            self._commission([SUPPLIERS], account, lambda people, total=total: np.array([total(people)]))

    def _councils(self) -> None:
        """Councils' money for older people's care, their other staff, and grants to the voluntary sector."""
        c, councils = self._catalogue, self._names["local_authority"]
        if not councils:
            return
        shares = parts(self._populations.authority_shares, len(councils))
        funding, other = c.value("social_care_funding_per_65plus"), c.value("other_social_care_per_65plus")
        better, grant = (
            self._per_head("better_care_social_per_head"),
            self._per_head("voluntary_grant_per_head"),
        )
        self._order(
            [TREASURY] * len(councils),
            councils,
            "social_care_funding",
            lambda people: funding * people.people_65,
        )
        self._commission(councils, "better_care_fund", lambda people: shares * better(people))
        self._order(
            councils,
            [SUPPLIERS] * len(councils),
            "other_social_care",
            lambda people: other * people.people_65,
        )
        voluntary = self._names["voluntary_sector"]
        if voluntary:
            equal = parts(np.zeros(0), len(voluntary))
            self._order(
                [council for council in councils for _ in voluntary],
                [one for _ in councils for one in voluntary],
                "grant",
                lambda people: np.outer(shares, equal * grant(people)).ravel(),
            )
            self._income["voluntary_sector"] = [lambda people: equal * grant(people)]

    def _other_acute(self, payment: TrustPayment) -> np.ndarray:
        """Acute care outside the tariff, split like the contract; planned care of people from outside.

        Planned care of outsiders stands to their emergency admissions as residents' does.
        """
        trusts, people = self._names["acute_trust"], self._populations
        if not trusts:
            self.outside_income = np.zeros(0)
            return np.zeros(0)
        other = self._needy("acute_other_per_head")
        split = parts(payment.of_year(people.expected, people.residents_by_age), len(trusts))
        self._commission(trusts, "other_acute_care", lambda now: split * other(now))
        planned = np.zeros(len(trusts))
        spells = people.expected.emergency_spells
        if len(people.outside_admissions) and spells.sum() > 0:
            value = Tariffs.of(self._catalogue).planned(people.expected).sum()
            planned = people.outside_admissions * (value / spells.sum())
        self._order([OTHER_COMMISSIONERS] * len(trusts), trusts, "outside_planned", lambda now: planned)
        self.outside_income = planned
        return split * other(self._start) + planned

    def _fixed_costs(self) -> None:
        """Every other provider's fixed cost: a share of its income at the start, whatever comes later."""
        for kind, key in FIXED_SHARES.items():
            if kind in self._income:
                fixed = self._catalogue.value(key) * self._kind_income(kind, self._start)
                names = self._names[kind]
                self._order(names, [SUPPLIERS] * len(names), "fixed_costs", lambda people, fixed=fixed: fixed)

    def _kind_income(self, kind: str, people: People) -> np.ndarray:
        return np.sum([amounts(people) for amounts in self._income[kind]], axis=0)
