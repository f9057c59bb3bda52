"""The choice of effort, and how trust is won and lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from icsim import evidence
from icsim.system.effort import EffortRules, bounded, next_effort, partners, peer_pull, wanted
from icsim.system.trust import Memory, TrustRules, learn

pytestmark = pytest.mark.unit
N = 4
share = st.floats(0, 1)
matrices = arrays.arrays(np.float64, (N, N), elements=share)
vectors = arrays.arrays(np.float64, N, elements=share)


@pytest.fixture(scope="module")
def rules():
    return evidence.load().filled(EffortRules, "effort")


@pytest.fixture(scope="module")
def trust_rules():
    return evidence.load().filled(TrustRules, "trust")


def wish(rules, **changes):
    n = np.zeros(N)
    usual = dict.fromkeys(("incentive", "ethos", "pressure", "autonomy_loss", "luck"), n)
    usual |= {"effort": np.full(N, 0.4), "trust": np.full((N, N), 0.5), "weights": np.full((N, N), 1 / N)}
    return wanted(rules, **(usual | changes))


def test_effort_is_the_logistic_of_the_documented_sum():
    rules = EffortRules(0.15, -1.5, 2.0, 6.0, 1.0, 1.0, 1.0, 4.0, 0.2)
    found = wish(rules, incentive=np.full(N, 0.5), pressure=np.full(N, 0.3), luck=np.full(N, 1.0), peers=0.1)
    # -1.5 + 2 * 0.5 + 6 * 0.5 * 0.4 - 0.3 + 4 * 0.1 + 0.2 = 1
    assert found == pytest.approx(np.full(N, 1 / (1 + np.exp(-1.0))))


@pytest.mark.parametrize(
    ("what", "direction"),
    [
        ("incentive", 1),
        ("ethos", 1),
        ("pressure", -1),
        ("autonomy_loss", -1),
        ("effort", 1),
        ("trust", 1),
        ("peers", 1),
    ],
)
def test_effort_moves_the_way_theory_says(rules, what, direction):
    low, high = np.full(N, 0.1), np.full(N, 0.9)
    if what == "trust":
        low, high = np.full((N, N), 0.1), np.full((N, N), 0.9)
    change = wish(rules, **{what: high}) - wish(rules, **{what: low})
    assert (np.sign(change) == direction).all()


def test_inertia_takes_effort_part_of_the_way():
    assert next_effort(np.array([0.2]), np.array([1.0]), 0.25) == pytest.approx([0.4])


def test_silo_and_collaboration_are_both_stable(rules):
    """From low trust effort stays low, from high trust it stays high, under the same rules."""
    for start, low, high in ((0.2, 0.0, 0.35), (0.85, 0.75, 1.0)):
        effort = np.full(N, start)
        weights = partners(np.ones((N, N)) - np.eye(N), np.ones(N))
        for _ in range(120):
            effort = next_effort(
                effort, wish(rules, effort=effort, trust=np.full((N, N), start), weights=weights), 0.15
            )
        assert low <= effort.min() <= effort.max() <= high


def test_incentives_are_bounded_and_odd():
    assert bounded(np.array([0.01, -0.01, 1.0]), 0.01) == pytest.approx([0.761594, -0.761594, 1.0], abs=1e-6)


def test_partners_count_by_contact_and_weight():
    contact = np.array([[0.0, 1.0, 0.5], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    found = partners(contact, np.array([1.0, 1.0, 2.0]))
    assert found == pytest.approx(np.array([[0, 0.5, 0.5], [0, 0, 0], [0.5, 0.5, 0]]))


def test_peers_draw_those_who_trust_them_and_only_those():
    """Of four, 0 to 2 are peers; 1 does the most, 0 trusts it by half, 2 not at all; 3 is of another kind."""
    trust = np.zeros((4, 4))
    trust[0, 1], trust[1, 0] = 0.5, 1.0
    alike = np.array([True, True, True, False])
    found = peer_pull(np.array([0.2, 0.8, 0.2, 1.0]), trust, np.ones((4, 4)) - np.eye(4), alike)
    assert found == pytest.approx([0.5 * 0.6 / 2, -0.6 / 2, 0, 0])


@given(effort=share, trust=matrices, contact=matrices)
def test_among_equals_nobody_is_drawn(effort, trust, contact):
    np.fill_diagonal(contact, 0.0)
    assert not peer_pull(np.full(N, effort), trust, contact, np.ones(N, dtype=bool)).any()


@given(
    trust=matrices, contact=matrices, effort=vectors, more=share, who=st.integers(0, N - 1),
    loss=vectors, broken=matrices,
)  # fmt: skip
def test_who_does_more_is_trusted_no_less(trust_rules, trust, contact, effort, more, who, loss, broken):
    """Monotonicity: all else equal, more effort of one never lowers anybody's trust in it, nor in others."""
    np.fill_diagonal(trust, 0.0)
    raised = effort.copy()
    raised[who] = max(effort[who], more)
    usual = {
        "trust": trust, "contact": contact, "investment": np.zeros((N, N)), "shared_loss": loss,
        "memory": Memory(np.zeros((N, N)), broken),
    }  # fmt: skip
    low, _ = learn(trust_rules, effort=effort, **usual)
    high, _ = learn(trust_rules, effort=raised, **usual)
    assert (high >= low - 1e-12).all()
    others = np.arange(N) != who
    assert np.array_equal(high[:, others], low[:, others])


