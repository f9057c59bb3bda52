"""What needs more than one key to judge."""

import pytest

from icsim import evidence
from icsim.experiment import ExperimentError, load

pytestmark = pytest.mark.unit


def problems(**content):
    with pytest.raises(ExperimentError) as caught:
        load({"place": "salford", **content})
    return str(caught.value)


def two(one, other):
    return {"acute_trusts": [{"name": "A", **one}, {"name": "B", **other}]}


def test_a_place_that_does_not_exist_names_the_nearest():
    message = problems(place="salfrod")
    assert message.startswith("dict: place: 'salfrod'")
    assert "did you mean salford" in message
    assert "E01009999999" in problems(place={"lsoas": ["E01009999999"]})
    assert "place.lsoa: unknown key; did you mean lsoas?" in problems(place={"lsoa": ["E01005609"]})


@pytest.mark.parametrize(
    "place",
    ["salford", "NHS Salford CCG", "Leeds", ["NHS Leeds West CCG", "salford"], {"lsoas": ["E01005609"]}],
)
def test_places_of_every_form(place):
    assert load({"place": place}).place == place


def test_resident_shares_sum_to_one_at_most():
    assert "sum to 1.1; expected at most 1" in problems(
        organisations=two({"resident_share": 0.6}, {"resident_share": 0.5})
    )
    shares = [0.1, 0.2, 0.3, 0.4]  # sums to a little over 1 in floating point
    trusts = [{"name": f"T{share}", "resident_share": share} for share in shares]
    load({"place": "salford", "organisations": {"acute_trusts": trusts}})


def test_names_are_unique_among_organisations_and_among_interventions():
    assert "taken by organisations.acute_trusts.0.name" in problems(organisations=two({}, {"name": "a"}))
    named = {**two({}, {}), "commissioners": {"names": ["B"]}}
    assert "commissioners.names.0: 'B': this name is taken" in problems(organisations=named)
    twice = [{"name": "hub", "levers": {"admission": 0.9}}] * 2
    assert "interventions.1.name: 'hub': this name is taken" in problems(interventions=twice)
    assert "a word of the schema" in problems(organisations=two({}, {"name": "gp_practice"}))


def test_parameters_are_those_of_the_catalogue():
    assert "did you mean gp_nurse_consult_rate" in problems(parameters={"gp_nurse_consult_rat": 1})
    assert "set the experiment's own key" in problems(parameters={"experiment_years": 2})
    assert "expected a number" in problems(parameters={"gp_nurse_consult_rate": "5"})
    words = next(row.key for row in evidence.load() if not row.is_number and row.topic != "experiment")
    assert "holds text" in problems(parameters={words: 1})
    assert "-1: expected a number from 0 to" in problems(parameters={"relapse_days": -1})
    assert "2: expected a number from 0 to 1 (share" in problems(parameters={"day_case": 2})
    assert "0: expected a number above 0 and up to 900 (days" in problems(parameters={"patience_days": 0})
    assert "parameters.cost_ae: 1000000000000.0: expected" in problems(parameters={"cost_ae": 1e12})
    more = {"home_care_older_users_la_funded": 400_000}
    assert "cannot be more" in problems(parameters=more)
    load({"place": "salford", "parameters": {**more, "home_care_older_users": 500_000}})
    load({"place": "salford", "parameters": {"day_case": 1, "relapse_days": 0}})


def test_a_parameter_outside_its_range_is_allowed_and_noted():
    row = next(
        r
        for r in evidence.load()
        if r.is_number and r.topic != "experiment" and r.low is not None and r.high is not None and r.high > 1
    )
    assert row.high is not None
    outside = load({"place": "salford", "parameters": {row.key: row.high + 1}})
    assert len(outside.warnings) == 1
    assert row.key in outside.warnings[0]
    assert load({"place": "salford", "parameters": {row.key: row.high}}).warnings == ()


def test_pairs_name_kinds_or_organisations_of_the_experiment():
    assert "did you mean gp_practice?" in problems(
        relationships={"contact": {"gp_practise->acute_trust": 0.1}}
    )
    assert "expected 'default' or a pair" in problems(relationships={"contact": {"gp_practice": 0.1}})
    load({"place": "salford", "organisations": two({}, {}), "relationships": {"contact": {"A->B": 0.1}}})


