"""Finding, extending and overriding experiments, and remembering where each value was written."""

import pickle
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from icsim.experiment import ExperimentError, load
from icsim.experiment.showing import shown_yaml
from icsim.experiment.sources import shipped

pytestmark = pytest.mark.unit


@pytest.fixture
def write(tmp_path):
    def writing(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return writing


def refused(source, overrides=()):
    with pytest.raises(ExperimentError) as caught:
        load(source, overrides)
    return str(caught.value)


@pytest.mark.parametrize("name", list(shipped()))
def test_every_shipped_experiment_is_sound_and_comes_back_equal(name):
    experiment = load(name)
    assert all("does not act on" in warning for warning in experiment.warnings)
    assert load(experiment.to_dict()) == experiment
    assert experiment.name == name.rsplit("/", 1)[-1]


def test_a_shipped_experiment_by_name_sub_path_or_repository_path():
    assert (
        load("salford")
        == load("places/salford")
        == load("Salford")
        == load("experiments/places/salford.yaml")
    )


def test_any_place_of_england_stands_for_an_experiment_there():
    experiment = load("NHS Leeds West CCG", ["years=1"])
    assert (experiment.place, experiment.name, experiment.years) == (
        "NHS Leeds West CCG",
        "NHS Leeds West CCG",
        1,
    )


def test_what_is_not_there_names_the_nearest(write, tmp_path):
    assert "did you mean salford" in refused("salfrod")
    write("mine.yaml", "place: salford")
    message = refused(str(tmp_path / "mien.yaml"))
    assert "no such file" in message
    assert "mine.yaml" in message
    assert "a folder" in refused(str(tmp_path))
    assert "shipped" in refused("a\0b")
    assert "shipped" in refused("")
    assert "expected a name" in refused(5)


def test_a_child_lies_upon_its_parents(write):
    write(
        "base.yaml",
        "name: base\ndescription: old\nplace: salford\nyears: 2\ncontract: {form: virtual, payment: block}\n",
    )
    write("more.yml", "years: 4\nshocks: [{kind: flu, date: 2016-01-01}]\n")
    child = write(
        "child.yaml", "extends: [base.yaml, ./more.yml]\ncontract:\n  payment: activity\nshocks: []\n"
    )
    experiment = load(child)
    assert (experiment.name, experiment.description) == ("child", "")
    assert (experiment.years, experiment.contract.form, experiment.contract.payment) == (
        4,
        "virtual",
        "activity",
    )
    assert experiment.shocks == ()
    assert experiment.origins["years"] == "more.yml:1"
    assert experiment.origins["contract.form"] == "base.yaml:5"
    assert experiment.origins["contract.payment"] == "child.yaml:3"
    assert experiment.origins["seed"] == "default"


def test_a_file_may_extend_a_shipped_experiment_of_its_own_name(write):
    assert load(write("salford.yaml", "extends: salford\nyears: 1\n")).years == 1


def test_pairs_lie_upon_one_number_for_all(write):
    write("base.yaml", "place: salford\nrelationships: {initial_trust: 0.6}\n")
    child = "extends: base.yaml\nrelationships: {initial_trust: {gp_practice->acute_trust: 0.2}}\n"
    experiment = load(write("child.yaml", child), ["relationships.contact.commissioner->local_authority=0.9"])
    assert experiment.relationships.initial_trust == {"default": 0.6, "gp_practice->acute_trust": 0.2}
    assert experiment.relationships.contact == {"commissioner->local_authority": 0.9}


def test_circles_and_crowds_are_refused(write):
    write("a.yaml", "extends: b.yaml\n")
    assert "a.yaml:1: extends: 'b.yaml': goes round in a circle" in refused(
        write("b.yaml", "extends: a.yaml\n")
    )
    assert "circle" in refused(write("c.yaml", "extends: c.yaml\n"))
    write("d0.yaml", "place: salford\n")
    for n in range(1, 12):
        write(f"d{n}.yaml", f"extends: [d{n - 1}.yaml, d{n - 1}.yaml, d{n - 1}.yaml]\n")
    assert "extend one another" in refused(write("d12.yaml", "extends: d11.yaml\n"))


def test_errors_name_the_file_they_are_in(write):
    base = write("base.yaml", "place: salford\n\nyears: 99\n")
    child = write("child.yaml", "extends: base.yaml\npopulation:\n  sampel: 1\n")
    message = refused(child)
    assert "base.yaml:3: years: 99: expected a number above 0 and up to 25" in message
    assert f"{child}:3: population.sampel: unknown key; did you mean sample?" in message
    assert refused(base).startswith(f"{base}:3: years")
    assert "child.yaml:1: extends: 'bsae.yaml'" in refused(write("child.yaml", "extends: bsae.yaml\n"))
    assert "extends: 5: expected the name" in refused(write("child.yaml", "extends: [5]\n"))
    assert "expected keys and values" in refused(write("list.yaml", "- place\n"))


def test_overrides_reach_lists_by_position_and_by_name():
    changes = [
        "organisations.acute_trusts.0.core_beds=500",
        "organisations.acute_trusts[0].escalation_beds=20",
        'organisations.acute_trusts."Salford Royal NHS Foundation Trust".resident_share=0.5',
        "shocks=[{kind: flu, date: 2016-01-01}]",
        "shocks.0.size=0.5",
        "description=A: b # c",
    ]
    experiment = load("salford", changes)
    assert experiment.organisations.acute_trusts is not None
    trust = experiment.organisations.acute_trusts[0]
    assert (trust.core_beds, trust.escalation_beds, trust.resident_share) == (500, 20, 0.5)
    assert experiment.shocks[0].size == 0.5
    assert experiment.description == "A: b # c"
    assert experiment.origins["organisations.acute_trusts.0.core_beds"] == "--set"
    assert load("salford", {"population.sample": np.float64(0.1), "seed": np.int64(4)}).seed == 4


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("population.sampel=1", "--set: population.sampel: unknown key; did you mean sample?"),
        ("population.sample", "expected key=value"),
        ("=1", "expected key=value"),
        ("a..b=1", "not a dotted key"),
        (".a=1", "not a dotted key"),
        ("a.=1", "not a dotted key"),
        ("shocks={", "--set shocks: not valid YAML"),
        ("organisations.acute_trusts.3.core_beds=1", "no such item; the list has 1"),
        (
            "organisations.acute_trusts.Salford Roial NHS Foundation Trust.core_beds=1",
            "did you mean Salford Royal",
        ),
        ("years.x=1", "years: a mapping of 1 keys: expected a number"),
        ("place=salfrod", "--set: place: 'salfrod'"),
        ("extends=salford", "cannot be overridden"),
        ("years=", "years: nothing (null): expected a number"),
    ],
)
def test_overrides_that_cannot_be(override, said):
    assert said in refused("salford", [override])