@given(
    trust=matrices, effort=vectors, incentive=vectors, pressure=vectors, autonomy=vectors, peers=vectors,
    luck=arrays.arrays(np.float64, N, elements=st.floats(-4, 4)), inertia=share,
)  # fmt: skip
def test_effort_is_a_share_whatever_comes(
    rules, trust, effort, incentive, pressure, autonomy, peers, luck, inertia
):
    wished = wish(
        rules, trust=trust, effort=effort, incentive=2 * incentive - 1, pressure=10 * pressure,
        autonomy_loss=autonomy, luck=luck, peers=2 * peers - 1,
    )  # fmt: skip
    after = next_effort(effort, wished, inertia)
    assert 0 <= wished.min() <= wished.max() <= 1
    assert (np.minimum(effort, wished) - 1e-12 <= after).all()
    assert (after <= np.maximum(effort, wished) + 1e-12).all()


@given(trust=matrices, contact=matrices, effort=vectors, invested=matrices, loss=vectors, broken=matrices)
def test_trust_stays_between_0_and_1(trust_rules, trust, contact, effort, invested, loss, broken):
    np.fill_diagonal(trust, 0.0)
    after, memory = learn(
        trust_rules, trust=trust, contact=contact, effort=effort, investment=invested, shared_loss=loss,
        memory=Memory(np.zeros((N, N)), broken),
    )  # fmt: skip
    assert after.min() >= 0
    assert after.max() <= 1
    assert (np.diag(after) == 0).all()
    assert memory.kept.min() >= 0
    assert memory.broken.min() >= 0


def month(rules, trust=0.5, effort=0.5, contact=1.0, invested=0.0, loss=0.0, broken=0.0):
    """Trust of 0 in 1 after a month."""
    full = np.ones((2, 2)) - np.eye(2)
    after, _ = learn(
        rules, trust=trust * full, contact=contact * full, effort=np.array([0.5, effort]),
        investment=invested * full, shared_loss=np.array([loss, 0.0]),
        memory=Memory(np.zeros((2, 2)), broken * full),
    )  # fmt: skip
    return after[0, 1]


def test_trust_by_hand():
    rules = TrustRules(0.1, 0.08, 0.02, 0.003, 0.35, 0.1, 0.9, 0.5)
    assert month(rules, effort=0.75) == pytest.approx(0.5 + 0.1 * 0.4 * 0.5 - 0.003)
    assert month(rules, effort=0.15) == pytest.approx(0.5 - 0.08 * 0.2 * 0.5 - 0.003)
    assert month(rules, effort=0.35, invested=1.0) == pytest.approx(0.5 + 0.02 * 0.5 - 0.003)
    assert month(rules, effort=0.0, loss=1.0) == pytest.approx(0.5 - 0.08 * 0.35 * 0.5 - 0.1 * 0.5 - 0.003)
    assert month(rules, effort=0.9, contact=0.0) == pytest.approx(0.497)


def test_a_pair_that_learns_faster_goes_further_and_one_that_does_not_stands_still(trust_rules):
    full = np.ones((3, 3)) - np.eye(3)
    rate = np.array([[0, 2, 1], [1, 0, 1], [0, 1, 0]], dtype=float)
    after, _ = learn(
        trust_rules, trust=0.5 * full, contact=full, effort=np.full(3, 0.9), investment=full,
        shared_loss=np.zeros(3), memory=Memory(np.zeros((3, 3)), np.zeros((3, 3))), rate=rate,
    )  # fmt: skip
    assert after[0, 1] - 0.5 == pytest.approx(2 * (after[1, 0] - 0.5))
    assert after[2, 0] == 0.5


def test_who_broke_promises_loses_trust_faster(trust_rules):
    assert month(trust_rules, effort=0.1, broken=1.0) < month(trust_rules, effort=0.1)


def test_no_blame_for_a_partner_who_did_as_expected(trust_rules):
    did = trust_rules.expected
    assert month(trust_rules, effort=did, loss=1.0) == month(trust_rules, effort=did, loss=0.0)
