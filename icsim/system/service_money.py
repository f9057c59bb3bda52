"""Who pays for services: the programme's transformation money first, the commissioners for the rest."""

from typing import TYPE_CHECKING

import numpy as np

from icsim.recording.recorder import financial_year
from icsim.system.delivery import Delivery
from icsim.system.money import NATIONAL, SUPPLIERS

if TYPE_CHECKING:
    from icsim.model import ICSModel


class Purse:
    """Transformation money in hand, and the bills of services.

    Attributes:
        held: GBP not yet spent; what is left in March goes back.
        drawn: GBP that national bodies have paid so far; ``paid`` what services have cost so far.
    """

    STATE = ("held", "drawn", "paid")

    def __init__(self, model: "ICSModel") -> None:
        self.model = model
        self.held = self.drawn = self.paid = 0.0
        payers = [one for one in model.organisations if one.kind == "commissioner"]
        shares = np.array([getattr(one, "share", 1.0) for one in payers])
        self._payers = [
            (one.name, float(share / shares.sum())) for one, share in zip(payers, shares, strict=True)
        ]

    def open_month(self, active: bool) -> None:
        """A twelfth of the year's money for setting up comes in while the programme lasts."""
        model = self.model
        programme, today = model.experiment.programme, model.date
        if today.month == 4 or not active:
            self.held = 0.0
        if active and not isinstance(programme, str):
            money = programme.funding_in(financial_year(today)) * programme.setup_share
            self.held += money / 12 * model.scale

    def promise(self, bills: list[tuple[Delivery, float]], willing: float) -> None:
        """Say of each service what share of its bill in full would be paid; in order, while money lasts."""
        left = self.held
        for delivery, bill in bills:
            own = min(left, bill) if delivery.programme is not None else 0.0
            left -= own
            delivery.afforded = (own + willing * (bill - own)) / bill if bill > 0 else 1.0

    def pay(self, bill: float, account: str, funded: bool) -> None:
        """Pay a bill, from transformation money as far as it goes when ``funded``; :meth:`close` books it."""
        bill = round(bill, 2)
        if bill <= 0:
            return
        own = round(min(self.held, bill), 2) if funded else 0.0
        self.held -= own
        self.drawn += own
        self.paid += bill
        accounts = self.model.accounts
        if own > 0:
            received = [(NATIONAL, name, own * share) for name, share in self._payers]
            accounts.settle(received, "transformation_funding", book=False)
        bills = [(name, SUPPLIERS, bill * share) for name, share in self._payers]
        accounts.settle(bills, account, book=False)

    def close(self) -> None:
        """Book what was paid."""
        self.model.accounts.ledger.book()
