from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim import evidence, experiment
from icsim.system.contracts import (
    Activity,
    ActivityPayment,
    BlockPayment,
    CapitationPayment,
    Tariffs,
    contract_on,
    payment_of,
)

pytestmark = pytest.mark.unit

TARIFFS = Tariffs(
    ae_attendance=100,
    emergency_spell=2000,
    elective_spell=3000,
    day_case=700,
    first_outpatient=150,
    follow_up_outpatient=80,
)
RESIDENTS = np.full(10, 1000.0)
EXPECTED = Activity.of_trusts(
    ae_attendances=[4000],
    emergency_spells=[1000],
    elective_spells=[200],
    day_cases=[800],
    first_outpatients=[3500],
    follow_up_outpatients=[7000],
)
count = st.floats(0, 500, allow_nan=False)


def emergencies(spells: float, before: float = 0.0) -> Activity:
    nothing = np.zeros(1)
    return Activity(nothing, np.array([spells]), nothing, nothing, nothing, nothing, np.array([before]))


def activity(values) -> Activity:
    return Activity(*(np.array([value]) for value in values))


def by_activity(rate: float = 0.7, baseline: float = 365.0) -> ActivityPayment:
    return ActivityPayment(TARIFFS, np.array([baseline]), rate)


def contract(**values):
    return experiment.load({"place": "salford", "contract": values}).contract


def test_a_day_at_tariff():
    """10 A&E at 100, 1 elective at 3,000, 2 day cases at 700, 4 first at 150, 5 follow-ups at 80.

    1,000 + 3,000 + 1,400 + 600 + 400 = 6,400; on the first day of a 365-day year the baseline of 730 spells
    has grown to 2, so 2 spells add 4,000: 10,400.
    """
    day = activity([10, 2, 1, 2, 4, 5])
    assert by_activity(baseline=730).due(0, 365, day, RESIDENTS) == pytest.approx([10_400])


def test_marginal_rate_above_the_baseline_so_far():
    """Baseline 365 a year is 1 a day. First day, 3 spells: 1 x 2,000 + 2 x 70% x 2,000 = 4,800.

    Second day, no spell: the baseline so far is 2, of 3 spells 2 are now paid in full, so the 30% of one
    spell that was withheld falls due: 600. Third day, 1 spell: 4 spells so far, baseline 3:
    3 x 2,000 + 1,400 = 7,400 less 5,400 already paid = 2,000.
    """
    rule = by_activity()
    assert rule.due(0, 365, emergencies(3), RESIDENTS) == pytest.approx([4800])
    assert rule.due(1, 365, emergencies(0, 3), RESIDENTS) == pytest.approx([600])
    assert rule.due(2, 365, emergencies(1, 3), RESIDENTS) == pytest.approx([2000])


def test_marginal_rate_over_a_year():
    """1,000 spells, baseline 900, 70%: 900 x 2,000 + 100 x 1,400 = 1,940,000; at 30%: 1,860,000."""
    rule = by_activity(0.7, 900)
    assert rule.of_year(emergencies(1000), RESIDENTS) == pytest.approx([1_940_000])
    assert by_activity(0.3, 900).of_year(emergencies(1000), RESIDENTS) == pytest.approx([1_860_000])
    assert rule.of_year(emergencies(900), RESIDENTS) == pytest.approx([1_800_000])
    # an admission avoided costs the trust the whole tariff below the baseline, and 70% of it above
    below = rule.of_year(emergencies(800), RESIDENTS) - rule.of_year(emergencies(799), RESIDENTS)
    above = rule.of_year(emergencies(1000), RESIDENTS) - rule.of_year(emergencies(999), RESIDENTS)
    assert (below[0], above[0]) == (pytest.approx(2000), pytest.approx(1400))


@given(
    spells=st.lists(st.integers(0, 12), min_size=365, max_size=365),
    baseline=st.floats(0, 4000),
    rate=st.floats(0, 1),
)
def test_the_days_add_up_to_the_year_whatever_the_season(spells, baseline, rate):
    rule, before, paid = by_activity(rate, baseline), 0, 0.0
    for day, today in enumerate(spells):
        due = rule.due(day, 365, emergencies(today, before), RESIDENTS)[0]
        assert due >= 0
        paid, before = paid + due, before + today
    assert paid == pytest.approx(rule.of_year(emergencies(sum(spells)), RESIDENTS)[0], abs=0.01)


@given(
    day=st.integers(0, 364),
    before=st.floats(0, 2000),
    values=st.lists(count, min_size=6, max_size=6),
    which=st.integers(0, 5),
    more=count,
    rate=st.floats(0, 1),
)
def test_activity_pays_no_less_for_more(day, before, values, which, more, rate):
    rule = by_activity(rate, 900)
    added = [value + (more if k == which else 0) for k, value in enumerate(values)]
    paid = [rule.due(day, 365, activity([*v, before]), RESIDENTS)[0] for v in (values, added)]
    assert paid[1] >= paid[0] - 1e-6


