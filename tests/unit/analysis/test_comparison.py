"""Differences from values, names of experiments, and what is refused before anything runs."""

import itertools

import pandas as pd
import pytest

from icsim.analysis.comparing import compare, labels_of
from icsim.analysis.comparison import differences_of
from icsim.analysis.telling import number, percent, seconds_text, signed, span
from icsim.experiment import ExperimentError, load

pytestmark = pytest.mark.unit


def values(**figures: list[float]) -> pd.DataFrame:
    rows = [
        (name, replicate, "all", "place", "", "deaths", value)
        for name, many in figures.items()
        for replicate, value in enumerate(many)
    ]
    columns = ["experiment", "replicate", "financial_year", "dimension", "group", "outcome", "value"]
    return pd.DataFrame(rows, columns=columns)


def test_differences_are_of_pairs_and_not_of_means():
    # pairs differ by 4, 6, 11 though both vary a hundredfold more between replicates
    table = differences_of(values(a=[100.0, 1000, 5000], b=[104.0, 1006, 5011]), ["a", "b"])
    row = table.iloc[0]
    assert (row["reference"], row["difference"], row["pairs"]) == (6100 / 3, 7, 3)
    assert row["high"] - 7 == pytest.approx(4.302653 * (13 / 3) ** 0.5, rel=1e-6)
    assert row["relative"] == pytest.approx(7 * 3 / 6100)
    assert row["replicates_needed"] == 105  # 1.983 * sqrt(13 / 105) = 0.698 <= 0.7; 0.701 with 104
    wider = differences_of(values(a=[100.0, 1000, 5000], b=[104.0, 1006, 5011]), ["a", "b"], half=100.0)
    assert wider.iloc[0]["replicates_needed"] == 2


def test_each_policy_is_compared_with_the_first():
    table = differences_of(values(a=[1.0, 2], b=[2.0, 3], c=[0.0, 1]), ["a", "b", "c"])
    assert dict(zip(table["experiment"], table["difference"], strict=True)) == {"b": 1, "c": -1}


def test_labels_are_plain_and_differ():
    assert labels_of(["full", "full", "a/b: c", "..", "full"]) == [
        "full",
        "full-2",
        "a-b-c",
        "experiment",
        "full-3",
    ]


ISLE = {"place": "isle-of-wight", "name": "one"}


@pytest.mark.parametrize(
    ("experiments", "options", "said"),
    [
        ([ISLE], {}, "two or more experiments"),
        ([ISLE, {**ISLE, "seed": 3}], {}, "one: seed: 3: one has 1: twins need the same"),
        ([ISLE, {**ISLE, "population": {"sample": 0.5}}], {}, "population"),
        ([ISLE, {**ISLE, "place": "salford"}], {}, "place: 'salford'"),
        ([ISLE, {**ISLE, "start": "2016-04-01"}], {}, "start"),
        ([ISLE, ISLE], {"outcome": "death"}, "did you mean deaths"),
        ([ISLE, ISLE], {"precision": 0.0}, "precision: 0.0: expected a number above 0"),
        ([ISLE, ISLE], {"precision": 0.1, "half_width": 3}, "either a precision or a half-width"),
        ([ISLE, ISLE], {"replicates": 0}, "replicates: 0: expected a whole number"),
        ([ISLE, ISLE], {"costs": [1.0, 2.0]}, "cost"),
    ],
)
def test_what_cannot_be_compared_is_refused_at_once(experiments, options, said, tmp_path):
    with pytest.raises(ExperimentError) as refused:
        compare(experiments, out=tmp_path / "out", **options)
    assert said in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_the_four_contracts_are_alike_but_for_the_contract():
    forms = ("traditional", "virtual", "partial", "full")
    shipped = [load(f"contracts/{form}").to_dict() for form in forms]
    assert [each["contract"]["form"] for each in shipped] == list(forms)
    for each in shipped:
        for key in ("name", "description", "contract"):
            del each[key]
        assert each == shipped[0]


def test_figures_as_text():
    assert [number(-0.04, 1), signed(-0.4), signed(3.2), percent(-0.0123)] == ["0.0", "0", "+3", "-1.2%"]
    assert span(float("nan"), float("nan")) == ""
    assert [seconds_text(each) for each in (40, 600, 7200)] == ["40 s", "10 min", "2.0 h"]
    assert all(a != b for a, b in itertools.pairwise(labels_of(["x"] * 9)))
