"""Which contract form is in force, what its members share, and how a new form comes to be signed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Form
from icsim.system.incentives import Books
from icsim.system.money import SUPPLIERS
from icsim.system.parties import Parties
from icsim.system.sharing import Sharing, payments

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
    """

    def __init__(self, model: "ICSModel", parties: Parties) -> None:
        self.model = model
        self.parties = parties
        self.form = Form(model.accounts.contract.form)
        self.share(())

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; the rest follows from it and from receipts."""
        return {"form": str(self.form)}

    def put_back(self, state: Mapping[str, Any], received: Sequence[np.ndarray]) -> None:
        """Go on from a checkpoint; ``received`` as for :meth:`share`."""
        self.form = Form(state["form"])
        self.share(received)

    def share(self, received: Sequence[np.ndarray]) -> None:
        """Set gain and risk share and loss of autonomy for the form in force.

        Args:
            received: of each of the last months, GBP, (n,); empty before the first: all count alike then.
        """
        v, contract = self.model.catalogue.value, self.model.accounts.contract
        given, n = contract.sharing, len(self.parties)
        kinds = self.parties.kinds
        members = self.parties.members(given.members or MEMBERS[self.form])
        pooled = v(f"form_pooled_{self.form}") if given.pooled is None else given.pooled
        self.autonomy_loss = np.zeros(n)
        loss = v(f"form_autonomy_{self.form}") * contract.frictions.autonomy
        self.autonomy_loss[self.parties.rows(Kind.GP_PRACTICE)] = loss
        if not members.any() or pooled <= 0:
            self.sharing = Sharing.none(n)
            return
        size = np.mean(received, axis=0) if len(received) else np.ones(n)
        if given.parts is not None:
            counts = {kind: max(1, int(members[kinds == kind].sum())) for kind in given.parts}
            size = np.array([given.parts.get(kind, 0.0) / counts.get(kind, 1) for kind in kinds])
        parts = np.where(members, size, 0.0)
        parts = parts / parts.sum() if parts.sum() > 0 else members / members.sum()
        self.sharing = Sharing(members, pooled, parts, given.threshold, given.cap, given.collar)

    def settle_year(self, books: Books) -> None:
        """Divide what is shared of a year's results."""
        transfers = self.sharing.transfers(books.result, books.income)
        names = self.parties.names
        self.model.accounts.settle(
            [(names[i], names[j], amount) for i, j, amount in payments(transfers)], "gain_and_risk_share"
        )

    def go_on(self, received: Sequence[np.ndarray]) -> None:
        """A month: parts follow incomes, and the next step to a new form is talked over, signed or given up.

        It is signed when its time has passed and its members trust one another.
        """
        model, accounts = self.model, self.model.accounts
        v, frictions = model.catalogue.value, accounts.contract.frictions
        if len(received) and self.sharing.members.any():
            self.share(received)
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
            names = [self.parties.names[k] for k in self.parties.rows(Kind.COMMISSIONER)]
            accounts.settle([(name, SUPPLIERS, cost / len(names)) for name in names], "contract_negotiation")
            return
        trust = self.parties.mean_trust(model.relationships.trust, MEMBERS[step.form])
        if trust >= v(f"form_readiness_{step.form}") * frictions.readiness:
            accounts.sign(step.date, model.date)
            self.form = Form(step.form)
            self.share(received)
            model.recorder.events.add(model.date, model.place.name, f"{step.form} contract signed",
                                      f"members' trust {trust:.2f}")  # fmt: skip
        elif months > needed + v("form_patience_months"):
            accounts.signed[step.date] = date.max
            model.recorder.events.add(model.date, model.place.name, f"{step.form} contract given up",
                                      f"members' trust {trust:.2f}")  # fmt: skip