@given(spells=st.floats(0, 3000), lower=st.floats(0, 1), higher=st.floats(0, 1))
def test_a_lower_marginal_rate_pays_less_above_the_baseline_and_the_same_below(spells, lower, higher):
    lower, higher = sorted((lower, higher))
    low = by_activity(lower, 900).of_year(emergencies(spells), RESIDENTS)[0]
    high = by_activity(higher, 900).of_year(emergencies(spells), RESIDENTS)[0]
    assert low <= high + 1e-6
    if spells <= 900:
        assert low == high
    elif higher - lower > 0.01 and spells > 901:
        assert low < high


def test_block_is_a_fixed_sum():
    """365,000 a year is 1,000 a day, and 366,000 in a leap year's 366 days too."""
    rule = BlockPayment(np.array([365_000.0]))
    assert rule.due(7, 365, emergencies(0), RESIDENTS) == pytest.approx([1000])
    assert rule.due(7, 365, emergencies(500, 9000), 2 * RESIDENTS) == pytest.approx([1000])
    assert BlockPayment(np.array([366_000.0])).due(7, 366, emergencies(0), RESIDENTS) == pytest.approx([1000])


def test_capitation_follows_the_people():
    """10 GBP a weighted head, 100 people of weight 2 and 300 of weight 0.5: 10 x 350 / 350 = 10 a day."""
    rule = CapitationPayment(np.array([10.0]), np.array([2.0, 0.5]))
    people = np.array([100.0, 300.0])
    assert rule.due(0, 350, emergencies(0), people) == pytest.approx([10])
    assert rule.due(0, 350, emergencies(400, 1000), people) == pytest.approx([10])
    older = rule.due(0, 350, emergencies(0), np.array([200.0, 200.0]))  # 10 x 500 / 350
    assert older == pytest.approx([100 / 7])


@given(values=st.lists(count, min_size=6, max_size=6), before=count, day=st.integers(0, 364))
@pytest.mark.parametrize("form", ["block", "capitation"])
def test_block_and_capitation_do_not_see_activity(form, values, before, day):
    rule = payment_of(contract(payment=form), evidence.load(), EXPECTED, RESIDENTS)
    quiet = rule.due(day, 365, emergencies(0), RESIDENTS)
    assert np.array_equal(rule.due(day, 365, activity([*values, before]), RESIDENTS), quiet)


def test_all_forms_bring_the_same_when_all_is_as_expected():
    rules = [
        payment_of(contract(payment=form), evidence.load(), EXPECTED, RESIDENTS)
        for form in ("activity", "block", "capitation")
    ]
    years = [rule.of_year(EXPECTED, RESIDENTS)[0] for rule in rules]
    assert years == pytest.approx([years[0]] * 3)
    assert years[0] > 4e6


def test_a_contract_takes_baseline_and_rate_from_the_experiment():
    """Baseline 0.8 of 1,000 expected spells, rate 0.5: 1,000 spells count as 900 at tariff."""
    made = contract(emergency_baseline=0.8, marginal_emergency_rate=0.5)
    rule = payment_of(made, evidence.load(), EXPECTED, RESIDENTS)
    tariff = evidence.load().value("tariff_nel_spell_avg")
    assert rule.of_year(emergencies(1000), RESIDENTS) == pytest.approx([900 * tariff])


def test_trusts_outside_the_contract_stay_on_activity():
    two = Activity(*(np.repeat(values, 2) for values in EXPECTED[:6]))
    mixed = payment_of(contract(payment="block"), evidence.load(), two, RESIDENTS, np.array([True, False]))
    alone = payment_of(contract(payment="activity"), evidence.load(), two, RESIDENTS)
    none = Activity(*(np.zeros(2) for _ in range(6)))
    block, by_work = mixed.of_year(none, RESIDENTS)
    assert by_work == 0
    assert block == pytest.approx(alone.of_year(two, RESIDENTS)[0])
    assert mixed.due(0, 365, none, RESIDENTS) == pytest.approx([block / 365, 0])


def test_capitation_needs_people():
    with pytest.raises(ValueError, match="needs residents"):
        payment_of(contract(payment="capitation"), evidence.load(), EXPECTED, np.zeros(10))


def test_steps_change_the_contract_from_their_date_and_keep_the_rest():
    made = contract(
        payment="activity",
        marginal_emergency_rate=0.5,
        steps=[{"date": "2016-04-01", "payment": "block"}, {"date": "2017-04-01", "form": "full"}],
    )
    assert contract_on(made, date(2016, 3, 31)).payment == "activity"
    assert contract_on(made, date(2016, 4, 1)).payment == "block"
    last = contract_on(made, date(2018, 1, 1))
    assert (last.payment, last.form, last.marginal_emergency_rate) == ("block", "full", 0.5)
