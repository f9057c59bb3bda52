from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from icsim import evidence
from icsim.recording.measures import MEASURES
from icsim.recording.recorder import OrganisationRow, Recorder
from icsim.system.accounts import Accounts
from icsim.system.contracts import BlockPayment, Tariffs
from icsim.system.money import OTHER_COMMISSIONERS, OUTSIDE_PARTIES, SELF_FUNDERS, SUPPLIERS, TREASURY

pytestmark = pytest.mark.unit

TARIFFS = Tariffs.of(evidence.load())


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    trusts=st.integers(0, 3),
    commissioners=st.integers(1, 3),
    councils=st.integers(0, 2),
    payment=st.sampled_from(["activity", "block", "capitation"]),
)
def test_books_balance_to_the_penny_every_day(small_place, seed, trusts, commissioners, councils, payment):
    place = small_place(trusts, commissioners, councils, payment=payment)
    rng = np.random.default_rng(seed)
    for kind in MEASURES:
        block = place.recorder.block(kind)
        block[:] = rng.poisson(rng.uniform(0, 50), block.shape)
    accounts = place.open()
    for day in range(40):
        net = accounts.post(day)
        assert np.round(net * 100).astype(np.int64).sum() == 0
        assert accounts.ledger.balances_pence.sum() == 0
    accounts.month_end(date(2017, 4, 1))
    assert accounts.ledger.balances_pence.sum() == 0
    recorded = place.recorder.money.columns
    assert min(recorded["amount_gbp"]) > 0
    net = dict.fromkeys(accounts.ledger.names, 0.0)
    rows = zip(recorded["payer"], recorded["payee"], recorded["amount_gbp"], strict=True)
    for payer, payee, gbp in rows:
        net[payer] -= gbp
        net[payee] += gbp
    # every penny of the balances is in the record, and nothing else
    assert [net[name] for name in accounts.ledger.names] == pytest.approx(
        accounts.ledger.balances.tolist(), abs=0.01
    )


def test_a_year_as_expected_leaves_commissioner_and_hospital_near_balance(small_place):
    place = small_place()
    place.as_expected()
    accounts = place.open()
    place.live()
    # the year's activity, 3% of the emergency income withheld above nine tenths of the spells expected
    due = accounts.payment.of_year(place.populations.expected, place.populations.residents_by_age)[0]
    assert place.paid("acute_contract") == pytest.approx(due, rel=1e-5)
    income = place.paid("acute_contract") + place.paid("other_acute_care")
    assert accounts.surplus_this_year("acute_trust 0") == pytest.approx(0, abs=0.01 * income)
    assert accounts.ledger.balance(TREASURY) < 0
    assert accounts.ledger.balance(SUPPLIERS) > 0
    assert accounts.ledger.balance(OTHER_COMMISSIONERS) == 0


def test_the_first_day_by_hand(small_place):
    """1 A&E, 2 emergency spells, 3 day cases, on 1 April.

    The baseline of 0.9 x 1,000 a year is 2.466 spells a day, so both are paid in full: at the
    catalogue's tariffs 130 + 2 x 2,000 + 3 x 700 = 6,230.
    """
    place = small_place(emergency_baseline=0.9)
    place.fill("acute_trust", ae_attendances=1, emergency_admissions=2, day_cases=3)
    place.open()
    place.live(1)
    place.accounts.month_end(date(2017, 4, 1))
    by_hand = TARIFFS.ae_attendance + 2 * TARIFFS.emergency_spell + 3 * TARIFFS.day_case
    assert by_hand == 6230
    assert place.paid("acute_contract") == pytest.approx(by_hand, abs=0.01)


def test_spells_above_the_baseline_are_paid_at_the_marginal_rate(small_place):
    """5 spells a day for 30 days are 150; baseline 365 a year is 30 by then: 30 x 2,000 + 120 x 600."""
    place = small_place(marginal_emergency_rate=0.3, emergency_baseline=0.365)
    place.fill("acute_trust", emergency_admissions=5)
    place.open()
    place.live(30)
    assert place.paid("acute_contract") == pytest.approx(60_000 + 72_000, abs=0.3)
    assert place.accounts.emergency_before.tolist() == [150]


@pytest.mark.parametrize(("payment", "moves"), [("activity", True), ("block", False), ("capitation", False)])
def test_which_payment_follows_activity(small_place, payment, moves):
    paid = []
    for factor in (1.0, 0.8):
        place = small_place(payment=payment)
        place.as_expected()
        place.recorder.block("acute_trust")[:, :, :11] *= factor
        place.open()
        place.live(30)
        paid.append(place.paid("acute_contract"))
    assert (paid[0] > paid[1] * 1.1) == moves
    if not moves:
        assert paid[0] == paid[1] > 0


def test_capitation_follows_the_people_and_block_does_not(small_place):
    paid = {}
    for payment in ("block", "capitation"):
        place = small_place(payment=payment)
        place.as_expected()
        place.fill("system", population=11_000)
        place.open()
        place.live(30)
        paid[payment] = place.paid("acute_contract")
    assert paid["capitation"] == pytest.approx(1.1 * paid["block"], rel=1e-4)


