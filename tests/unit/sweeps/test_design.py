"""Which runs a design makes, and under which keys."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from icsim import evidence
from icsim.experiment import load
from icsim.sweeps import design
from icsim.sweeps.design import Design

pytestmark = pytest.mark.unit
SMALL = {"base": "isle-of-wight", "set": {"population.sample": 0.02, "years": 0.25}}
TRUST, MORALE = "relationships.initial_trust", "parameters.gp_morale_start"


def made(**content: Any) -> Design:
    written = design.from_file({**SMALL, **content})
    return design.make(written, design.base_of(written))


def test_a_grid_has_every_combination_once_for_each_replicate() -> None:
    found = made(factors={TRUST: [0.2, 0.8], "contract.form": ["full", "partial", "virtual"]}, replicates=4)
    assert (found.points, len(found.runs)) == (6, 24)
    pairs = set(zip(found.table[TRUST], found.table["contract.form"], strict=True))
    assert len(pairs) == 6
    assert found.table["run"].nunique() == 24
    assert [run.replicate for run in found.runs] == sorted(run.replicate for run in found.runs)


def test_points_are_twins_unless_asked_otherwise() -> None:
    asked: Mapping[str, Any] = {"factors": {TRUST: [0.2, 0.8]}, "replicates": 3}
    for _, runs in made(**asked).table.groupby("point"):
        assert runs["seed"].tolist() == [1, 2, 3]
    assert made(**asked, twins=False).table["seed"].nunique() == 6


def test_policies_share_scenarios_and_seeds() -> None:
    policies = {"old": {}, "new": {"contract.form": "full"}}
    found = made(factors={TRUST: [0.2, 0.5, 0.8]}, policies=policies, replicates=2)
    assert len(found.runs) == 12
    for _, runs in found.table.groupby(["scenario", "replicate"]):
        assert runs["policy"].tolist() == ["old", "new"]
        assert runs["seed"].nunique() == runs[TRUST].nunique() == 1
    form = {run.key: load(found.base, run.settings).contract.form for run in found.runs}
    assert {str(form[key]) for key in found.table.loc[found.table["policy"] == "new", "run"]} == {"full"}


@pytest.mark.parametrize(
    ("content", "points"),
    [
        ({"design": "lhs", "points": 7}, 7),
        ({"design": "sobol", "points": 8}, 8 * 4),
        ({"design": "morris", "points": 5}, 5 * 3),
        ({"design": "grid", "levels": 4}, 16),
        ({"design": "grid"}, 9),
    ],
)
def test_a_design_has_its_points_within_the_ranges_of_the_evidence(
    content: dict[str, Any], points: int
) -> None:
    found = made(factors={TRUST: "evidence", MORALE: "evidence"}, **content)
    rows = evidence.load()
    assert found.points == points
    for key, name in ((TRUST, "experiment_initial_trust"), (MORALE, "gp_morale_start")):
        row = rows[name]
        assert row.low is not None
        assert row.high is not None
        values = found.table[key]
        assert values.between(row.low, row.high).all()
        assert values.max() - values.min() > (row.high - row.low) / 2
    if content["design"] != "grid":
        positions = np.array(found.table["position"].tolist())
        assert positions.shape == (points, 2)
        assert np.corrcoef(positions[:, 0], found.table[TRUST])[0, 1] > 0.999
    again = made(factors={TRUST: "evidence", MORALE: "evidence"}, **content)
    assert again.table["run"].tolist() == found.table["run"].tolist()


def test_a_latin_hypercube_has_one_point_in_each_slice() -> None:
    values = made(factors={TRUST: {"low": 0.0, "high": 1.0}}, design="lhs", points=10).table[TRUST]
    assert sorted(int(10 * value) for value in values) == list(range(10))


def test_a_triangle_peaks_at_the_catalogue_s_value_and_whole_numbers_stay_whole() -> None:
    factors = {
        TRUST: {"distribution": "triangular"},
        "organisations.community_teams.population_per_team": {"low": 30_000, "high": 50_000},
        "organisations.gp_practices.count": {"low": 5, "high": 20},
    }
    found = made(factors=factors, design="lhs", points=64)
    trust, usual = found.table[TRUST], evidence.load().value("experiment_initial_trust")
    assert abs(trust.median() - usual) < abs(trust.median() - (trust.min() + trust.max()) / 2)
    counts = found.table["organisations.gp_practices.count"]
    assert (counts == counts.round()).all()
    assert counts.nunique() > 10


def test_a_key_is_of_the_resolved_experiment_the_seed_and_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Mapping[str, Any] = {"factors": {TRUST: [0.2, 0.8]}}
    keys = made(**asked).table["run"].tolist()
    assert made(**asked, name="called otherwise").table["run"].tolist() == keys
    assert made(design="list", points=[{TRUST: 0.2}, {TRUST: 0.8}]).table["run"].tolist() == keys
    assert not set(keys) & set(made(**asked, set={**SMALL["set"], "seed": 2}).table["run"])  # type: ignore[dict-item]
    monkeypatch.setattr(design, "code_digest", lambda: "another model")
    assert not set(keys) & set(made(**asked).table["run"])


def test_two_ways_to_say_the_same_are_one_run() -> None:
    usual, key = evidence.load().value("travel_ae_minutes"), "travel.ae_minutes"
    found = made(design="list", points=[{}, {key: usual}, {key: 2 * usual}])
    assert found.table["run"].nunique() == 2


def test_every_ccg_of_england_is_a_place() -> None:
    from icsim.sweeps.factors import factors_of

    (factor,) = factors_of(design.from_file({"base": "salford", "factors": {"place": {"every": "ccg"}}}))
    assert len(factor.values) == 207
    assert "ccg:NHS Salford CCG" in factor.values
