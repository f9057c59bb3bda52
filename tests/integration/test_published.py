"""The experiments after published models: each runs and differs from its reference in what its name says."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from icsim import evidence
from icsim.analysis.comparing import compare
from icsim.experiment import load

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]
FILES = sorted(path.stem for path in (ROOT / "experiments" / "published").glob("*.yaml"))


def page():
    spec = importlib.util.spec_from_file_location("make_other_models", ROOT / "docs" / "make_other_models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_runs_every_file_there_is():
    named = [one for many in page().STUDIES.values() for one in many]
    assert sorted(named) == FILES


@pytest.mark.parametrize("name", FILES)
def test_each_file_is_of_the_same_people_and_within_what_the_catalogue_allows(name):
    experiment = load(f"published/{name}")
    reference = load("published/shared-savings-0")
    assert experiment.name == name
    assert (experiment.place, experiment.years, experiment.programme) == (
        reference.place, reference.years, "none",
    )  # fmt: skip
    catalogue = evidence.load()
    for key, value in experiment.parameters.items():
        low, high = catalogue[key].low, catalogue[key].high
        assert low is not None
        assert high is not None
        assert low <= value <= high, key
    if "savings" in name:
        share = int(name.split("-")[2]) / 100
        assert experiment.contract.sharing.pooled == pytest.approx(share)


def test_partners_punish_as_the_catalogue_has_it():
    given = load("published/game-partners-punish").parameters
    assert given == {key: evidence.load().value(key) for key in ("trust_blame", "trust_grudge")}


def test_a_verdict_follows_from_a_comparison_alone(tmp_path):
    module = page()
    settings = ["population.sample=0.004", "years=1"]
    names = [f"published/{one}" for one in module.STUDIES["choice"][:2]]
    found = compare(
        names, overrides=settings, replicates=2, jobs=1, out=tmp_path / "c", keep_runs=False, assumptions=0,
        ensemble=0,
    )  # fmt: skip
    effort = module._change("choice-free")(found)
    values = found.pairs("choice-free", "joint_effort", "all", "kind", "gp_practice")
    assert np.allclose(effort, (values["policy"] - values["reference"]).to_numpy())
    assert "choice-free" in module.table(found)
    said = [module.verdict(*each) for each in ((0.1, 0.2), (-0.2, -0.1), (-0.1, 0.1))]
    assert said == [module.AS_FOUND, module.OTHERWISE, module.OPEN]
