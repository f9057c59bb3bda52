"""Gain and risk share, worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from icsim.system.sharing import Sharing, payments

pytestmark = pytest.mark.unit
INCOMES = np.array([100.0, 100.0, 50.0])


def three(pooled=1.0, parts=(0.5, 0.5, 0.0), **limits):
    return Sharing(np.array([True, True, False]), pooled, np.array(parts), **limits)


def test_a_full_pool_is_divided_by_parts():
    assert three().after(np.array([4.0, -2.0, 7.0]), INCOMES) == pytest.approx([1.0, 1.0, 7.0])


def test_half_a_pool_moves_half():
    assert three(0.5).transfers(np.array([4.0, -2.0, 7.0]), INCOMES) == pytest.approx([-1.5, 1.5, 0.0])


def test_below_the_threshold_nothing_moves():
    assert not three(threshold=0.02).transfers(np.array([4.0, -2.0, 0.0]), INCOMES).any()


def test_cap_and_collar_bind_on_both_sides():
    capped = three(cap=0.01).transfers(np.array([6.0, -6.0, 0.0]), INCOMES)
    assert capped == pytest.approx([-1.0, 1.0, 0.0])
    collared = three(collar=0.02).transfers(np.array([6.0, -6.0, 0.0]), INCOMES)
    assert collared == pytest.approx([-2.0, 2.0, 0.0])


def test_without_agreement_nothing_moves():
    assert not Sharing.none(3).transfers(np.array([4.0, -2.0, 7.0]), INCOMES).any()


@given(
    results=arrays.arrays(np.float64, 3, elements=st.floats(-1e6, 1e6)),
    incomes=arrays.arrays(np.float64, 3, elements=st.floats(0, 1e7)),
    pooled=st.floats(0, 1),
    cap=st.floats(0, 1),
    collar=st.floats(0, 1),
)
def test_what_one_receives_another_pays(results, incomes, pooled, cap, collar):
    transfers = three(pooled, cap=cap, collar=collar).transfers(results, incomes)
    size = np.abs(results).sum()
    assert transfers.sum() == pytest.approx(0, abs=1e-9 * max(size, 1))
    assert (transfers <= cap * incomes + 1e-9 * max(size, 1)).all()
    assert (-transfers <= collar * incomes + 1e-9 * max(size, 1)).all()
    paid = np.zeros(3)
    for payer, payee, amount in payments(transfers):
        assert amount >= 0
        paid[payer] -= amount
        paid[payee] += amount
    assert paid == pytest.approx(transfers, abs=1e-9 * max(size, 1))
