from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim.recording.recorder import OrganisationRow, Recorder
from icsim.system.money import Ledger

pytestmark = pytest.mark.unit

PARTIES = ("Treasury", "CCG", "Trust", "Suppliers")
amount = st.floats(0, 1e9, allow_nan=False)


def recorder() -> Recorder:
    return Recorder(date(2016, 4, 1), 60, [OrganisationRow("Trust", "acute_trust")])


def test_what_one_pays_another_receives():
    """The CCG gets 100.00, pays 60.50 to the trust, which spends 20.25: 39.50, 40.25, 20.25, -100.00."""
    ledger = Ledger(PARTIES)
    ledger.flow(["Treasury"], ["CCG"], "allocation").pay([100])
    ledger.flow(["CCG"], ["Trust"], "contract").pay([60.5])
    ledger.flow(["Trust"], ["Suppliers"], "costs").pay([20.25])
    assert ledger.balance("Trust") == 0  # not before the day closes
    net = ledger.close_day()
    assert net.tolist() == [-100.0, 39.5, 40.25, 20.25]
    assert ledger.balance("Trust") == 40.25
    assert ledger.balances.tolist() == net.tolist()


@given(
    days=st.lists(st.lists(st.tuples(st.integers(0, 5), amount), max_size=12), min_size=1, max_size=20),
    standing=st.lists(amount, min_size=6, max_size=6),
)
def test_books_balance_exactly_every_day_whatever_is_paid(days, standing):
    ledger = Ledger(PARTIES)
    one = ledger.flow(np.array([0, 1, 2]), np.array([1, 2, 3]), "one")
    other = ledger.flow(["CCG", "CCG", "Suppliers"], ["Suppliers", "Trust", "Treasury"], "other")
    one.stand(standing[:3])
    other.stand(standing[3:])
    for payments in days:
        for pair, gbp in payments:
            flow, at = (one, pair) if pair < 3 else (other, pair - 3)
            flow.pay(np.where(np.arange(3) == at, gbp, 0.0))
        ledger.close_day()
        assert ledger.balances_pence.sum() == 0
        assert np.array_equal(ledger.balances_pence, np.round(ledger.balances * 100))


@given(gbp=st.lists(amount, min_size=1, max_size=30))
def test_each_payment_is_rounded_to_the_penny(gbp):
    ledger = Ledger(PARTIES)
    flow = ledger.flow(["CCG"], ["Trust"], "contract")
    for one in gbp:
        flow.pay([one])
    ledger.close_day()
    assert abs(ledger.balance("Trust") - sum(gbp)) <= 0.005 * len(gbp) + 1e-6 * sum(gbp) * 1e-3


@pytest.mark.parametrize("bad", [[-0.01, 1], [np.nan, 1], [1, np.inf], [1, 1e13], [1], [1, 2, 3], 4.0])
def test_wrong_amounts_are_refused_and_pay_nothing(bad):
    ledger = Ledger(PARTIES)
    flow = ledger.flow(["Treasury", "CCG"], ["CCG", "Trust"], "funding")
    with pytest.raises(ValueError, match="funding: expected"):
        flow.pay(bad)
    with pytest.raises(ValueError, match="funding: expected"):
        flow.stand(bad)
    assert not ledger.close_day().any()


def test_standing_orders_pay_every_day_until_changed():
    ledger = Ledger(PARTIES)
    flow = ledger.flow(["Treasury"], ["CCG"], "allocation")
    flow.stand([2.5])
    ledger.close_day()
    ledger.close_day()
    flow.stand([1])
    ledger.close_day()
    assert ledger.balance("CCG") == 6
    ledger.book()  # a late payment does not bring the standing orders again
    assert ledger.balance("CCG") == 6


def test_a_month_is_recorded_by_pair_and_begun_anew():
    ledger, to = Ledger(PARTIES), recorder()
    flow = ledger.flow(["CCG", "CCG"], ["Trust", "Suppliers"], "contract")
    for _ in range(3):
        flow.pay([10.10, 0])
        ledger.close_day()
    ledger.close_month(date(2016, 4, 1), to)
    flow.pay([0, 7])
    ledger.close_day()
    ledger.close_month(date(2016, 5, 1), to)
    assert to.money.columns == {
        "month": [date(2016, 4, 1), date(2016, 5, 1)],
        "payer": ["CCG", "CCG"],
        "payee": ["Trust", "Suppliers"],
        "account": ["contract", "contract"],
        "amount_gbp": [30.3, 7.0],
    }


def test_a_year_begins_with_the_balance_carried():
    ledger = Ledger(PARTIES)
    flow = ledger.flow(["CCG"], ["Trust"], "contract")
    flow.pay([5])
    ledger.close_day()
    assert ledger.surplus_this_year("Trust") == 5
    ledger.open_year()
    flow.pay([2])
    ledger.close_day()
    assert (ledger.surplus_this_year("Trust"), ledger.balance("Trust")) == (2, 7)
    assert ledger.surpluses.tolist() == [0, -2, 2, 0]


def test_overspending_is_of_the_last_twelve_months_and_no_month_tips_it():
    ledger = Ledger(["payer", "payee", "treasury"])
    into, out = ledger.flow(["treasury"], ["payer"], "allocation"), ledger.flow(["payer"], ["payee"], "care")
    seen = []
    for month in range(24):
        into.pay([100.0])
        out.pay([220.0 if month == 2 else 100.0])
        ledger.close_day()
        ledger.close_month(date(2015 + month // 12, month % 12 + 1, 1), recorder())
        seen.append(ledger.overspending("payer"))
    assert seen[1] == 0
    assert seen[2] == pytest.approx(0.1)  # 120 of a year's 1,200
    assert seen[13] == pytest.approx(0.1)
    assert seen[14] == 0
    assert ledger.overspending("treasury") == 0


def test_a_flow_opened_later_joins_the_books():
    ledger = Ledger(PARTIES)
    early = ledger.flow(["CCG"], ["Trust"], "contract")
    early.pay([5])
    late = ledger.flow(["Trust"], ["CCG"], "risk_share")
    late.pay([2])
    early.pay([1])
    assert ledger.close_day().tolist() == [0, -4, 4, 0]


def test_many_flows_are_paid_at_once_or_not_at_all():
    ledger = Ledger(PARTIES)
    funding = ledger.flow(["Treasury"], ["CCG"], "funding")
    grant = ledger.flow(["Treasury"], ["Trust"], "funding")
    ledger.pay([], [])
    with pytest.raises(ValueError, match="funding: expected amounts from 0"):
        ledger.pay([funding, grant], [3, -1])
    with pytest.raises(ValueError, match="funding: expected 2 amounts"):
        ledger.pay([funding, grant], [3])
    ledger.pay([funding, grant, funding], [1.004, 5, 2])
    assert ledger.close_day().tolist() == [-8, 3, 5, 0]


def test_flows_between_nobody_and_the_wrong_parties():
    ledger = Ledger(PARTIES)
    ledger.flow([], [], "nothing").pay([])
    with pytest.raises(ValueError, match="2 payers but 1 payees"):
        ledger.flow(["CCG", "CCG"], ["Trust"], "x")
    with pytest.raises(ValueError, match="cannot pay itself"):
        ledger.flow(["CCG"], ["CCG"], "x")
    with pytest.raises(KeyError):
        ledger.flow(["CCG"], ["Nobody"], "x")
    with pytest.raises(ValueError, match="indices of parties"):
        ledger.flow(np.array([0]), np.array([4]), "x")
    with pytest.raises(ValueError, match="more than one is called 'CCG'"):
        Ledger(["CCG", "CCG"])
