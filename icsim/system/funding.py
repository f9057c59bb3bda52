"""Transformation money of a programme: paid to the partners, it buys time and sets services up."""

from math import exp
from typing import TYPE_CHECKING

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.programme import Programme
from icsim.recording.recorder import financial_year
from icsim.system.agreed import Agreed
from icsim.system.money import NATIONAL, SUPPLIERS

if TYPE_CHECKING:
    from icsim.system.agreements import Locality, Month

MONTHS = 12


def does(money_per_head: float, scale: float) -> float:
    """Share of what money can do that so much does, in [0, 1): returns fall.

    Args:
        money_per_head: GBP a resident a year.
        scale: GBP a resident a year that does 63% of it.
    """
    return 1.0 - exp(-money_per_head / scale) if money_per_head > 0 else 0.0


class Transformation(Agreed):
    """The programme's money, month by month.

    Attributes:
        backfill, setup: paid in the last month for each, GBP a resident a year.
    """

    STATE = ("backfill", "setup")

    def __init__(self, given: Programme, place: "Locality", catalogue: Catalogue) -> None:
        super().__init__(given, place)
        self.backfill, self.setup = 0.0, 0.0
        v = catalogue.value
        self._most, self._faster = v("programme_slack_most"), v("programme_setup_speed")
        self._scale = v("programme_money_scale")
        kinds = place.kinds
        each = np.array([v(f"joint_weight_{kind}") / (kinds == kind).sum() for kind in kinds])
        self._weights = each * place.partners / max((each * place.partners).sum(), 1e-9)

    def end_month(self, month: "Month") -> None:
        """The national bodies pay a twelfth of the year's money; partners spend it at once."""
        place, setup = self._place, self.given.setup_share
        yearly = self.given.funding_in(financial_year(month.first)) * place.scale * self._in_force
        if self.given.services:  # which have the rest (icsim.system.service_money)
            yearly, setup = (1 - setup) * yearly, 0.0
        per_head = yearly / max(place.residents, 1.0)
        self.backfill, self.setup = (1 - setup) * per_head, setup * per_head
        if yearly <= 0:
            return
        partners = np.flatnonzero(self._weights)
        names = [place.names[k] for k in partners]
        amounts = [round(yearly / MONTHS * float(self._weights[k]), 2) for k in partners]
        spent = [round(amount * setup, 2) for amount in amounts]
        left = [round(amount - part, 2) for amount, part in zip(amounts, spent, strict=True)]
        place.pay([(NATIONAL, name, amount) for name, amount in zip(names, amounts, strict=True)],
                  "transformation_funding")  # fmt: skip
        place.pay([(name, SUPPLIERS, part) for name, part in zip(names, spent, strict=True)], "service_setup")
        place.pay([(name, SUPPLIERS, part) for name, part in zip(names, left, strict=True)], "backfill")

    @property
    def slack(self) -> float:
        """Share of the pressure on partners that backfill takes away."""
        return self._most * does(self.backfill, self._scale)

    @property
    def speed(self) -> float:
        """How many times as fast as usual services mature."""
        return 1.0 + self._faster * does(self.setup, self._scale)