def test_python_values_come_through_the_same_door():
    class Colour(Enum):
        RED = "virtual"

    experiment = load({"place": ("salford",), "years": np.float32(0.5), "contract": {"form": Colour.RED}})
    assert (experiment.place, experiment.years, experiment.contract.form) == (["salford"], 0.5, "virtual")
    assert "a set is not a value" in refused({"place": {"salford"}})
    assert "keys must be text" in refused({"place": "salford", "record": {1: True}})
    endless: list = []
    endless.append(endless)
    assert "too deep" in refused({"place": endless})
    assert load(experiment, ["seed=3"]).seed == 3


def test_experiments_and_errors_cross_processes():
    experiment = load("salford", ["years=1"])
    copy = pickle.loads(pickle.dumps(experiment))
    assert copy == experiment
    assert copy.origins == experiment.origins
    with pytest.raises(ExperimentError) as caught:
        load({"place": "salford", "years": 0, "seed": -1})
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_every_value_has_an_origin_and_is_shown_beside_it(tmp_path):
    changes = ["years=1", "seed=7", 'description="two\\nlines: # all"', "record.daily=off"]
    experiment = load("salford", [*changes, "relationships.contact.gp_practice->acute_trust=0.25"])
    text = shown_yaml(experiment)
    (tmp_path / "shown.yaml").write_text(text, encoding="utf-8")
    assert load(tmp_path / "shown.yaml") == experiment
    lines = {line.split("#")[0].strip(): line for line in text.splitlines()}
    assert lines["years: 1"].endswith("# --set")
    assert lines["replicates: 1"].endswith("# default")
    assert "# salford.yaml:" in lines["place: salford"]
    shown = [line for line in text.splitlines() if ": " in line]
    assert all("  #" in line or " # " in line for line in shown)
    assert set(experiment.origins.values()) >= {"default", "--set"}


def test_keys_that_nothing_depends_on_yet_are_named_only_when_they_differ_from_the_usual():
    assert load("salford", ["programme=none"]).warnings == ()
    (warning,) = load("salford", ["organisations.care_homes.count=40"]).warnings
    assert "does not act on: organisations.care_homes.count" in warning
    assert load("salford", ['programme={"name": "Integration"}']).warnings == ()
