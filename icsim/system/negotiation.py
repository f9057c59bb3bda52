"""Which contract form is in force, what its members share, and how a new form comes to be signed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Form
from icsim.experiment.strategy import GPContracts, OrganisationalForm
from icsim.system.incentives import Books
from icsim.system.money import SUPPLIERS, TREASURY
from icsim.system.parties import Parties
from icsim.system.sharing import Sharing, payments
from icsim.system.transition import (
    INTEGRATED,
    autonomy_loss,
    cost_per_head,
    held_as,
    months_needed,
    parts_of,
    practices_share,
    vat_share,
    withheld,
)

if TYPE_CHECKING:
    from icsim.model import ICSModel

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


class Negotiation:
    """The contract form of a model, and its partners' gain and risk share.

    Attributes:
        form: in force.
        sharing: of gains and losses, in force.
        autonomy_loss: independence given up, (n,), 0 but for practices.
        holder: row of who holds an integrated contract; -1 where nobody can.
        joined: whether each practice is still in it, (P,): with a right to return some may have left.
    """

    def __init__(self, model: "ICSModel", parties: Parties) -> None:
        self.model = model
        self.parties = parties
        self.form = Form(model.accounts.contract.form)
        self.holder = self._find_holder()
        self.joined = np.ones(len(parties.rows(Kind.GP_PRACTICE)), dtype=bool)
        self._signed: date | None = None  # None for a form in force from the start
        self._broken = 0  # break points passed
        self.share(())

    def _find_holder(self) -> int:
        trusts = [k for k in self.parties.rows(Kind.ACUTE_TRUST) if self.parties.taking_part[k]]
        name = self.model.accounts.contract.holder
        if name is not None and name in self.parties.names:
            return self.parties.names.index(name)
        share = {k: getattr(self.parties.organisations[k], "resident_share", 0.0) for k in trusts}
        return int(max(share, key=lambda k: share[k])) if share else -1

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; the rest follows from it and from receipts."""
        signed = None if self._signed is None else self._signed.isoformat()
        return {"form": str(self.form), "joined": self.joined, "signed": signed, "broken": self._broken}

    def put_back(self, state: Mapping[str, Any], received: Sequence[np.ndarray]) -> None:
        """Go on from a checkpoint; ``received`` as for :meth:`share`."""
        self.form = Form(state["form"])
        self.joined = state["joined"].copy()
        self._signed = None if state["signed"] is None else date.fromisoformat(state["signed"])
        self._broken = state["broken"]
        self.share(received)

    def share(self, received: Sequence[np.ndarray]) -> None:
        """Set gain and risk share and loss of autonomy for the form in force.

        Args:
            received: of each of the last months, GBP, (n,); empty before the first: all count alike then.
        """
        v, contract = self.model.catalogue.value, self.model.accounts.contract
        given, n = contract.sharing, len(self.parties)
        kinds = self.parties.kinds
        practices = self.parties.rows(Kind.GP_PRACTICE)
        members = self.parties.members(given.members or MEMBERS[self.form])
        members[practices] &= self.joined & practices_share(contract, self.form)
        pooled = v(f"form_pooled_{self.form}") if given.pooled is None else given.pooled
        self.autonomy_loss = np.zeros(n)
        self.autonomy_loss[practices] = autonomy_loss(contract, self.form, v) * self.joined
        if not members.any() or pooled <= 0:
            self.sharing = Sharing.none(n)
            return
        size = np.mean(received, axis=0) if len(received) else np.ones(n)
        if given.parts is not None:
            counts = {kind: max(1, int(members[kinds == kind].sum())) for kind in given.parts}
            size = np.array([given.parts.get(kind, 0.0) / counts.get(kind, 1) for kind in kinds])
        holder = self.holder if self.holder >= 0 and members[self.holder] else -1
        parts = parts_of(contract, self.form, kinds, members, size, holder, v)
        community = held_as(contract, self.form) == OrganisationalForm.COMMUNITY_INTEREST_COMPANY
        self.sharing = Sharing(
            members, pooled, parts, given.threshold, given.cap, given.collar, self.covered(),
            v("community_interest_reinvested") if community else 0.0,
        )  # fmt: skip

    def covered(self) -> np.ndarray:
        """Share of each organisation's business that the contract covers, (n,)."""
        accounts, covered = self.model.accounts, np.ones(len(self.parties))
        given = accounts.contract.covered_income_share
        covered[self.parties.rows(Kind.ACUTE_TRUST)] = accounts.covered_income if given is None else given
        return covered

    @property
    def withheld(self) -> float:
        """Share of what joint services can reach that agreements on records, while new, withhold."""
        if self._signed is None:
            return 0.0
        months = self._months_since(self._signed)
        return withheld(self.model.accounts.contract, self.form, months, self.model.catalogue.value)

    def _months_since(self, day: date) -> int:
        today = self.model.date
        return (today.year - day.year) * MONTHS + today.month - day.month

    def settle_year(self, books: Books) -> None:
        """Divide what is shared of a year's results."""
        transfers = self.sharing.transfers(books.result, books.income)
        names = self.parties.names
        self.model.accounts.settle(
            [(names[i], names[j], amount) for i, j, amount in payments(transfers)], "gain_and_risk_share"
        )
        spent = self.sharing.spent(transfers)
        spending = [(names[k], SUPPLIERS, float(spent[k])) for k in np.flatnonzero(spent)]
        self.model.accounts.settle(spending, "community_reinvestment")

    def _pay_vat(self, received: Sequence[np.ndarray]) -> None:
        """VAT of the month that providers under a company's contract cannot reclaim."""
        contract = self.model.accounts.contract
        share = vat_share(contract, self.form, self.model.catalogue.value)
        if share <= 0 or not len(received):
            return
        payers = self.parties.members(MEMBERS[self.form])
        payers &= ~self.parties.members((Kind.COMMISSIONER, Kind.LOCAL_AUTHORITY))
        due = share * received[-1] * self.covered() * payers
        names = self.parties.names
        self.model.accounts.settle([(names[k], TREASURY, float(due[k])) for k in np.flatnonzero(due)], "vat")

    def _return(self) -> None:
        """In April practices with a suspended contract that no longer trust the holder take it up again."""
        model, contract = self.model, self.model.accounts.contract
        suspended = self.form == Form.FULL and contract.gp_contracts == GPContracts.SUSPENDED
        if not suspended or self.holder < 0 or model.date.month != 4:
            return
        practices = self.parties.rows(Kind.GP_PRACTICE)
        trust = model.relationships.trust[practices, self.holder]
        leave = self.joined & (trust < model.catalogue.value("practice_return_trust"))
        self.joined = self.joined & ~leave
        for k in np.flatnonzero(leave):
            model.recorder.events.add(model.date, self.parties.names[practices[k]], "practice returns",
                                      f"trust in the holder {trust[k]:.2f}")  # fmt: skip

    def _break(self) -> None:
        """At its break point an integrated contract ends when its members trust one another too little."""
        model, contract = self.model, self.model.accounts.contract
        years = contract.break_after_years
        if years is None or self.form not in INTEGRATED or self._broken:
            return
        if self._months_since(self._signed or model.experiment.start) < years * MONTHS:
            return
        self._broken = 1
        trust = self.parties.mean_trust(model.relationships.trust, MEMBERS[self.form])
        ready = model.catalogue.value(f"form_readiness_{self.form}") * contract.frictions.readiness
        said = f"members' trust {trust:.2f}, {ready:.2f} needed"
        ends = trust < ready
        what = f"{self.form} contract {'ended' if ends else 'goes on'} at its break point"
        model.recorder.events.add(model.date, model.place.name, what, said)
        if ends:
            model.accounts.end_contract(model.date)
            self.form = Form(model.accounts.contract.form)

    def go_on(self, received: Sequence[np.ndarray]) -> None:
        """A month: parts follow incomes, and the next step to a new form is talked over, signed or given up.

        It is signed when its time has passed, its date has come and its members trust one another.
        """
        model, accounts = self.model, self.model.accounts
        v, frictions = model.catalogue.value, accounts.contract.frictions
        self._pay_vat(received)
        self._return()
        self._break()
        if len(received) and (self.sharing.members.any() or self.autonomy_loss.any()):
            self.share(received)
        pending = [
            step
            for step in sorted(model.experiment.contract.steps, key=lambda one: one.date)
            if step.form and step.begins <= model.date and step.date not in accounts.signed
        ]
        if not pending:
            return
        step = pending[0]
        assert step.form is not None
        months, ahead = self._months_since(step.begins), -self._months_since(step.date)
        needed = months_needed(accounts.contract, Form(step.form), v)
        if months < needed:
            residents = float(model.world.tallies.residents.sum())
            cost = cost_per_head(accounts.contract, Form(step.form), v) * residents / max(needed, 1.0)
            names = [self.parties.names[k] for k in self.parties.rows(Kind.COMMISSIONER)]
            accounts.settle([(name, SUPPLIERS, cost / len(names)) for name in names], "contract_negotiation")
            return
        if ahead > 0:
            return
        trust = self.parties.mean_trust(model.relationships.trust, MEMBERS[step.form])
        if trust >= v(f"form_readiness_{step.form}") * frictions.readiness:
            accounts.sign(step.date, model.date)
            self.form, self._signed = Form(step.form), model.date
            self._broken, self.joined = 0, np.ones_like(self.joined)
            self.share(received)
            model.recorder.events.add(model.date, model.place.name, f"{step.form} contract signed",
                                      f"members' trust {trust:.2f}")  # fmt: skip
        elif min(months - needed, -ahead) > v("form_patience_months"):
            accounts.signed[step.date] = date.max
            model.recorder.events.add(model.date, model.place.name, f"{step.form} contract given up",
                                      f"members' trust {trust:.2f}")  # fmt: skip
