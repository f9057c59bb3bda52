"""Pool, performance payment, control totals, deficits, programme money: by hand, and what must hold."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icsim import evidence
from icsim.experiment.payment import PerformanceMeasure
from icsim.recording.measures import MEASURES
from icsim.system.contracts import Activity, ActivityPayment, BlockPayment, Tariffs
from icsim.system.costs import HospitalCosts
from icsim.system.funding import does
from icsim.system.incentives import Belief, Wards, trusts_change
from icsim.system.money import NATIONAL, POOL, TREASURY
from icsim.system.performance import Performed, levels_of, scores
from icsim.system.pooled import closing, shared_change
from icsim.system.totals import carried, fund_due

pytestmark = pytest.mark.unit
CCG, COUNCIL, TRUST = "commissioner 0", "local_authority 0", "acute_trust 0"
money = st.floats(-1e8, 1e8)
ALL = {
    "pooled_budget": {"start": "2017-05-01", "covers": ["acute", "community", "social_care"]},
    "performance": {"trust_share": 0.1},
    "control_totals": {"surplus_shares": {"acute_trust": -0.02}},
    "carried_deficits": {},
}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    keys=st.sets(st.sampled_from(sorted(ALL))),
    councils=st.integers(1, 2),
    trusts=st.integers(1, 2),
)
def test_every_pound_paid_is_received_whatever_is_agreed(small_place, seed, keys, councils, trusts):
    place = small_place(trusts, councils=councils, **{key: ALL[key] for key in keys})
    rng = np.random.default_rng(seed)
    for kind in MEASURES:
        block = place.recorder.block(kind)
        block[:] = rng.poisson(rng.uniform(0, 50), block.shape)
    accounts = place.open()
    for first in (date(2017, 4, 1), date(2017, 5, 1), date(2017, 6, 1)):
        while accounts._next < (first.replace(month=first.month + 1) - date(2017, 4, 1)).days:
            net = accounts.post(accounts._next)
            assert np.round(net * 100).astype(np.int64).sum() == 0
        accounts.month_end(first, acsc_admissions=float(rng.integers(0, 30)))
        assert accounts.ledger.balances_pence.sum() == 0
    recorded = place.recorder.money.columns
    assert min(recorded["amount_gbp"]) > 0
    net = dict.fromkeys(accounts.ledger.names, 0.0)
    for payer, payee, gbp in zip(recorded["payer"], recorded["payee"], recorded["amount_gbp"], strict=True):
        net[payer] -= gbp
        net[payee] += gbp
    assert list(net.values()) == pytest.approx(accounts.ledger.balances.tolist(), abs=0.01)


def test_a_pool_is_closed_by_hand():
    """Put in 80 and 20, 110 spent: 10 short, borne 4 to 1 by what they pay in, or as agreed."""
    spent, put_in = np.array([70.0, 40.0]), np.array([80.0, 20.0])
    assert closing(spent, put_in, put_in / 100) == pytest.approx([-8, -2])
    assert closing(spent, put_in, np.array([0.0, 1.0])) == pytest.approx([0, -10])


@given(
    changes=st.lists(money, min_size=3, max_size=3),
    spending=st.lists(money, min_size=2, max_size=2),
    part=st.floats(0, 1),
)
def test_a_pool_moves_changes_and_makes_none(changes, spending, part):
    covered = np.array([*spending, 0.0])
    after = shared_change(np.array(changes), covered, np.array([part, 1 - part, 0.0]))
    assert after.sum() == pytest.approx(sum(changes), abs=1e-4)
    assert after[2] == changes[2]
    assert after[0] == pytest.approx(changes[0] + covered[0] - part * covered.sum(), abs=1e-4)


def test_the_pool_pays_in_place_of_its_partners_and_is_empty_after_the_year(small_place):
    """730,000 and 365,000 a year in; community services and a council's care out; the rest back 2 to 1."""
    given_ = {"commissioner": 730_000.0, "local_authority": 365_000.0}
    place = small_place(pooled_budget={"covers": ["community"], "contributions_gbp_per_year": given_})
    place.open()
    place.live()
    spent = place.paid("community_block")
    assert place.paid("community_block", POOL) == spent > 0
    assert place.paid("pool_contribution", CCG) == pytest.approx(730_000, abs=0.1)
    assert place.paid("pool_contribution", COUNCIL) == pytest.approx(365_000, abs=0.1)
    short = spent - 1_095_000
    assert place.paid("pool_overspend", CCG) == pytest.approx(max(short, 0) * 2 / 3, abs=0.1)
    assert place.paid("pool_underspend", POOL) == pytest.approx(max(-short, 0), abs=0.1)
    assert place.accounts.ledger.balance(POOL) == 0


