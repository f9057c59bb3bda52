"""The report of a comparison: what a decision needs comes first, and why stands before the figures."""

import re
from pathlib import Path

import pytest

import icsim
from icsim.analysis.comparison import Comparison
from icsim.experiment import load
from icsim.reporting.comparison import page_of
from icsim.reporting.deciding import CHAIN, FOUND
from icsim.reporting.page import Page

pytestmark = pytest.mark.integration
WANTED = ["What would change", "For whom", "At what cost", "How sure", "What it rests on"]


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return icsim.compare(
        ["status-quo", "isle-of-wight"], replicates=2, out=tmp_path_factory.mktemp("both") / "c", jobs=1,
        overrides=["population.sample=0.005", "years=0.6"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(comparison: Comparison) -> Page:
    return page_of(comparison)


def test_what_a_decision_needs_comes_first_and_says_what_the_tables_hold(comparison: Comparison, page: Page):
    assert [what for what, _ in page.headlines] == WANTED
    said = dict(page.headlines)
    d = comparison.differences
    row = d[
        (d["outcome"] == "emergency_admissions")
        & (d["dimension"] == "place")
        & (d["financial_year"] == "all")
    ]
    assert f"of the {round(float(row['reference'].iloc[0])):,} under status-quo" in said["What would change"]
    low, high = float(row["low"].iloc[0]), float(row["high"].iloc[0])
    assert ("beyond luck" in said["What would change"].split(".")[0]) == (low > 0 or high < 0)
    assert said["At what cost"].startswith(("+£", "-£"))
    assert "2 pairs of runs" in said["How sure"]
    assert "assumed" in said["What it rests on"]


def test_each_service_has_its_logic_model_and_what_came_of_it(comparison: Comparison, page: Page):
    why = page.sections[0]
    assert why.key == "why1"
    (table,) = [table for group in why.groups for table in group.tables]
    assert table.heads == ("Service", *CHAIN, FOUND)
    experiment = load(comparison.manifest["experiments"][1])
    assert len(table.rows) == len(experiment.used) > 2
    for (use, _), cells in zip(experiment.used, table.rows, strict=True):
        logic = experiment.services[use.use].logic
        assert logic is None or cells[1:5] == (logic.inputs, logic.activity, logic.output, logic.outcome)
        assert re.search(r"months|begun", cells[5]), cells[5]


def test_without_its_runs_the_page_says_what_cannot_be_told(comparison: Comparison, tmp_path: Path):
    import shutil

    shutil.copytree(comparison.path, tmp_path / "c", ignore=shutil.ignore_patterns("runs"))
    page = page_of(icsim.open_comparison(tmp_path / "c"))
    assert [what for what, _ in page.headlines] == WANTED
    assert "were not kept" in str(page.sections[0].groups)
