"""The same place without its programme: what its absence takes away, and what it leaves."""

import pytest

from icsim.experiment import load
from icsim.experiment.status_quo import with_status_quo

pytestmark = pytest.mark.unit
WITH = {
    "place": "salford", "programme": {"name": "Together"}, "nation": {"support": 0.5}, "spread": {},
    "joint_work": {}, "relationships": {"initial_trust": 0.5, "building": [{"level": 0.5}]},
    "contract": {"payment": "block", "steps": [{"date": "2016-07-01", "form": "partial"}]},
    "interventions": [{"name": "own", "levers": {"admission": 0.9}}],
    "shocks": [{"kind": "flu", "date": "2016-12-01"}],
}  # fmt: skip


def test_none_laid_over_a_programme_takes_away_what_goes_with_it():
    without = load(WITH, {"programme": "none"})
    assert (without.nation, without.spread, without.joint_work) == ("none", "none", "none")
    assert without.contract.steps == ()
    assert without.relationships.building == ()
    assert (without.contract.payment, without.relationships.initial_trust) == ("block", 0.5)
    assert len(without.interventions) == len(without.shocks) == 1


def test_the_same_in_a_file_that_extends_it(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "extends: base.yaml\nprogramme: none\ncontract: {steps: [{date: 2017-04-01, payment: activity}]}\n"
    )
    (tmp_path / "base.yaml").write_text(
        "place: salford\nprogramme: {name: Together}\nnation: {}\n"
        "contract: {steps: [{date: 2016-07-01, form: partial}]}\n"
    )
    mine = load(tmp_path / "mine.yaml")
    assert mine.nation == "none"
    assert [step.date.year for step in mine.contract.steps] == [2017]  # of the file that says none


def test_where_there_was_no_programme_nothing_is_taken():
    alone = {key: value for key, value in WITH.items() if key != "programme"}
    assert load(alone, {"programme": "none"}) == load(alone)


def test_status_quo_comes_first_and_has_no_interventions():
    found = [load(one, own) for one, own in with_status_quo([WITH, "status-quo"], {"years": 1})]
    assert [one.name for one in found] == ["status-quo", "experiment"]
    assert found[0].interventions == ()
    assert found[0].programme == "none"
    assert {one.years for one in found} == {1}
    texts = with_status_quo(["status-quo", WITH], ["years=1"])
    assert load(*texts[0]) == found[0]


def test_status_quo_of_nothing_is_nothing():
    assert with_status_quo(["status-quo"], ()) == []