def test_a_pool_without_agreed_sums_takes_what_was_spent_and_begins_on_its_day(small_place):
    place = small_place(pooled_budget={"start": "2017-07-01", "covers": ["community", "social_care"],
                                       "overspend_parts": {"commissioner": 1.0}})  # fmt: skip
    place.fill("local_authority", home_care_in_use=20)
    place.open()
    place.live()
    assert place.paid("community_block", CCG) == pytest.approx(
        place.paid("community_block") * 91 / 365, rel=1e-4
    )
    care = place.paid("home_care_and_assessments") + place.paid("other_social_care")
    # the months before were 30, 31 and 30 days long: nine months of their mean
    assert place.paid("pool_contribution", COUNCIL) == pytest.approx(care * 91 / 365 * 3, rel=1e-3)
    assert place.paid("pool_overspend", CCG) > 0  # nine later months have more days
    assert place.paid("pool_overspend", COUNCIL) == 0


def test_scores_by_hand():
    """90% within four hours is half way from 85% to 95%; 3.5% and less of delays earn all; no ACSC known."""
    values = {
        PerformanceMeasure.FOUR_HOURS: np.array([0.90, 0.80]),
        PerformanceMeasure.DELAYED_DAYS: np.array([0.02, 0.20]),
        PerformanceMeasure.ACSC_ADMISSIONS: np.array(np.nan),
    }
    levels = levels_of(evidence.load())
    assert scores(values, None, levels) == pytest.approx([0.75, 0.0])
    assert scores(values, {"four_hours": 3.0, "delayed_days": 1.0}, levels) == pytest.approx([0.625, 0.0])
    assert scores({PerformanceMeasure.FOUR_HOURS: np.array([np.nan])}, None, levels) == pytest.approx([1.0])


@given(
    value=st.floats(0, 2),
    better=st.floats(0, 0.5),
    measure=st.sampled_from(list(PerformanceMeasure)),
)
def test_doing_better_never_scores_less(value, better, measure):
    down = measure in (PerformanceMeasure.DELAYED_DAYS, PerformanceMeasure.ACSC_ADMISSIONS)
    improved = value - better if down else value + better
    found = scores({measure: np.array([value, improved])}, None, levels_of(evidence.load()))
    assert 0 <= found[0] <= found[1] <= 1


def test_a_year_of_performance_payment_by_hand_and_by_the_rule(small_place):
    """A tenth of the contract is at stake; 90% within four hours and no delays earn 75% of it."""
    weights = {"four_hours": 1.0, "delayed_days": 1.0}
    place = small_place(performance={"trust_share": 0.1, "practice_share": 0.5, "weights": weights})
    place.as_expected()
    attendances = place.recorder.block("acute_trust")[0, 0, 0]
    place.fill("acute_trust", ae_breaches=0.1 * attendances, bed_days=100.0)
    accounts = place.open()
    place.live()
    due = accounts.payment.of_year(place.populations.expected, place.populations.residents_by_age)
    assert place.paid("acute_contract") == pytest.approx(0.9 * due[0], rel=1e-5)
    assert place.paid("acute_performance_payment", CCG) == pytest.approx(0.1 * due[0] * 0.75, rel=1e-4)
    rule = Performed(accounts.payment, np.array([0.1]), np.array([0.75]))
    paid = place.paid("acute_contract") + place.paid("acute_performance_payment")
    year = rule.of_year(place.populations.expected, place.populations.residents_by_age)
    assert paid == pytest.approx(year[0], rel=1e-4)
    # practices have no measure of these two: they get all of theirs
    full = accounts.quality_payments().sum()
    assert place.paid("quality_payments") == pytest.approx(full / 2, rel=1e-4)
    assert place.paid("practice_performance_payment") == pytest.approx(full / 2, abs=1)


