from datetime import date

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icsim import experiment
from icsim.recording.recorder import OrganisationRow, Recorder
from icsim.system.relationships import MANY_ORGANISATIONS, Relationships

pytestmark = pytest.mark.unit

NAMES = ("Royal", "CCG", "Surgery")
KINDS = ("acute_trust", "commissioner", "gp_practice")
MAY = date(2015, 5, 1)


def network(**spec) -> Relationships:
    return Relationships(
        NAMES, KINDS, experiment.load({"place": "salford", "relationships": spec}).relationships
    )


def recorder(names=NAMES, kinds=KINDS) -> Recorder:
    rows = [OrganisationRow(name, kind) for name, kind in zip(names, kinds, strict=True)]
    return Recorder(date(2015, 4, 1), 61, rows)


def test_pairs_take_trust_from_kind_and_default():
    found = network(
        initial_trust={"default": 0.3, "gp_practice->acute_trust": 0.2, "commissioner->gp_practice": 0.6},
        contact={"default": 0.5, "acute_trust->commissioner": 0.9},
    )
    assert found.trust.tolist() == [[0, 0.3, 0.3], [0.3, 0, 0.6], [0.2, 0.3, 0]]
    assert found.trust_of("Surgery", "Royal") == 0.2
    assert found.contact_of("Royal", "CCG") == 0.9
    assert found.contact_of("CCG", "Royal") == 0.5
    assert found.mean_trust() == pytest.approx((0.3 * 4 + 0.2 + 0.6) / 6)


def test_names_beat_kinds():
    made = experiment.load(
        {
            "place": "salford",
            "organisations": {"acute_trusts": [{"name": "Royal"}]},
            "relationships": {"initial_trust": {"default": 0.3, "Royal->gp_practice": 0.8}},
        }
    )
    found = Relationships(NAMES, KINDS, made.relationships)
    assert found.trust_of("Royal", "Surgery") == 0.8
    assert found.trust_of("Surgery", "Royal") == 0.3


def test_memory_starts_empty():
    found = network()
    assert found.kept.shape == found.broken.shape == (3, 3)
    assert not found.kept.any()
    assert not found.broken.any()


@given(values=arrays(np.float64, (3, 3), elements=st.floats(-1, 2)))
def test_trust_stays_within_bounds(values):
    found = network()
    before = found.trust
    inside = ((values >= 0) & (values <= 1) | np.eye(3, dtype=bool)).all()
    if inside:
        found.trust = values
        assert np.diag(found.trust).tolist() == [0, 0, 0]
        assert ((found.trust >= 0) & (found.trust <= 1)).all()
    else:
        with pytest.raises(ValueError, match=r"->.*expected a value from 0 to 1"):
            found.trust = values
        assert np.array_equal(found.trust, before)


@pytest.mark.parametrize("wrong", [np.full((3, 3), np.nan), np.zeros((2, 2)), np.zeros(3)])
def test_wrong_matrices_are_refused(wrong):
    found = network()
    with pytest.raises(ValueError, match="contact"):
        found.contact = wrong


def test_nobody_changes_a_value_behind_the_setter():
    found = network()
    with pytest.raises(ValueError, match="read-only"):
        found.trust[0, 1] = 5
    mine = np.full((3, 3), 0.5)
    found.trust = mine
    mine[:] = 7
    assert found.trust.max() == 0.5


def test_the_view_is_a_graph_of_its_own():
    found = network(initial_trust={"default": 0.3, "gp_practice->acute_trust": 0.2})
    graph = found.view()
    assert isinstance(graph, nx.DiGraph)
    assert dict(graph.nodes(data="kind")) == dict(zip(NAMES, KINDS, strict=True))
    assert graph.number_of_edges() == 6
    assert graph.edges["Surgery", "Royal"] == {"trust": 0.2, "contact": 0.5, "kept": 0, "broken": 0}
    graph.edges["Surgery", "Royal"]["trust"] = 1
    assert found.trust_of("Surgery", "Royal") == 0.2


def test_a_leader_who_leaves_takes_trust_both_ways():
    """Half of 0.4 goes wherever the Royal is concerned, once, also where both ends are struck."""
    found = network(initial_trust=0.4)
    found.leader_leaves("Royal", 0.5)
    assert found.trust.tolist() == [[0, 0.2, 0.2], [0.2, 0, 0.4], [0.2, 0.4, 0]]
    assert found.contact_of("Royal", "CCG") == 0.5
    found.leader_leaves("commissioner", 1)
    assert found.trust.tolist() == [[0, 0, 0.2], [0, 0, 0], [0.2, 0, 0]]
    found.leader_leaves(None, 0.5)
    assert found.trust_of("Royal", "Surgery") == 0.1


@pytest.mark.parametrize(("who", "share"), [("Nobody", 0.3), ("Royal", 1.2), ("Royal", float("nan"))])
def test_leaders_of_nowhere_are_refused(who, share):
    with pytest.raises(ValueError, match=r"expected|neither"):
        network().leader_leaves(who, share)


def test_few_organisations_record_every_pair():
    to, found = recorder(), network()
    found.record(to, MAY)
    rows = to.relationships.columns
    assert len(rows["month"]) == 6
    assert set(zip(rows["source"], rows["target"], strict=True)) == {
        (one, other) for one in NAMES for other in NAMES if one != other
    }
    assert rows["month"] == [MAY] * 6


def test_many_organisations_leave_out_pairs_of_practices():
    practices = MANY_ORGANISATIONS - 2
    names = ("Royal", "CCG", *(f"Surgery {k}" for k in range(practices)))
    kinds = ("acute_trust", "commissioner", *["gp_practice"] * practices)
    spec = experiment.load({"place": "salford"}).relationships
    to = recorder(names, kinds)
    Relationships(names, kinds, spec).record(to, MAY)
    rows = to.relationships.columns
    pairs = list(zip(rows["source"], rows["target"], strict=True))
    assert len(pairs) == 2 + 2 * 2 * practices
    assert not any(one.startswith("Surgery") and other.startswith("Surgery") for one, other in pairs)


def test_names_must_differ_and_match_kinds():
    spec = experiment.load({"place": "salford"}).relationships
    with pytest.raises(ValueError, match="'CCG'"):
        Relationships(("CCG", "CCG"), KINDS[:2], spec)
    with pytest.raises(ValueError, match="3 names but 2 kinds"):
        Relationships(NAMES, KINDS[:2], spec)
