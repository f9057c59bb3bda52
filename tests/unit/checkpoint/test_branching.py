"""What a branch may change, and how it is told what it may not."""

from datetime import date
from typing import Any

import pytest

from icsim.branching import changes, future
from icsim.experiment import Experiment, ExperimentError, load

pytestmark = pytest.mark.unit
DAY = date(2016, 4, 1)
PARENT = load({
    "place": "salford", "years": 3,
    "organisations": {"acute_trusts": [{"name": "Royal", "core_beds": 700}]},
    "interventions": [
        {"name": "ended", "start": "2015-05-01", "end": "2015-09-30", "levers": {"admission": 0.9}},
        {"name": "running", "levers": {"referral": 0.9}},
        {"name": "planned", "start": "2016-06-01", "levers": {"admission": 0.8}},
    ],
    "shocks": [{"kind": "flu", "date": "2015-12-01"}, {"kind": "flu", "date": "2016-12-01"}],
    "contract": {"steps": [{"date": "2015-10-01", "payment": "block"}]},
})  # fmt: skip


def branched(**changed: Any) -> Experiment:
    return future(PARENT, {key.replace("__", "."): value for key, value in changed.items()}, DAY)


def refused(**changed: Any) -> str:
    with pytest.raises(ExperimentError) as caught:
        branched(**changed)
    return str(caught.value)


def test_a_branch_with_no_change_is_its_parent():
    assert future(PARENT, (), DAY) == PARENT
    assert changes(PARENT, PARENT) == {}


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("place", "wirral", "of this place"),
        ("start", "2015-05-01", "has begun"),
        ("seed", 5, "luck"),
        ("replicates", 5, "replicates of its checkpoint"),
        ("population__sample", 0.5, "people are made"),
        ("relationships__initial_trust", 0.9, "relationships.steps"),
        ("contract__payment", "capitation", "contract.steps.+"),
        ("contract__form", "full", "contract.steps.+"),
        ("organisations__acute_trusts__0__resident_share", 0.4, "whom they serve"),
        ("organisations__acute_trusts__0__name", "Infirmary", "whom they serve"),
        ("organisations__gp_practices__count", 12, "whom they serve"),
        ("organisations__community_teams__population_per_team", 20_000, "whom they serve"),
        ("organisations__commissioners__allocation_gbp_per_head", 1200, "capacities can change"),
    ],
)  # fmt: skip
def test_what_was_settled_at_the_start_cannot_change(key: str, value: Any, reason: str):
    message = refused(**{key: value})
    assert reason in message
    assert key.replace("__", ".").split(".")[0] in message


@pytest.mark.parametrize(
    "key",
    [
        "organisations.acute_trusts.0.core_beds",
        "organisations.acute_trusts.0.clinic_capacity",
        "organisations.gp_practices.gp_fte_per_1000",
        "organisations.community_teams.caseload_per_1000",
        "organisations.local_authorities.home_care_packages_per_1000_65plus",
        "organisations.mental_health_trusts.crisis_contacts_per_day_per_100_000",
        "organisations.urgent_care.nhs_111_calls_per_1000_per_year",
        "organisations.voluntary_sector.places_per_1000",
        "organisations.care_homes.places_per_1000_65plus",
        "parameters.gp_morale_learning",
    ],
)
def test_capacities_and_parameters_can_change(key: str):
    branch = future(PARENT, {key: 0.5}, DAY)
    assert [after for _, after in changes(PARENT, branch).values()] == [0.5]
    assert list(changes(PARENT, branch)) == [key]


def test_every_capacity_of_the_schema_is_decided():
    """A new key of organisations is refused until somebody says that it can change in mid-run."""
    whole = PARENT.to_dict()["organisations"]
    open_ones = 0
    for group, keys in whole.items():
        for key in keys[0] if isinstance(keys, list) else keys:
            at = (
                f"organisations.{group}.0.{key}" if isinstance(keys, list) else f"organisations.{group}.{key}"
            )
            try:
                future(PARENT, {at: 3.0}, DAY)
                open_ones += 1
            except ExperimentError:
                pass
    assert open_ones > 20


def test_what_has_happened_stays():
    assert "'ended', 'running' came before 2016-04-01" in refused(interventions=[])
    assert "interventions.NAME.end=2016-03-31" in refused(interventions=[])
    assert "2015-12-01 came before" in refused(shocks=[])
    assert "2015-10-01 came before" in refused(contract__steps=[])
    assert "only its end can change" in refused(interventions__running__levers__referral=0.5)
    assert "ended on 2015-09-30" in refused(interventions__ended__end="2016-09-30")
    assert "expected 2016-03-31 or later" in refused(interventions__running__end="2016-01-31")
    new = {"name": "new", "levers": {"admission": 0.5}}
    assert "begins before 2016-04-01" in refused(**{"interventions__+": new})
    assert "begins before" in refused(**{"interventions__+": {**new, "start": "2016-03-31"}})
    assert "lies before 2016-04-01" in refused(**{"shocks__+": {"kind": "bed_closure", "date": "2016-03-31"}})
    assert "2015-12-01" in refused(shocks__0__size=0.9)
    step = {"date": "2015-12-01", "payment": "activity"}
    assert "lies before" in refused(**{"contract__steps__+": step})


def test_the_future_is_free():
    new = {"name": "new", "start": "2016-04-01", "levers": {"admission": 0.5}}
    branch = branched(**{
        "interventions__+": new,
        "interventions__running__end": "2016-03-31",
        "interventions__planned__levers__admission": 0.7,
        "shocks__+": {"kind": "bed_closure", "date": "2016-04-01"},
        "shocks__1__size": 0.9,
        "contract__steps__+": {"date": "2016-04-01", "payment": "capitation"},
    })  # fmt: skip
    assert [one.name for one in branch.interventions] == ["ended", "running", "planned", "new"]
    assert len(branch.shocks) == 3
    assert changes(PARENT, branch)["interventions.1.end"] == [None, "2016-03-31"]


def test_a_branch_may_end_sooner_or_later_but_not_before_it_begins():
    assert branched(years=5).end == date(2020, 4, 1)
    assert branched(years=1.5).interventions[-1].name == "planned"
    assert "the checkpoint is of 2016-04-01" in refused(years=1)


def test_a_mistake_is_told_as_in_any_experiment():
    assert "did you mean" in refused(parameters__gp_morale_stat=1)
    assert "did you mean" in refused(organisations__gp_practices__gp_fte_per_100=1)


def test_adding_to_a_list_works_for_every_experiment():
    shock = "{kind: flu, date: 2015-12-01}"
    assert (
        len(load("salford", [f"shocks.+={shock}", "shocks.+={kind: bed_closure, date: 2016-01-01}"]).shocks)
        == 2
    )
    with pytest.raises(ExperimentError):
        load("salford", ["years.+=3"])
