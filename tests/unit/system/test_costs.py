from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim import evidence
from icsim.recording.measures import MEASURES, columns
from icsim.system.contracts import Activity
from icsim.system.costs import FIXED_SHARES, PRICES, ContactCosts, HospitalCosts, HospitalDay

pytestmark = pytest.mark.unit

COSTS = HospitalCosts(
    fixed_per_year=np.array([36_500.0]),
    open_bed_day=200,
    agency_premium=0.5,
    agency_above=0.9,
    agency_slope=2,
    ae_attendance=40,
    emergency_spell=400,
    elective_spell=900,
    day_case=180,
    outpatient=30,
)
YEAR = Activity.of_trusts(
    ae_attendances=[4000],
    emergency_spells=[1000],
    elective_spells=[200],
    day_cases=[800],
    first_outpatients=[3500],
    follow_up_outpatients=[7000],
)


def day(open_beds: float, occupied: float, escalation: float = 0.0, spells: float = 0.0) -> HospitalDay:
    nothing = np.zeros(1)
    done = Activity(nothing, np.array([spells]), nothing, nothing, nothing, nothing)
    return HospitalDay(
        done, nothing, nothing, np.array([open_beds]), np.array([occupied]), np.array([escalation])
    )


def test_a_hospital_day_by_hand():
    """100 beds open at 200 are 20,000; fixed 36,500 / 365 = 100.

    At 95 occupied, 2 x (0.95 - 0.90) = 10% of shifts are agency: 10 beds x 200 x 50% = 1,000. 5 spells at
    400, 10 A&E at 40, 1 elective at 900, 2 day cases at 180, 4 + 6 outpatients at 30, and from outside 3 A&E
    and 1 admission: 2,000 + 400 + 900 + 360 + 300 + 120 + 400 = 4,480.
    """
    done = Activity.of_trusts(
        ae_attendances=[10],
        emergency_spells=[5],
        elective_spells=[1],
        day_cases=[2],
        first_outpatients=[4],
        follow_up_outpatients=[6],
    )
    busy = HospitalDay(done, np.array([3]), np.array([1]), np.array([100]), np.array([95]), np.array([0]))
    bill = COSTS.of_day(busy, 365)
    assert [float(part[0]) for part in bill] == pytest.approx([100, 20_000, 1000, 4480])


def test_escalation_beds_pay_the_agency_premium_in_full():
    """At 80 of 100 occupied no core shift is agency; 10 escalation beds x 200 x 50% = 1,000."""
    assert COSTS.of_day(day(100, 80, 10), 365).agency == pytest.approx([1000])
    assert COSTS.of_day(day(90, 72), 365).agency == pytest.approx([0])


@given(occupied=st.floats(0, 130), more=st.floats(0, 30), spells=st.floats(0, 50))
def test_cost_rises_with_occupancy_and_activity(occupied, more, spells):
    quiet = np.sum(COSTS.of_day(day(100, occupied), 365))
    busy = np.sum(COSTS.of_day(day(100, occupied + more, 0, spells), 365))
    assert busy >= quiet - 1e-9


def test_a_hospital_without_open_beds_costs_its_fixed_costs():
    bill = COSTS.of_day(day(0, 0), 365)
    assert [float(part[0]) for part in bill] == [100, 0, 0, 0]


def test_sized_so_that_the_expected_year_just_pays():
    catalogue = evidence.load().with_values({"hospital_cost_to_income": 1.0})
    beds, income = np.array([18.0]), np.array([6e6])
    costs = HospitalCosts.sized(catalogue, income, YEAR, beds, np.array([500.0]), np.array([50.0]))
    spent = costs.fixed_per_year + costs.variable(YEAR, 500, 50) + costs.open_bed_day * 365 * beds
    assert spent == pytest.approx(income)
    assert 0 < costs.fixed_per_year[0] < 6e6
    poor = HospitalCosts.sized(catalogue, np.array([1.0]), YEAR, beds)
    assert poor.fixed_per_year == [0]


def test_avoiding_an_admission_saves_less_than_the_tariff_until_wards_are_full():
    """The payment trap with the catalogue's own numbers.

    With a free bed an admission costs its variable part, far below the 2,000 it earns. When five nights of it
    need an escalation bed it costs more than the 70% of the tariff that is paid above the baseline.
    """
    catalogue = evidence.load()
    costs = HospitalCosts.sized(catalogue, np.array([6e6]), YEAR, np.array([18.0]))
    tariff, rate = catalogue.value("tariff_nel_spell_avg"), catalogue.value("marginal_rate_emergency_tariff")
    assert costs.emergency_spell < rate * tariff < tariff
    night = costs.open_bed_day * (1 + costs.agency_premium)
    assert costs.emergency_spell + catalogue.value("mean_los_all") * night > rate * tariff


def test_contact_costs_by_hand():
    """Two practices with 100 and 40 consultations at 3.50: 350 and 140; what has no price costs nothing."""
    catalogue = evidence.load().with_values({"practice_variable_per_consultation": 3.5})
    costs = ContactCosts.of("gp_practice", catalogue, lambda kind, name: int(columns(kind)[name.upper()]))
    rows = np.full((2, len(MEASURES["gp_practice"])), np.nan)
    rows[:, columns("gp_practice").APPOINTMENTS] = [100, 40]
    assert costs.of_day(rows).tolist() == [350, 140]


def test_a_day_of_social_care_by_hand():
    """A package of 14 hours a week at 15 is 30 a day, of which councils pay half: 15. 10 packages: 150."""
    catalogue = evidence.load().with_values(
        {
            "home_care_hours_per_week": 14,
            "home_care_price_council": 15,
            "home_care_older_users": 100,
            "home_care_older_users_la_funded": 50,
            "social_care_assessment": 200,
        }
    )
    costs = ContactCosts.of("local_authority", catalogue, lambda kind, name: int(columns(kind)[name.upper()]))
    rows = np.zeros((1, len(MEASURES["local_authority"])))
    rows[0, columns("local_authority").HOME_CARE_IN_USE] = 10
    rows[0, columns("local_authority").ASSESSMENTS] = 1
    assert costs.of_day(rows) == pytest.approx([350])


def test_prices_are_for_measures_that_are_recorded():
    for kind, prices in PRICES.items():
        names = {measure.name for measure in MEASURES[kind]}
        assert set(prices) <= names
        assert all(price(evidence.load()) > 0 for price in prices.values())
    assert all(0 < evidence.load().value(key) <= 1 for key in FIXED_SHARES.values())


def test_shares_of_agency_never_exceed_all_shifts():
    steep = replace(COSTS, agency_slope=50)
    assert steep.of_day(day(100, 200), 365).agency == pytest.approx([100 * 200 * 0.5])
