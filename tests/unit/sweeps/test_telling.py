"""What is told of a sweep: indices, variance, emulators and regions, on outcomes whose truth is known."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from icsim.recording.store import ResultError
from icsim.reporting.sweeps import discovery_page, sensitivity_page
from icsim.sweeps import adding, showing, sweeping
from icsim.sweeps.dataset import Dataset, open_dataset
from icsim.sweeps.discovery import discover
from icsim.sweeps.emulator import emulate
from icsim.sweeps.sensitivity import sensitivity, split
from icsim.sweeps.store import Store, failure, schema

pytestmark = pytest.mark.unit
A, B, C = "relationships.initial_trust", "relationships.contact", "relationships.joint_posts"
FACTORS = {key: {"low": 0.0, "high": 1.0} for key in (A, B, C)}
Truth = Callable[[Mapping[str, Any], str, int], float]


def dataset(folder: Path, truth: Truth, fail: tuple[int, ...] = (), **content: Any) -> Dataset:
    """A sweep whose runs come to what ``truth`` says of factors, policy and seed."""
    file = {"base": "isle-of-wight", "factors": FACTORS, **content}
    sweep = sweeping.prepare(file, out=folder)
    rows = []
    records: list[Any] = sweep.design.table.to_dict("records")
    for run in records:
        row = {"run": run["run"], "financial_year": "all", "dimension": "place", "group": "", "seconds": 1.0}
        value = truth(run, run["policy"], run["seed"])
        rows.append({**row, "outcome": "deaths", "value": value, "error": None})
    with Store(folder) as store:
        sweeping.save(sweep, store)
        table = pa.Table.from_pylist(rows, schema=schema())
        kept = [number for number in range(len(rows)) if number not in fail]
        failed = [failure(rows[number]["run"], "ValueError: no") for number in fail]
        store.add(0, pa.concat_tables([table.take(kept), *failed]))
    return open_dataset(folder)


def linear(run: Mapping[str, Any], policy: str, seed: int) -> float:
    return 10 + 4 * run[A] + 2 * run[B]


@pytest.mark.parametrize("fail", [(), (3,)], ids=["all there", "one failed"])
def test_sobol_indices_are_those_of_a_linear_model(tmp_path: Path, fail: tuple[int, ...]) -> None:
    made = dataset(tmp_path, linear, fail, design="sobol", points=128)
    found = sensitivity(made, "deaths")
    total = {one.factor.key: one for one in found.influences}
    for key, share in ((A, 0.8), (B, 0.2), (C, 0.0)):  # variances 16 and 4 of 20
        assert total[key].total == pytest.approx(share, abs=0.05)
        assert total[key].first == pytest.approx(share, abs=0.08)
        assert abs(total[key].total - share) <= total[key].total_half + 0.03
    assert [one.factor.key for one in found.influences] == [A, B, C]
    assert found.left_out == len(fail)
    assert np.isnan(found.split.parameters)  # one replicate


def test_what_is_missing_from_a_sum_is_told(tmp_path: Path) -> None:
    assert showing.missing(dataset(tmp_path / "whole", linear, design="lhs", points=4)) == ""
    said = showing.missing(dataset(tmp_path / "failed", linear, (2,), design="lhs", points=4))
    assert said.startswith("1 of 4 runs")


def test_morris_effects_are_the_slopes(tmp_path: Path) -> None:
    found = sensitivity(dataset(tmp_path, linear, design="morris", points=8), "deaths")
    effects = {one.factor.key: one.total for one in found.influences}
    assert effects == pytest.approx({A: 4, B: 2, C: 0}, abs=1e-9)
    assert all(one.spread == pytest.approx(0, abs=1e-9) for one in found.influences)


def test_variance_is_split_between_factors_seeds_and_luck(tmp_path: Path) -> None:
    luck = np.random.default_rng(5)

    def noisy(run: Mapping[str, Any], policy: str, seed: int) -> float:
        shared = np.random.default_rng(seed).normal(0, 2.0)
        return 30 * run[A] / 12**0.5 * 12**0.5 / 10 + shared + luck.normal(0, 1.0)

    made = dataset(tmp_path, noisy, design="lhs", points=120, replicates=40)
    found = split(made.outcome("deaths"))
    truth = np.array([9 / 12, 4.0, 1.0])
    assert found.parameters == pytest.approx(truth[0] / truth.sum(), abs=0.06)
    assert found.luck == pytest.approx(truth[2] / truth.sum(), abs=0.08)
    assert found.parameters + found.seeds + found.luck == pytest.approx(1)
    assert found.low < found.parameters < found.high


def test_an_emulator_is_close_to_the_truth_and_tells_its_error(tmp_path: Path) -> None:
    made = dataset(
        tmp_path, lambda run, policy, seed: float(np.sin(3 * run[A]) + run[B] ** 2), design="lhs", points=60
    )
    found = emulate(made, "deaths")
    assert found.explained > 0.98
    assert 0 < found.error < 0.06
    mean, deviation = found.predict({A: 0.5, B: 0.5, C: 0.1})
    assert mean == pytest.approx(np.sin(1.5) + 0.25, abs=0.05)
    assert deviation > 0
    with pytest.raises(ResultError, match="the sweep covered 0 to 1"):
        found.predict({A: 1.5, B: 0.5, C: 0.1})
    indices = sensitivity(made, "deaths")
    assert indices.emulator is not None
    assert indices.influences[-1].factor.key == C
    assert indices.influences[-1].total < 0.05


def test_an_emulator_of_noise_says_that_it_explains_nothing(tmp_path: Path) -> None:
    luck = np.random.default_rng(2)
    made = dataset(tmp_path, lambda run, policy, seed: luck.normal(), design="lhs", points=60)
    assert emulate(made, "deaths").explained < 0.3


def test_the_region_in_which_a_policy_fails_is_found(tmp_path: Path) -> None:
    def truth(run: Mapping[str, Any], policy: str, seed: int) -> float:
        saved = 5.0 if policy == "new" and not (run[A] < 0.4 and run[B] > 0.5) else 0.0
        return 100 + run[C] - saved

    policies = {"old": {}, "new": {"contract.form": "full"}}
    made = dataset(tmp_path, truth, design="lhs", points=200, policies=policies)
    found = discover(made, "deaths")
    assert (found.policy, found.failing) == ("new", "deaths no better than under old")
    assert found.share == pytest.approx(0.2, abs=0.03)
    box = found.boxes[0]
    assert {limit.factor for limit in box.limits if limit.chance < 0.01} == {A, B}
    limits = {limit.factor: limit for limit in box.limits}
    assert limits[A].high == pytest.approx(0.4, abs=0.1)
    assert limits[B].low == pytest.approx(0.5, abs=0.1)
    assert box.coverage > 0.85
    assert box.density > 0.85
    old, new = found.regrets
    assert old.most_regret == pytest.approx(5)
    assert new.most_regret == 0
    assert new.best == 1
    assert old.best == pytest.approx(found.share)
    html = discovery_page(made, found).html()
    assert "A region of failure" in html
    assert "initial_trust from" in html


def test_both_reports_are_pages_with_their_drawings(tmp_path: Path) -> None:
    made = dataset(tmp_path, linear, design="sobol", points=16)
    html = sensitivity_page(made, [sensitivity(made, "deaths")]).html()
    assert html.count("<svg") == 1
    assert "Most to relationships.initial_trust" in html
    found = discover(made, "deaths")
    assert found.failing == "deaths among the worst quarter"
    assert discovery_page(made, found).html().count("<svg") == len(found.boxes) > 0


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"outcome": "deths"}, "did you mean deaths"),
        ({"outcome": "deaths", "policy": "nwe"}, "no policy of this sweep is called 'nwe'"),
        ({"outcome": "deaths", "financial_year": "2031/32"}, "expected all"),
        ({"outcome": "deaths", "above": 1.0, "below": 0.5}, "not both"),
    ],
)
def test_what_is_not_there_is_told(tmp_path: Path, asked: dict[str, Any], complaint: str) -> None:
    made = dataset(tmp_path, linear, design="lhs", points=30)
    with pytest.raises(ResultError, match=complaint):
        discover(made, **asked)


def test_too_few_points_are_refused(tmp_path: Path) -> None:
    made = dataset(tmp_path, linear, design="lhs", points=5)
    with pytest.raises(ResultError, match="10 points or more; 5 have"):
        emulate(made, "deaths")
    with pytest.raises(ResultError, match="5 scenarios"):
        discover(made, "deaths")
    with pytest.raises(ResultError, match="no results yet"):
        _ = open_dataset(_empty(tmp_path / "empty")).figures


def _empty(folder: Path) -> Path:
    sweep = sweeping.prepare({"base": "isle-of-wight", "factors": FACTORS}, out=folder)
    with Store(folder) as store:
        sweeping.save(sweep, store)
    return folder


def test_outcomes_have_a_row_for_each_run_that_succeeded(tmp_path: Path) -> None:
    made = dataset(tmp_path, linear, (2,), design="lhs", points=12, replicates=2)
    assert len(made.outcomes()) == 23
    assert made.runs["error"].notna().sum() == 1
    assert made.runs["done"].all()
    pd.testing.assert_series_equal(
        made.outcomes()["deaths"], 10 + 4 * made.outcomes()[A] + 2 * made.outcomes()[B], check_names=False
    )


def test_places_add_up_to_everybody_whatever_the_sample(tmp_path: Path) -> None:
    names = ["ccg:NHS Isle of Wight CCG", "ccg:NHS Harrogate and Rural District CCG"]

    def truth(run: Mapping[str, Any], policy: str, seed: int) -> float:
        return run["people"] / 100  # one death among a hundred

    factors = {"place": names, "population.sample": [0.02, 0.1]}
    made = dataset(tmp_path, truth, base={"place": "NHS Bolton CCG"}, factors=factors)
    table = adding.by_place(made)
    assert table["place"].tolist() == names
    assert table["code"].str.fullmatch(r"E38\d{6}").all()
    assert table["people"].tolist() == [140_984, 160_044]
    whole = adding.total(table)
    assert whole["deaths"] == pytest.approx(301_028 / 100, rel=1e-3)
    with pytest.raises(ResultError, match="place as a factor"):
        adding.by_place(dataset(tmp_path / "one", linear, design="lhs", points=4))
