"""Contract forms: each barrier alone by hand, each set to nothing, who bears gain and loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsim import evidence, experiment
from icsim.experiment.organisations import Kind
from icsim.experiment.schema import Form
from icsim.system.sharing import Sharing
from icsim.system.transition import (
    autonomy_loss,
    cost_per_head,
    months_needed,
    parts_of,
    practices_share,
    vat_share,
    withheld,
)

pytestmark = pytest.mark.unit
V = evidence.load().value
BARRIERS = ("negotiation", "cost", "autonomy", "vat", "pensions", "procurement", "information_governance")
NOTHING = dict.fromkeys(BARRIERS, 0.0)
COMPANY = {"organisational_form": "joint_venture", "gp_relation": "subcontractor"}


def contract(frictions=None, **keys):
    return experiment.load({"place": "salford", "contract": {"frictions": frictions or {}, **keys}}).contract


def effects(given_, form=Form.FULL):
    return {
        "months": months_needed(given_, form, V),
        "cost": cost_per_head(given_, form, V),
        "autonomy": autonomy_loss(given_, form, V),
        "vat": vat_share(given_, form, V),
        "withheld": withheld(given_, form, 3, V),
    }


@pytest.mark.parametrize(
    ("barrier", "moves"),
    [
        ("vat", {"months": V("barrier_vat_months"), "vat": V("barrier_vat_share")}),
        (
            "pensions",
            {"months": V("barrier_pensions_months"), "autonomy": V("barrier_pensions_subcontractor")},
        ),
        (
            "procurement",
            {"months": V("barrier_procurement_months_full"), "cost": V("barrier_procurement_cost")},
        ),
        (
            "information_governance",
            {"months": V("barrier_information_months"), "withheld": V("barrier_information_withheld")},
        ),
    ],
)
def test_each_barrier_alone(barrier, moves):
    free = effects(contract(NOTHING, **COMPANY))
    assert set(free.values()) == {0.0}
    found = effects(contract(NOTHING | {barrier: 1.0}, **COMPANY))
    assert found == pytest.approx(free | moves)
    twice = effects(contract(NOTHING | {barrier: 2.0}, **COMPANY))
    assert twice == pytest.approx({key: 2 * value for key, value in found.items()})


def test_an_alliance_overlays_contracts_whatever_holds_the_integrated_ones():
    assert vat_share(contract(**COMPANY), Form.VIRTUAL, V) == 0
    assert vat_share(contract(organisational_form="lead_provider_trust"), Form.FULL, V) == 0
    assert cost_per_head(contract(), Form.VIRTUAL, V) == V("form_cost_virtual")
    assert months_needed(contract(), Form.TRADITIONAL, V) == 0
    assert withheld(contract(), Form.FULL, V("barrier_information_after_months"), V) == 0


def test_what_practices_give_up_by_relation_and_right_to_return():
    loss = {one: autonomy_loss(contract({"pensions": 0.0}, gp_relation=one), Form.FULL, V)
            for one in ("partner", "subcontractor", "employee", "mutual")}  # fmt: skip
    assert loss["subcontractor"] < loss["mutual"] < loss["partner"] < loss["employee"]
    kept = autonomy_loss(contract(gp_contracts="suspended"), Form.FULL, V)
    assert kept == pytest.approx(loss["partner"] * V("gp_contract_suspended_autonomy"))
    assert not practices_share(contract(gp_relation="employee"), Form.FULL)
    assert practices_share(contract(gp_relation="employee"), Form.VIRTUAL)


KINDS = np.array([str(kind) for kind in (Kind.ACUTE_TRUST, Kind.GP_PRACTICE, Kind.COMMISSIONER)])
SIZE = np.array([50.0, 10.0, 40.0])
ALL = np.ones(3, dtype=bool)


def test_who_takes_which_part_by_hand():
    def parts(**keys):
        return parts_of(contract(**keys), Form.FULL, KINDS, ALL, SIZE, 0, V)

    assert parts() == pytest.approx([0.5, 0.1, 0.4])
    assert parts(organisational_form="joint_venture") == pytest.approx([5 / 6, 1 / 6, 0])
    own = V("holder_part_lead_provider_trust")
    lead = parts(organisational_form="lead_provider_trust")
    assert lead == pytest.approx([own + (1 - own) * 0.5, (1 - own) * 0.1, (1 - own) * 0.4])


@given(
    results=st.lists(st.floats(-1e7, 1e7), min_size=3, max_size=3),
    share=st.floats(0, 1),
    held=st.sampled_from(["alliance", "lead_provider_trust", "joint_venture", "community_interest_company"]),
)
def test_no_form_makes_or_loses_money_by_sharing(results, share, held):
    parts = parts_of(contract(organisational_form=held), Form.FULL, KINDS, ALL, SIZE, 0, V)
    assert parts.sum() == pytest.approx(1)
    sharing = Sharing(ALL, 1.0, parts, covered=np.array([share, 1.0, 1.0]), reinvested=0.65)
    incomes = SIZE * 1e6
    moved = sharing.transfers(np.array(results), incomes)
    assert moved.sum() == pytest.approx(0, abs=1e-3)
    after = sharing.after(np.array(results), incomes)
    assert after.sum() == pytest.approx(sum(results) - sharing.spent(moved).sum(), abs=1e-3)


def test_what_is_not_covered_is_not_shared():
    """A loss of 10, half of the business covered: 5 go into the pool, of which the trust bears half."""
    parts = np.array([0.5, 0.5])
    members = np.ones(2, dtype=bool)
    sharing = Sharing(members, 1.0, parts, covered=np.array([0.5, 1.0]))
    assert sharing.after(np.array([-10.0, 0.0]), np.array([100.0, 50.0])) == pytest.approx([-7.5, -2.5])


@given(less=st.floats(0, 1), more=st.floats(0, 1))
def test_the_more_a_contract_covers_the_nearer_a_loss_is_to_everybodys(less, more):
    low, high = sorted((less, more))
    found = [
        Sharing(np.ones(2, dtype=bool), 1.0, np.array([0.5, 0.5]), covered=np.array([share, 1.0])).after(
            np.array([-10.0, 0.0]), np.array([100.0, 50.0])
        )
        for share in (low, high)
    ]
    assert found[0][0] <= found[1][0] + 1e-9
