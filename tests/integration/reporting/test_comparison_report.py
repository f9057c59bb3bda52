"""The report of a comparison: what a decision needs comes first, and why stands before the figures."""

import re
from pathlib import Path
from typing import Any

import pytest

import icsim
from icsim.analysis.comparison import Comparison
from icsim.analysis.doubt import doubts
from icsim.analysis.drawing import Drawing
from icsim.analysis.sureness import closest, sentences
from icsim.experiment import load
from icsim.experiment.schema import Population
from icsim.reporting.comparison import page_of
from icsim.reporting.deciding import CHAIN, FOUND
from icsim.reporting.page import Page

pytestmark = pytest.mark.integration
WANTED = ["What would change", "For whom", "At what cost", "How sure", "What it rests on"]


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return icsim.compare(
        ["status-quo", "isle-of-wight"], replicates=2, out=tmp_path_factory.mktemp("both") / "c", jobs=1,
        overrides=["population.sample=0.005", "years=0.6"], assumptions=4, over=["effort_*", "services_*"],
        ensemble=3, draw_sample=0.0025,
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
    assert "Over 4 draws of" in said["How sure"]
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


def test_luck_assumptions_and_behaviour_are_told_apart(comparison: Comparison, page: Page):
    told = doubts(comparison, comparison.policies[0], "care_cost_gbp")
    assumed, behaved = told.studies
    about = comparison.manifest["doubt"]
    assert "rank correlation" in closest(assumed)
    assert assumed.ranking.first[0].key in closest(assumed)
    for one, study, draws in ((assumed, "assumptions", 4), (behaved, "ensemble", 3)):
        assert (one.study, one.spread.draws, one.ranking.drawn) == (study, draws, about[study]["values"])
        assert about[study]["of_the_people"] == pytest.approx(0.5)
    # the parts are of one whole: luck left in the mean of the pairs, and what comes with each study
    assert told.luck + assumed.share[0] + behaved.share[0] == pytest.approx(1)
    pairs = comparison.pairs(comparison.policies[0], "care_cost_gbp")
    luck = float((pairs["policy"] - pairs["reference"]).var(ddof=1)) / 2
    assert told.luck * told.deviation**2 == pytest.approx(luck)
    assert assumed.share[0] * told.deviation**2 == pytest.approx(assumed.spread.variance)
    # draws of a sample of half as many people, told at the size of the comparison
    own = comparison.draws.query("study == 'assumptions' and outcome == 'care_cost_gbp'")
    wide = own.pivot(index=["draw", "replicate"], columns="experiment", values="value")
    mean = float((wide["isle-of-wight"] - wide["status-quo"]).mean())
    assert assumed.spread.mean == pytest.approx(2 * mean)
    drawn = comparison.drawn_values
    by_study = {study: set(here["key"]) for study, here in drawn.groupby("study")}
    assert all(key.startswith(("effort_", "services_")) for key in by_study["assumptions"])
    assert not by_study["assumptions"] & by_study["ensemble"]  # each value is of one kind
    assert drawn[drawn["study"] == "assumptions"].groupby("key")["value"].nunique().min() > 1
    # both worlds of a pair have the draw: what it does to both is not laid on the policy
    assert set(comparison.draws["experiment"]) == set(comparison.labels)
    assert not (comparison.path / "draws").exists()
    titles = [
        table.caption for section in page.sections for group in section.groups for table in group.tables
    ]
    assert "How sure: luck, and what nobody has measured" in titles
    assert "What the doubt rests on" in titles
    assert "How sure: luck" in str(comparison.summary())
    said = " ".join(sentences(comparison, comparison.policies[0], "care_cost_gbp"))
    assert "Of the variance of the mean change" in said
    assert "rests on assumed values" in said


def test_draws_are_made_unless_they_are_refused():
    two = [load("isle-of-wight", [f"name={name}", "population.sample=0.5"]) for name in ("a", "b")]
    usual = Drawing.planned(two, None, (), None, None)
    assert usual.counts == {"assumptions": 16, "ensemble": 8}
    assert usual.runs == 24 * 2 * 2
    assert usual.sample == pytest.approx(0.18)  # of 140,000 people, 25,000
    assert Drawing.planned([one.model_copy(update={"population": Population(sample=0.01)}) for one in two],
                           None, (), None, None).sample == 0.01  # fmt: skip
    none = Drawing.planned(two, 0, (), 0, None)
    assert (none.runs, none.tables([])) == (0, {})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"over": ["effort_*"], "assumptions": 0}, "which is 0"),
        ({"draw_sample": 2.0}, "draw-sample"),
        ({"assumptions": 2, "over": ["efort_base"]}, "effort_base"),
        ({"assumptions": -1}, "0 to 10,000"),
        ({"assumptions": 1000}, "plausible draws come with icsim"),
        ({"ensemble": 2, "ensemble_file": "nowhere.csv"}, "nowhere.csv"),
    ],
)
def test_a_study_that_cannot_be_is_refused_before_anything_runs(
    asked: dict[str, Any], said: str, tmp_path: Path
):
    with pytest.raises(icsim.ExperimentError, match=said):
        icsim.compare(["status-quo", "isle-of-wight"], out=tmp_path / "c", **asked)
    assert not (tmp_path / "c").exists()
