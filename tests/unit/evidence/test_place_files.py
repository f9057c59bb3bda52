"""The nine places' experiment files say what the published tables say."""

from pathlib import Path
from typing import Any

import pytest

import icsim
from icsim.evidence.places import resolve, shipped
from icsim.evidence.published import trusts
from icsim.experiment import load

pytestmark = pytest.mark.unit

EXPERIMENTS = Path(icsim.__file__).parent / "experiments"


def test_there_is_a_file_for_each_place_and_no_other():
    files = sorted(path.stem for path in (EXPERIMENTS / "places").glob("*.yaml"))
    assert files == sorted([*shipped(), "england"])


@pytest.mark.parametrize("name", shipped())
def test_a_place_file_is_its_place_with_its_programme_which_can_be_taken_away(name):
    experiment = load(name)
    assert experiment.name == name
    assert resolve(experiment.place).name == name
    assert experiment.programme != "none"
    assert experiment.contract.form == "traditional"  # in April 2015
    routine = load(name, {"programme": "none"})
    assert (routine.programme, routine.nation, routine.contract.steps) == ("none", "none", ())
    assert experiment.organisations.commissioners.names == tuple(sorted(resolve(name).ccg_names))


@pytest.mark.parametrize("name", shipped())
def test_a_trust_has_its_published_beds_and_attendances(name):
    published: Any = trusts().set_index(["place", "year"])
    trusts_of_place: Any = load(name).organisations.acute_trusts
    (trust,) = trusts_of_place
    assert (trust.code, trust.name) == tuple(published.loc[(name, "2015/16"), ["code", "name"]])
    assert trust.core_beds == published.loc[(name, "2015/16"), "beds"]
    assert trust.ae_attendances_per_year == published.loc[(name, "2016/17"), "attendances"]


@pytest.mark.parametrize(
    ("name", "teams"),
    [
        ("morecambe-bay", 12),
        ("harrogate", 4),
        ("mid-nottinghamshire", 12),
        ("north-east-hampshire-and-farnham", 5),
        ("salford", 5),
    ],
)
def test_team_size_gives_the_number_of_teams_stated(name, teams):
    size = load(name).organisations.community_teams.population_per_team
    assert size is not None
    assert resolve(name).population / size == pytest.approx(teams, abs=1e-3)


def test_the_table_of_places_agrees_with_the_data():
    text = (EXPERIMENTS / "README.md").read_text(encoding="utf-8")
    published: Any = trusts().set_index(["place", "year"])
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == 9
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        name = cells[0].strip("`")
        assert int(cells[2].replace(",", "")) == resolve(name).population
        assert int(cells[7].replace(",", "")) == round(published.loc[(name, "2015/16"), "beds"])
        assert int(cells[8].replace(",", "")) == published.loc[(name, "2016/17"), "attendances"]
