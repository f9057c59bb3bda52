"""What a sweep file may hold, and what is said of one that is wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from icsim.experiment import ExperimentError
from icsim.sweeps import design, spec
from icsim.sweeps.factors import factors_of

pytestmark = pytest.mark.unit
GOOD = "base: salford\n"


def written(tmp_path: Path, text: str) -> spec.Written:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    return spec.read(tmp_path / "mine.yaml")


@pytest.mark.parametrize("name", spec.shipped())
def test_every_shipped_sweep_makes_a_design_but_for_its_size(name: str) -> None:
    found = spec.read(name)
    assert found.spec.name == name
    assert found.spec.description
    assert all(factor.in_grid() for factor in factors_of(found))
    assert design.base_of(found).replicates == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("bose: salford\n", "mine.yaml:1: bose: unknown key; did you mean base?"),
        ("factors: {}\n", "base: missing; expected an experiment"),
        (f"{GOOD}design: gird\n", "mine.yaml:2: design: 'gird': expected one of grid, lhs"),
        (f"{GOOD}design: gird\n", "did you mean grid"),
        (f"{GOOD}replicates: 0\n", "mine.yaml:2: replicates: 0: expected a whole number from 1"),
        (f"{GOOD}keep: [places]\n", "did you mean place?"),
        (f"{GOOD}factors:\n  years: []\n", "mine.yaml:3: factors.years: []: expected a mapping from keys"),
        (f"{GOOD}factors:\n  years: {{low: 1, hihg: 2}}\n", "years.hihg: unknown key; did you mean high"),
        (f"{GOOD}factors:\n  years: {{low: 3, high: 1}}\n", "years: expected low below high"),
        (f"{GOOD}factors: {{place: {{every: cgc}}}}\n", "did you mean ccg?"),
        (f"{GOOD}factors: {{seed: [1, 2]}}\n", "every point has the sweep's own seeds"),
        (f"{GOOD}factors: {{place: evidence}}\n", "no row of the evidence catalogue stands behind this key"),
        (f"{GOOD}factors: {{contract.form: evidence}}\n", "is text: give a list of values"),
        (f"{GOOD}factors: {{parameters.gp_morale_stat: evidence}}\n", "did you mean parameters.gp_mo"),
        (f"{GOOD}factors: {{years: {{low: 0, high: 1, distribution: loguniform}}}}\n", "low above 0"),
        (f"{GOOD}factors: {{years: {{low: 1, high: 2}}}}\ndesign: lhs\n", "points: missing; design: lhs"),
        (f"{GOOD}factors: {{years: {{low: 1, high: 2}}}}\ndesign: sobol\npoints: 12\n", "such as 8 or 16"),
        (f"{GOOD}design: list\n", "design: list needs points"),
        (f"{GOOD}design: grid\npoints: 3\n", "as many points as the factors' values multiply to"),
        (f"{GOOD}design: lhs\npoints: 3\n", "design: lhs needs factors"),
        ("- base\n", "expected keys and values"),
        ("base: [unclosed\n", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ExperimentError) as error:
        factors_of(written(tmp_path, text))
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"{GOOD}set:\n  population.sampel: 0.1\n", "mine.yaml:3: population.sampel: unknown key"),
        (f"{GOOD}factors:\n  contract.form: [full, partail]\n", "mine.yaml:3: contract.form: 'partail'"),
        (f"{GOOD}factors:\n  population.sample: {{low: 0.5, high: 2}}\n", "yaml:3: population.sample: 2"),
        (f"{GOOD}policies:\n  bold:\n    contract.from: full\n", "contract.from: unknown key"),
        (f"{GOOD}design: list\npoints:\n- years: 1\n- years: 99\n", "mine.yaml:5: years: 99"),
        ("base: salfrod\n", "did you mean salford"),
    ],
)  # fmt: skip
def test_a_value_that_no_experiment_may_have_is_told_with_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    found = written(tmp_path, text)
    with pytest.raises(ExperimentError) as error:
        design.make(found, design.base_of(found))
    assert complaint in str(error.value)


def test_a_sweep_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="did you mean trust-by-contract"):
        spec.read("trust-by-contrat")
    with pytest.raises(ExperimentError, match="no such sweep"):
        spec.read(tmp_path / "nothing.yaml")


def test_a_sweep_is_no_experiment() -> None:
    from icsim.experiment import load
    from icsim.experiment.sources import shipped

    assert not [name for name in shipped() if "sweep" in name]
    with pytest.raises(ExperimentError):
        load("trust-by-contract")


def cluster_file(name: str) -> Any:
    from ruamel.yaml import YAML

    folder = Path(__file__).parents[3] / "docs" / "cluster"
    return YAML(typ="safe").load((folder / name).read_text(encoding="utf-8"))


def test_the_cluster_file_is_what_ray_s_launcher_takes() -> None:
    import json

    ray = pytest.importorskip("ray")
    jsonschema = pytest.importorskip("jsonschema")
    schema = Path(str(ray.__file__)).parent / "autoscaler" / "ray-schema.json"
    jsonschema.validate(cluster_file("ray-cluster.yaml"), json.loads(schema.read_text(encoding="utf-8")))


def check_job(job: Any) -> None:
    """Refuse what is no RayJob as KubeRay has it."""
    from ruamel.yaml import YAML

    jsonschema = pytest.importorskip("jsonschema")
    text = Path(__file__).with_name("rayjob.schema.yaml").read_text(encoding="utf-8")
    schema = YAML(typ="safe").load(text)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(job)


def test_the_kuberay_file_is_a_job_as_kuberay_has_it() -> None:
    job = cluster_file("kuberay.yaml")
    check_job(job)
    command = job["spec"]["entrypoint"].split()
    assert command[:2] == ["icsim", "sweep"]
    mounted = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    assert command[2].startswith(mounted["volumeMounts"][0]["mountPath"])


@pytest.mark.parametrize(
    "break_it",
    [
        lambda spec: spec.update(entryPoint=spec.pop("entrypoint")),
        lambda spec: spec["rayClusterSpec"]["headGroupSpec"]["rayStartParams"].update({"num-cpus": 0}),
        lambda spec: spec["rayClusterSpec"]["workerGroupSpecs"][0].pop("groupName"),
        lambda spec: spec["rayClusterSpec"]["workerGroupSpecs"][0].update(replicas="4"),
        lambda spec: spec.pop("shutdownAfterJobFinishes"),
    ],
    ids=["another name", "a number for text", "no name", "text for a number", "a time to live for nothing"],
)
def test_a_kuberay_file_that_is_wrong_is_refused(break_it: Callable[[Any], Any]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    job = cluster_file("kuberay.yaml")
    break_it(job["spec"])
    with pytest.raises(jsonschema.ValidationError):
        check_job(job)
