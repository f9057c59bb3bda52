"""What joint work pays: the payment trap and its way out, by hand."""

import numpy as np
import pytest

from icsim import evidence
from icsim.experiment.organisations import Kind
from icsim.system.contracts import Activity, ActivityPayment, BlockPayment, Tariffs
from icsim.system.costs import HospitalCosts
from icsim.system.incentives import Belief, Books, Wards, incentives, surplus_changes, trusts_change
from icsim.system.sharing import Sharing

pytestmark = pytest.mark.unit
RESIDENTS = np.full(10, 1000.0)
TARIFFS = Tariffs(100.0, 2000.0, 3000.0, 700.0, 150.0, 80.0)
BELIEF = Belief(emergency=0.1, nights=0.0, attendances=1.0, outpatients=0.0, released=0.0, supported=0.0)
YEAR = Activity.of_trusts(
    ae_attendances=[5000.0], emergency_spells=[1000.0], elective_spells=[100.0], day_cases=[400.0],
    first_outpatients=[3000.0], follow_up_outpatients=[6000.0],
)  # fmt: skip
EASY = Wards(*(np.array([value]) for value in (100.0, 80.0, 0.0, 80.0)))
FULL = Wards(*(np.array([value]) for value in (110.0, 110.0, 10.0, 110.0)))


def costs():
    return HospitalCosts(np.array([1e6]), 250.0, 0.6, 0.92, 2.0, 40.0, 600.0, 800.0, 200.0, 40.0)


def by_activity(baseline, marginal=0.7):
    return ActivityPayment(TARIFFS, np.array([baseline]), marginal)


def result(payment, wards=EASY):
    income, cost, _ = trusts_change(BELIEF, YEAR, wards, payment, costs(), RESIDENTS)
    return float(income[0]), float(cost[0])


def test_below_the_baseline_a_trust_loses_the_whole_tariff_and_saves_the_variable_cost():
    income, cost = result(by_activity(1000.0))
    assert income == pytest.approx(-100 * 2000 - 100 * 100)  # 100 spells and as many attendances
    assert cost == pytest.approx(-100 * 600 - 100 * 40)


def test_above_the_baseline_it_loses_only_the_marginal_rate():
    income, _ = result(by_activity(800.0, 0.3))
    assert income == pytest.approx(-100 * 2000 * 0.3 - 100 * 100)


def test_with_full_wards_above_the_baseline_avoiding_admissions_pays():
    """The Frimley essay; at ease and below it the same change is a loss (the Northumberland essay)."""
    lost, saved = result(by_activity(800.0, 0.3), FULL)
    assert lost - saved > 0
    lost, saved = result(by_activity(1000.0), EASY)
    assert lost - saved < 0


def test_under_a_block_avoiding_admissions_saves_the_variable_cost():
    income, cost = result(BlockPayment(np.array([5e6])))
    assert income == 0
    assert cost < 0


def books():
    kinds = np.array([str(kind) for kind in (Kind.ACUTE_TRUST, Kind.COMMISSIONER, Kind.LOCAL_AUTHORITY)])
    return Books(kinds, np.array([1e7, 2e7, 5e6]), np.zeros(3), np.ones(1), np.ones(1))


def changes(payment):
    return surplus_changes(BELIEF, books(), YEAR, EASY, payment, costs(), RESIDENTS, evidence.load())


def test_what_the_trust_does_not_earn_the_commissioner_keeps():
    found = changes(by_activity(1000.0))
    assert found[1] == pytest.approx(210_000)
    assert found[0] == pytest.approx(-210_000 + 64_000)


def test_a_pool_turns_the_trusts_loss_into_everybodys_gain():
    members = np.array([True, True, False])
    alone = incentives(changes(by_activity(1000.0)), books(), Sharing.none(3))
    pool = Sharing(members, 1.0, np.array([1 / 3, 2 / 3, 0.0]))
    together = incentives(changes(by_activity(1000.0)), books(), pool)
    assert alone[0] < 0 < alone[1]
    assert together[0] == pytest.approx(64_000 / 3e7)
    assert together[0] == pytest.approx(together[1])


def test_a_belief_comes_from_the_catalogue_and_takes_part_of_the_spells():
    belief = Belief.of(evidence.load(), RESIDENTS)
    assert 0 < belief.emergency < 0.15
    assert belief.change(YEAR).emergency_spells[0] == pytest.approx(1000 * (1 - belief.emergency))
