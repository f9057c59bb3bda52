"""What organisations decide, month by month, and what becomes of trust, services and contracts.

Each month every organisation observes (``observing``), decides its effort for joint work from what that would
pay under the contract, and relates (``choices``). Then the services they share mature (``joint_services``)
and contract forms are negotiated (``negotiation``). With ``joint_work: none`` nothing reaches patients: the
same choices are made and recorded.
"""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Form
from icsim.keeping import put_back, state_of
from icsim.system.choices import Choices
from icsim.system.incentives import Belief
from icsim.system.joint_services import JointServices
from icsim.system.negotiation import Negotiation
from icsim.system.observing import Observer, Seen
from icsim.system.parties import Parties
from icsim.system.trust import Memory

if TYPE_CHECKING:
    from icsim.model import ICSModel


class Strategy:
    """The choices of all organisations of a model, in the order of ``model.organisations``.

    Attributes:
        parties: the organisations, their kinds and weights.
        choices: their effort and what moves it; trust is in ``model.relationships``.
        services: that they run together.
        negotiation: the contract form and what is shared.
    """

    def __init__(self, model: "ICSModel") -> None:
        self.model = model
        self.parties = Parties.of(model)
        self.observer = Observer(model, self.parties)
        belief = Belief.of(model.catalogue, model.accounts.populations.residents_by_age)
        self.choices = Choices(model, self.parties, belief)
        self.services = JointServices(model, self.parties)
        self.negotiation = Negotiation(model, self.parties)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps; promises kept and broken are the relationships' own."""
        return {
            "observer": state_of(self.observer),
            "choices": state_of(self.choices),
            "services": state_of(self.services),
            "negotiation": self.negotiation.state(),
        }

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint, when relationships, accounts and levers are put back."""
        put_back(self.observer, state["observer"])
        put_back(self.choices, state["choices"])
        network = self.model.relationships
        self.choices.memory = Memory(network.kept, network.broken)
        put_back(self.services, state["services"])
        self.negotiation.put_back(state["negotiation"], self.observer.received)

    @property
    def effort(self) -> np.ndarray:
        """Of each organisation for joint work, (n,) in [0, 1]."""
        return self.choices.effort

    @property
    def trust(self) -> np.ndarray:
        """Of each organisation (row) in each other, (n, n) in [0, 1]."""
        return self.model.relationships.trust

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
        return self.parties.mean_trust(self.trust, kinds)

    def mean_effort(self) -> float:
        """Mean effort, each kind counting by its weight."""
        return self.parties.mean(self.effort)

    def end_month(self, month: date) -> None:
        """Everything that organisations do at the end of a month; ``month`` is its first day."""
        model, agreed = self.model, self.negotiation
        seen = self.observer.look(self.services.today)
        if model.date.month == 4:
            agreed.settle_year(seen.books)
        for name in self.choices.month(
            seen, agreed.sharing, agreed.autonomy_loss, model.date, model.months_done
        ):
            self.tell(name, "leader leaves", "turnover")
        self.services.mature(self.effort, agreed.withheld)
        agreed.go_on(self.observer.received)
        self._record(month, seen)

    def leader_leaves(self, organisation: str | None, share: float, cause: str) -> None:
        """A leader of an organisation, of each of a kind or of all goes, with a share of trust."""
        self.choices.leader_leaves(organisation, share)
        self.tell(organisation or "everybody", "leader leaves", cause)

    def tell(self, who: str, event: str, cause: str) -> None:
        """Enter a decisive event of today."""
        self.model.recorder.events.add(self.model.date, who, event, cause)

    def _record(self, month: date, seen: Seen) -> None:
        n = len(self.parties)
        others = max(n - 1, 1)
        maturity = np.full(n, float(self.maturity.mean()) if len(self.maturity) else 0.0)
        maturity[self.parties.rows(Kind.GP_PRACTICE)] = self.maturity
        trust = self.trust
        self.model.recorder.decisions.extend(
            [month] * n, self.parties.names, self.parties.kinds.tolist(), self.effort.tolist(),
            self.choices.incentive.tolist(), seen.pressure.tolist(),
            self.negotiation.autonomy_loss.tolist(), (trust.sum(axis=1) / others).tolist(),
            (trust.sum(axis=0) / others).tolist(), maturity.tolist(),
        )  # fmt: skip