def test_a_step_changes_payment_from_its_day(small_place):
    place = small_place(steps=[{"date": "2017-05-11", "payment": "block"}])
    place.fill("acute_trust", ae_attendances=2)
    accounts = place.open()
    place.live(40)  # to 10 May
    assert accounts.contract.payment == "activity"
    accounts.post(40)
    assert accounts.contract.payment == "block"
    assert isinstance(accounts.payment, BlockPayment)
    accounts.month_end(date(2017, 5, 1))
    block = accounts.payment.of_year(place.populations.expected, place.populations.residents_by_age)[0]
    assert place.paid("acute_contract") == pytest.approx(
        40 * 2 * TARIFFS.ae_attendance + block / 365, abs=0.5
    )


def test_hospitals_elsewhere_stay_on_activity_under_a_block(small_place):
    place = small_place(trusts=2, payment="block")
    place.open(covered=np.array([1.0, 0.0]))
    place.live(30)
    rows = place.recorder.money.columns
    paid = {
        payee: gbp
        for payee, account, gbp in zip(rows["payee"], rows["account"], rows["amount_gbp"], strict=True)
        if account == "acute_contract"
    }
    assert list(paid) == ["acute_trust 0"]


def test_commissioners_and_councils_pay_by_their_shares(small_place):
    place = small_place(commissioners=2, councils=2)
    place.as_expected()
    place.open(commissioner_shares=np.array([30.0, 10.0]), authority_shares=np.array([0.8, 0.2]))
    place.live(30)
    for account in ("acute_contract", "community_block", "global_sum"):
        three, one = (place.paid(account, f"commissioner {k}") for k in (0, 1))
        assert three == pytest.approx(3 * one, rel=1e-3)
    assert place.paid("grant", "local_authority 0") == pytest.approx(
        4 * place.paid("grant", "local_authority 1"), rel=1e-3
    )


def test_practices_are_paid_by_the_weighted_patient(small_place):
    """30 of 365 days of the global sum for 6,600 and 3,800 weighted patients."""
    place = small_place()
    place.open()
    place.live(30)
    expected = evidence.load().value("gms_global_sum") * (6600 + 3800) * 30 / 365
    assert place.paid("global_sum") == pytest.approx(expected, abs=0.5)
    lists = sum(place.paid(a) for a in ("global_sum", "quality_payments", "other_practice_payments"))
    assert place.paid("primary_care_allocation") == pytest.approx(lists, abs=0.5)


def test_other_places_pay_for_their_people(small_place):
    """10 attendances and 1 admission a day from outside, 30 days, at tariff: 30 x (1,300 + 2,000)."""
    place = small_place()
    place.fill("acute_trust", outside_attendances=10, outside_admissions=1)
    one_year = {"outside_attendances": np.array([3650.0]), "outside_admissions": np.array([365.0])}
    accounts = place.open(**one_year)
    place.live(30)
    assert place.paid("outside_emergency", OTHER_COMMISSIONERS) == pytest.approx(99_000, abs=0.01)
    planned = TARIFFS.planned(place.populations.expected)[0] / 1000 * 365  # as residents', spell for spell
    assert place.paid("outside_planned") == pytest.approx(planned * 30 / 365, rel=1e-6)
    alone = small_place().open()
    assert accounts.hospital_costs.fixed_per_year > alone.hospital_costs.fixed_per_year


def test_an_allocation_given_is_what_the_treasury_pays(small_place):
    place = small_place(years=2)
    made = place.experiment
    commissioners = made.organisations.commissioners.model_copy(update={"allocation_gbp_per_head": 1000.0})
    place.experiment = made.model_copy(
        update={"organisations": made.organisations.model_copy(update={"commissioners": commissioners})}
    )
    place.open()
    place.live()
    growth = evidence.load().value("ccg_allocation_real_growth")
    assert place.paid("allocation") == pytest.approx(1e7 * (2 + growth), rel=1e-6)


def test_social_care_is_split_between_councils_and_users(small_place):
    """100 people in care homes, 50 home-care packages, for 30 days, by the catalogue's prices."""
    v = evidence.load().value
    place = small_place()
    place.fill("care_homes", residents=100, places=110)
    place.fill("local_authority", care_home_places_in_use=100, home_care_in_use=50)
    place.open()
    place.live(30)
    nursing, share = v("care_home_nursing_share"), v("care_home_council_share")
    fee = (1 - nursing) * v("care_home_fee_council_residential") + nursing * v(
        "care_home_fee_council_nursing"
    )
    own = (1 - nursing) * v("cost_care_home_week_residential") + nursing * v("cost_care_home_week_nursing")
    weeks = 30 / 7
    assert place.paid("care_home_fees") == pytest.approx(share * 100 * fee * weeks, abs=0.5)
    assert place.paid("self_funded_fees", SELF_FUNDERS) == pytest.approx(
        (1 - share) * 100 * own * weeks, abs=0.5
    )
    back = v("client_contribution_share") * place.paid("care_home_fees")
    assert place.paid("client_contributions") == pytest.approx(back, abs=0.5)
    hours = 50 * v("home_care_hours_per_week") * weeks
    council = v("home_care_older_users_la_funded") / v("home_care_older_users")
    assert place.paid("home_care_and_assessments") == pytest.approx(
        council * hours * v("home_care_price_council"), abs=0.5
    )
    assert place.paid("self_funded_home_care") == pytest.approx(
        (1 - council) * hours * v("home_care_min_price_2016"), abs=0.5
    )