def test_a_shock_strikes_what_it_can():
    def shock(kind, organisation):
        return [{"kind": kind, "date": "2016-01-01", "organisation": organisation}]

    assert "leave organisation out" in problems(shocks=shock("flu", "acute_trust"))
    assert "expected acute_trust, or" in problems(shocks=shock("bed_closure", "gp_practice"))
    assert "did you mean commissioner?" in problems(shocks=shock("leader_leaves", "comissioner"))
    load({"place": "salford", "shocks": shock("leader_leaves", "commissioner")})


@pytest.mark.parametrize(
    "content",
    [
        {"shocks": [{"kind": "flu", "date": "2018-04-01"}]},
        {"shocks": [{"kind": "staff_loss", "date": "2016-04-01", "end": "2019-01-01"}]},
        {"interventions": [{"name": "x", "start": "2019-01-01", "levers": {"admission": 0.9}}]},
        {"contract": {"steps": [{"date": "2019-01-01", "form": "full"}]}},
        {"programme": {"name": "p", "start": "2019-01-01"}},
    ],
)
def test_dates_after_the_end_are_refused(content):
    assert "after the run ends (first day 2015-04-01, 3 years" in problems(**content)


def test_dates_before_the_start_or_backwards_are_refused():
    assert "before the run begins" in problems(shocks=[{"kind": "flu", "date": "2015-03-31"}])
    lasting = {"name": "x", "start": "2016-01-01", "end": "2015-12-01", "levers": {"admission": 0.9}}
    assert "before its start (2016-01-01)" in problems(interventions=[lasting])
    steps = [{"date": "2016-04-01", "form": "full"}, {"date": "2016-04-01", "form": "virtual"}]
    assert "contract.steps.1.date" in problems(contract={"steps": steps})


def test_a_run_shortened_later_leaves_out_what_would_start_after_it():
    content = {
        "place": "salford",
        "shocks": [{"kind": "flu", "date": "2015-12-01"}, {"kind": "flu", "date": "2016-12-01"}],
        "interventions": [{"name": "x", "end": "2017-01-01", "levers": {"admission": 0.9}}],
    }
    shortened = load(content, ["years=1"])
    assert [str(shock.date) for shock in shortened.shocks] == ["2015-12-01"]
    assert shortened.interventions[0].end is None
    assert shortened.warnings == (
        "shocks.1 is left out: it starts on 2016-12-01, the run now ends before 2016-04-01",
    )
    assert load(shortened.to_dict()) == shortened
    with pytest.raises(ExperimentError, match="after the run ends"):
        load(content, ["years=1", "shocks.0.date=2016-12-01"])


def councils(*given):
    return {
        "local_authorities": {
            "councils": [dict(zip(("name", "districts"), one, strict=False)) for one in given]
        }
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            [("A", ["Lancaster"])],
            "councils: no council serves Barrow-in-Furness, Copeland, South Lakeland, Wyre",
        ),
        (
            [("A", ["Lancastor"]), ("B",)],
            "districts.0: 'Lancastor': not a district of this place, which lies in",
        ),
        ([("A", ["Lancastor"]), ("B",)], "did you mean Lancaster?"),
        (
            [("A", ["Wyre"]), ("B", ["wyre"]), ("C",)],
            "councils.1.districts.0: 'wyre': A serves this district",
        ),
        (
            [("A", ["Wyre", "E07000128"]), ("C",)],
            "councils.0.districts.1: 'E07000128': A serves this district",
        ),
        ([("A",), ("B",)], "councils.1.name: 'B': A already serves the districts left over"),
        ([("A", []), ("B",)], "councils.0.districts"),
        ([("A", ["Wyre"]), ("a",)], "councils.1.name: 'a': this name is taken"),
    ],
)
def test_councils_share_out_the_districts(given, said):
    assert said in problems(place="morecambe-bay", organisations=councils(*given))


def test_a_council_without_a_district_is_refused():
    given = councils(("A", ["Salford"]), ("B",))
    assert "no district is left over for it" in problems(organisations=given)
    load({"place": "salford", "organisations": councils(("A",))})
