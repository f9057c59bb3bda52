"""The example of docs/extending.md: short, true, and it does what it says."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pytest

import icsim
from icsim.running import people_at_the_end, release

pytestmark = pytest.mark.integration
PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


@pytest.fixture(scope="module")
def code() -> str:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    return blocks[0]


@pytest.fixture(scope="module")
def example(code: str) -> Any:
    """What the block leaves behind, run as it stands but on fewer people."""
    assert "0.1, " in code
    names: dict[str, Any] = {}
    exec(compile(code.replace("0.1, ", "0.05, "), str(PAGE), "exec"), names)
    yield names
    release(names["without"])
    release(names["with_service"])


def test_it_is_under_forty_lines(code: str):
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) < 40
    assert max(map(len, lines)) <= 110


def test_it_does_what_it_says(example: Any):
    without, with_service = example["without"], example["with_service"]
    assert without.day == with_service.day == 366
    smokers = [model.patients.count(lambda p: p.smoker) for model in (without, with_service)]
    adults = without.patients.count(lambda p: p.age >= 16)
    assert 0.14 < smokers[0] / adults < 0.18
    helped = with_service.helped_a_month * 12
    assert 1_000 < helped < 1_400
    assert smokers[0] - 1.1 * helped < smokers[1] < smokers[0] - 0.8 * helped
    still = without.patients.smoker
    assert np.array_equal(without.patients.lever_need_acsc, np.where(still, np.float32(1.5), np.float32(1)))

    column = without.recorder.column("system", "needs_acsc")
    crises = [model.recorder.block("system")[:, 0, column] for model in (without, with_service)]
    assert crises[1].sum() < crises[0].sum()
    assert people_at_the_end(with_service)["smoker"].sum() >= smokers[1]


def test_its_worlds_are_twins(example: Any):
    """Nobody's crises but smokers' move, and of theirs some are averted and none added."""
    without, with_service = example["without"], example["with_service"]
    assert np.array_equal(without.people["key"], with_service.people["key"])
    stopped = without.patients.extra["smoker"] & ~with_service.patients.extra["smoker"]
    assert stopped.sum() > 500
    never = ~without.patients.extra["smoker"]
    both = (without.people["status"] == 1) & (with_service.people["status"] == 1)
    same = without.people["need_count"] == with_service.people["need_count"]
    assert same[both].all()  # candidate needs are exogenous
    admitted = [model.person_year[..., 2].sum(axis=1) for model in (without, with_service)]
    changed = admitted[0] != admitted[1]
    assert changed[stopped].mean() > 2 * changed[never].mean()


def test_it_runs_into_a_results_folder(example: Any, tmp_path: Path):
    smoke_free = example["SmokeFree"]
    quick = {"extends": "isle-of-wight", "years": 0.1, "population": {"sample": 0.02}, "replicates": 2}
    runs = [
        icsim.run(quick, model=partial(smoke_free, helped_a_month=helped), out=tmp_path / str(helped))
        for helped in (0, 5_000)
    ]
    smokers = [int(run.people["smoker"].to_numpy().sum()) for run in runs]
    helped = 2 * 2 * 100  # a fiftieth, on two firsts of a month, in two replicates
    assert 0.9 * helped < smokers[0] - smokers[1] <= helped
    assert set(runs[0].people["replicate"]) == {0, 1}
    assert runs[0].manifest["model"].endswith("SmokeFree")
    assert "A&E attendances" in str(runs[1].summary())


def test_what_is_no_model_is_refused(tmp_path: Path):
    quick = {"extends": "isle-of-wight", "years": 0.05, "population": {"sample": 0.01}}
    no_model: Any = lambda experiment, replicate: "no model"  # noqa: E731
    with pytest.raises(TypeError, match="expected a subclass of ICSModel"):
        icsim.run(quick, model=no_model, out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_it_goes_through_mesa_s_batch_run(example: Any):
    found = mesa.batch_run(
        example["SmokeFree"],
        {"helped_a_month": [0, 2_000], "years": 0.1, "population.sample": 0.01},
        max_steps=10_000,
        display_progress=False,
    )
    assert [row["helped_a_month"] for row in found] == [0, 2_000]