def test_a_sustainability_fund_by_hand():
    """Income 100, agreed surplus 1%: 1 keeps to it and gets 2% of income; 0.9 gets nothing."""
    ones = np.full(3, 100.0)
    got = fund_due(np.array([1.0, 0.9, -1.0]), ones, np.array([0.01, 0.01, -0.01]), np.full(3, 0.02))
    assert got == pytest.approx([2, 0, 2])


@pytest.mark.parametrize(("agreed", "quarters"), [(-1.0, 4), (1.0, 0)])
def test_the_fund_comes_by_the_quarter_or_is_lost(small_place, agreed, quarters):
    place = small_place(control_totals={"surplus_shares": {"acute_trust": agreed}, "fund_share": 0.02})
    place.as_expected()
    accounts = place.open()
    place.live()
    received = {"acute_contract", "other_acute_care"}
    income = sum(place.paid(account) for account in received)
    assert place.paid("sustainability_fund", NATIONAL) == pytest.approx(0.005 * quarters * income, rel=1e-4)
    missed = [event for event in place.recorder.events.columns["event"] if event == "control total missed"]
    assert len(missed) >= 4 - quarters
    trusts = [who for who in place.recorder.events.columns["organisation"] if who == TRUST]
    assert len(trusts) == 4 - quarters
    assert accounts.agreements.pressed(np.zeros(11), np.ones(11))[0] == (0.0 if quarters else 1.0)


def test_a_deficit_is_carried_and_recovered_by_hand():
    """5 short: 5 carried. Next year 5 are taken back and the year is 5 short again by that: 5 carried.

    A surplus of 2 after 5 were taken leaves nothing; a surplus of 2 with nothing taken leaves 3.
    """
    assert carried(np.array([0.0]), np.array([0.0]), np.array([-5.0])) == pytest.approx([5])
    assert carried(np.array([5.0]), np.array([5.0]), np.array([-5.0])) == pytest.approx([5])
    assert carried(np.array([5.0]), np.array([5.0]), np.array([2.0])) == pytest.approx([0])
    assert carried(np.array([5.0]), np.array([0.0]), np.array([2.0])) == pytest.approx([3])


@given(debt=st.floats(0, 1e8), recovered=st.floats(0, 1e8), result=money, more=st.floats(0, 1e8))
def test_a_better_result_never_carries_more(debt, recovered, result, more):
    after = carried(
        np.array([debt, debt]), np.array([recovered, recovered]), np.array([result, result + more])
    )
    assert 0 <= after[1] <= after[0]


def test_a_trust_in_deficit_pays_interest_the_next_year_and_a_commissioner_pays_back(small_place):
    place = small_place(years=2, carried_deficits={"interest_share": 0.06, "recovered_share": 0.5})
    place.as_expected()
    place.fill("acute_trust", beds_open=40.0)  # wards that nobody pays for
    place.experiment = place.experiment.model_copy(
        update={"organisations": place.experiment.organisations.model_copy(
            update={"commissioners": place.experiment.organisations.commissioners.model_copy(
                update={"allocation_gbp_per_head": 900.0})})})  # fmt: skip
    accounts = place.open()
    place.live(365)
    short = {name: -accounts.ledger.balance(name) for name in (TRUST, CCG)}
    assert min(short.values()) > 1e5
    for day in range(365, 730):
        accounts.post(day)
        today = date(2017, 4, 1) + timedelta(day)
        if (today + timedelta(1)).day == 1:
            accounts.month_end(today.replace(day=1))
    assert place.paid("deficit_interest", TRUST) == pytest.approx(0.06 * short[TRUST], rel=1e-5)
    assert place.paid("deficit_recovered", CCG) == pytest.approx(0.5 * short[CCG], rel=1e-5)
    assert accounts.agreements.carried is not None
    debt = accounts.agreements.carried.debt
    results = accounts.ledger.surplus_this_year(CCG)
    at = accounts.ledger.position(CCG)
    assert debt[at] == pytest.approx(short[CCG] * 0.5 - results, rel=1e-5)
    assert accounts.ledger.balance(TREASURY) < 0


@given(less=st.floats(0, 100), more=st.floats(0, 100), scale=st.floats(0.1, 50))
def test_money_does_more_and_more_slowly(less, more, scale):
    low, high = sorted((less, more))
    assert 0 <= does(low, scale) <= does(high, scale) <= 1
    assert does(high, scale) - does(low, scale) <= does(high - low, scale) + 1e-12