def test_contacts_counted_after_their_day_are_paid_at_the_month_end(small_place):
    """12 contacts written into the last day once it is posted, as a monthly review does."""
    place = small_place()
    contacts = place.recorder.column("voluntary_sector", "contacts")
    accounts = place.open()
    for day in range(30):
        accounts.post(day)
    place.recorder.block("voluntary_sector")[29, 0, contacts] = 12
    accounts.month_end(date(2017, 4, 1))
    price = evidence.load().value("voluntary_contact_variable")
    assert place.paid("variable_costs", "voluntary_sector 0") == pytest.approx(12 * price)
    accounts.post(30)
    accounts.month_end(date(2017, 5, 1))
    assert place.paid("variable_costs", "voluntary_sector 0") == pytest.approx(12 * price)
    assert accounts.ledger.balances_pence.sum() == 0


def test_the_financial_year_opens_on_the_first_of_april(small_place):
    place = small_place(years=2)
    place.as_expected()
    accounts = place.open()
    place.live(365)
    year, spells = accounts.surplus_this_year("commissioner 0"), accounts.emergency_before[0]
    assert year == accounts.ledger.balance("commissioner 0")
    assert spells == pytest.approx(1000, rel=1e-4)
    accounts.post(365)
    assert abs(accounts.surplus_this_year("commissioner 0")) < 1e5
    assert accounts.emergency_before[0] == pytest.approx(1000 / 365, rel=1e-4)


def test_a_run_that_begins_in_october_takes_the_days_before_as_expected(small_place):
    """Half a year in, half the spells are behind it; a month as expected pays a month of the year."""
    place = small_place(start="2017-10-01")
    place.as_expected()
    accounts = place.open()
    assert accounts.emergency_before[0] == pytest.approx(1000 * 183 / 365)
    place.live(31)
    due = accounts.payment.of_year(place.populations.expected, place.populations.residents_by_age)[0]
    assert place.paid("acute_contract") == pytest.approx(due * 31 / 365, rel=1e-5)


def test_budgets_follow_the_people_told_of(small_place):
    """All 10,000 turn 85 and over: the allocation by need rises by that band's weight from the next month."""
    place = small_place()
    accounts = place.open()
    place.live(30)
    before = place.paid("allocation")
    accounts.renew(np.array([0.0] * 9 + [10_000.0]), np.array([10_000.0]))
    for day in range(30, 61):
        accounts.post(day)
    accounts.month_end(date(2017, 5, 1))
    weights = evidence.load().by_age("capitation_weight")
    after = place.paid("allocation") - before
    assert after / 31 == pytest.approx(before / 30 * weights[-1] / weights.mean(), rel=1e-6)


def test_days_are_posted_once_and_in_order(small_place):
    accounts = small_place().open()
    accounts.post(0)
    for day in (0, 2):
        with pytest.raises(ValueError, match="expected day 1"):
            accounts.post(day)


def test_counts_that_cannot_be_are_refused(small_place):
    place = small_place()
    place.fill("acute_trust", day_cases=-1)
    accounts = place.open()
    with pytest.raises(ValueError, match="acute_contract"):
        accounts.post(0)


def test_what_does_not_fit_is_refused(small_place):
    place = small_place(trusts=2)
    with pytest.raises(ValueError, match=r"populations\.core_beds: expected 2 values"):
        place.open(core_beds=np.ones(1))
    with pytest.raises(ValueError, match=r"populations\.expected\.day_cases: expected numbers of 0 and more"):
        place.open(expected=place.populations.expected._replace(day_cases=np.array([1.0, np.nan])))
    nobody = Recorder(date(2017, 4, 1), 3, [OrganisationRow("Practice", "gp_practice")])
    none = np.zeros(0)
    empty = replace(
        place.populations, lists=np.ones(1), weighted_lists=np.ones(1), people_65=none, core_beds=none,
        commissioner_shares=none, authority_shares=none,
        expected=type(place.populations.expected)(*[none] * 6),
    )  # fmt: skip
    with pytest.raises(ValueError, match="at least one commissioner"):
        Accounts(nobody, place.experiment, evidence.load(), empty)


def test_outside_parties_have_names_of_their_own():
    assert len(set(OUTSIDE_PARTIES)) == 6
