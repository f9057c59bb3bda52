"""A small place whose books can be followed by hand."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from icsim import evidence, experiment
from icsim.recording.recorder import OrganisationRow, Recorder
from icsim.system.accounts import Accounts
from icsim.system.contracts import Activity
from icsim.system.populations import Populations

PEOPLE = 10_000.0
YEARLY = {
    "ae_attendances": 4200.0,
    "emergency_spells": 1000.0,
    "elective_spells": 210.0,
    "day_cases": 840.0,
    "first_outpatients": 3500.0,
    "follow_up_outpatients": 7300.0,
}
OF_MEASURE = {
    "ae_attendances": "ae_attendances",
    "emergency_admissions": "emergency_spells",
    "elective_admissions": "elective_spells",
    "day_cases": "day_cases",
    "first_outpatients": "first_outpatients",
    "follow_up_outpatients": "follow_up_outpatients",
}


class SmallPlace(SimpleNamespace):
    """``recorder``, ``populations``, ``experiment`` and, once opened, ``accounts``; ``live`` runs it."""

    recorder: Recorder
    populations: Populations
    experiment: Any
    accounts: Accounts

    def fill(self, kind: str, **values: float | np.ndarray) -> None:
        """Write the same figures into every day of every organisation of a kind."""
        for name, value in values.items():
            self.recorder.block(kind)[:, :, self.recorder.column(kind, name)] = value

    def as_expected(self) -> None:
        """Hospital days of exactly the activity expected."""
        trusts = len(self.recorder.rows("acute_trust"))
        for measure, name in OF_MEASURE.items():
            self.fill("acute_trust", **{measure: YEARLY[name] / 365 / trusts})
        self.fill("acute_trust", beds_open=18.0 / trusts, beds_occupied=16.0 / trusts)
        self.fill("system", population=PEOPLE)

    def open(self, **changes: Any) -> Accounts:
        """Open the books, with some of the populations' fields changed."""
        people = replace(self.populations, **changes)
        self.accounts = Accounts(self.recorder, self.experiment, evidence.load(), people)
        return self.accounts

    def live(self, days: int | None = None) -> Accounts:
        """Post days, and close each month that ends."""
        start = self.experiment.start
        for day in range(self.recorder.days if days is None else days):
            self.accounts.post(day)
            tomorrow = start + timedelta(days=day + 1)
            if tomorrow.day == 1:
                self.accounts.month_end((tomorrow - timedelta(days=1)).replace(day=1))
        return self.accounts

    def paid(self, account: str, payer: str | None = None) -> float:
        """GBP recorded under an account."""
        rows = self.recorder.money.columns
        return sum(
            amount
            for one, who, amount in zip(rows["account"], rows["payer"], rows["amount_gbp"], strict=True)
            if one == account and payer in (None, who)
        )


@pytest.fixture
def small_place() -> Callable[..., SmallPlace]:
    def build(
        trusts: int = 1, commissioners: int = 1, councils: int = 1, years: float = 1,
        start: str = "2017-04-01", **contract: Any,
    ) -> SmallPlace:  # fmt: skip
        made = experiment.load(
            {"place": "salford", "start": start, "years": years, "contract": contract, "name": "small"}
        )
        kinds = {
            "acute_trust": trusts,
            "gp_practice": 2,
            "community_team": 2,
            "local_authority": councils,
            "commissioner": commissioners,
            "mental_health_trust": 1,
            "urgent_care": 1,
            "voluntary_sector": 1,
            "care_homes": 1,
        }
        rows = [OrganisationRow(f"{kind} {k}", kind) for kind, n in kinds.items() for k in range(n)]
        recorder = Recorder(made.start, made.days, rows)
        yearly = {name: np.full(trusts, value / max(trusts, 1)) for name, value in YEARLY.items()}
        populations = Populations(
            residents_by_age=np.full(10, PEOPLE / 10),
            lists=np.array([6000.0, 4000.0]),
            weighted_lists=np.array([6600.0, 3800.0]),
            people_65=np.full(councils, 1800.0 / max(councils, 1)),
            commissioner_shares=np.ones(commissioners),
            authority_shares=np.ones(councils),
            expected=Activity.of_trusts(**yearly),
            core_beds=np.full(trusts, 18.0 / max(trusts, 1)),
        )
        return SmallPlace(recorder=recorder, populations=populations, experiment=made)

    return build