def test_programme_money_is_spent_as_it_comes_and_ends(small_place):
    """1.2 million in 2017/18, nothing after: 100,000 a month, 40% for setting up; nobody is richer."""
    place = small_place(years=2)
    made = place.experiment
    from icsim import experiment

    programme = {
        "name": "P",
        "funding_gbp_per_year": {"2017/18": 1.2e6},
        "setup_share": 0.4,
        "end": "2018-02-10",
    }
    place.experiment = experiment.load({**made.to_dict(), "programme": programme})
    accounts = place.open()
    before = small_place(years=2)
    alone = before.open()
    place.live()
    before.live()
    assert place.paid("transformation_funding", NATIONAL) == pytest.approx(
        1.1e6, abs=1
    )  # to the end of February
    assert place.paid("service_setup") == pytest.approx(0.44e6, abs=1)
    assert place.paid("backfill") == pytest.approx(0.66e6, abs=1)
    assert accounts.ledger.balances[:11] == pytest.approx(alone.ledger.balances[:11], abs=0.01)
    assert accounts.agreements.slack == 0
    assert accounts.agreements.speed == 1


COSTS = HospitalCosts(np.array([1e6]), 250.0, 0.6, 0.92, 2.0, 40.0, 600.0, 800.0, 200.0, 40.0)
YEAR = Activity.of_trusts(
    ae_attendances=[5000.0], emergency_spells=[1000.0], elective_spells=[100.0], day_cases=[400.0],
    first_outpatients=[3000.0], follow_up_outpatients=[6000.0],
)  # fmt: skip
TARIFFS = Tariffs(100.0, 2000.0, 3000.0, 700.0, 150.0, 80.0)


def payoff(payment, averted=0.1, occupied=80.0):
    """What a trust gains by a year with a share of emergencies averted, GBP."""
    belief = Belief(averted, 0.0, 1.0, 0.0, 0.0, 0.0)
    wards = Wards(*(np.array([value]) for value in (100.0, occupied, 0.0, occupied)))
    income, cost, _ = trusts_change(belief, YEAR, wards, payment, COSTS, np.full(10, 1000.0))
    return float(income[0] - cost[0])


@given(
    baseline=st.floats(0, 2000),
    rates=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    averted=st.floats(0, 0.9),
    occupied=st.floats(50, 100),
)
def test_a_higher_marginal_rate_never_makes_averting_admissions_pay_more(baseline, rates, averted, occupied):
    low, high = sorted(rates)
    found = [
        payoff(ActivityPayment(TARIFFS, np.array([baseline]), rate), averted, occupied)
        for rate in (low, high)
    ]
    assert found[1] <= found[0] + 1e-6


@given(
    baseline=st.floats(0, 2000),
    rate=st.floats(0, 1),
    occupied=st.tuples(st.floats(50, 100), st.floats(50, 100)),
)
def test_the_fuller_the_wards_the_more_averting_pays_and_a_block_pays_at_least_as_well(
    baseline, rate, occupied
):
    easy, full = sorted(occupied)
    rule = ActivityPayment(TARIFFS, np.array([baseline]), rate)
    assert payoff(rule, occupied=full) >= payoff(rule, occupied=easy) - 1e-6
    assert payoff(BlockPayment(np.array([1e7])), occupied=easy) >= payoff(rule, occupied=easy) - 1e-6


@given(share=st.floats(0, 0.5), score=st.floats(0, 1), gain=st.floats(0, 1))
def test_performance_that_rewards_fewer_admissions_eases_the_trap(share, score, gain):
    """With a better score for it, averting pays at least what it does with the score unmoved."""
    rule = ActivityPayment(TARIFFS, np.array([2000.0]), 0.7)
    share_, before = np.array([share]), np.array([score])
    after = np.minimum(before + gain, 1.0)
    people = np.full(10, 1000.0)
    less = Belief(0.1, 0.0, 1.0, 0.0, 0.0, 0.0).change(YEAR)
    still = Performed(rule, share_, before).of_year(less, people)
    better = Performed(rule, share_, after).of_year(less, people)
    assert better >= still
