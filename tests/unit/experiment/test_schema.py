"""What an experiment may hold: limits, defaults from the catalogue, and the length of a run."""

import json
from datetime import date

import pytest

from icsim import evidence
from icsim.experiment import Experiment, ExperimentError, load
from icsim.experiment.json_schema import all_keys, expected, json_schema

pytestmark = pytest.mark.unit

LEAVES_OF_LISTS = {
    "trust": ("organisations", "acute_trusts"),
    "practice": ("organisations", "gp_practices", "practices"),
    "intervention": ("interventions",),
    "shock": ("shocks",),
    "step": ("contract", "steps"),
}


def problems(content, **more):
    with pytest.raises(ExperimentError) as caught:
        load({"place": "salford", **content, **more})
    return str(caught.value)


def trusts(*shares):
    return {
        "acute_trusts": [{"name": f"Trust {n}", "resident_share": share} for n, share in enumerate(shares)]
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            {"organisations": {"acute_trusts": [{"name": "A", "core_beds": -4}]}},
            "acute_trusts.0.core_beds: -4: expected a number from 0 to 1,000,000",
        ),
        (
            {"relationships": {"initial_trust": 1.3}},
            "relationships.initial_trust: 1.3: expected a number from 0 to 1",
        ),
        (
            {"relationships": {"initial_trust": {"gp_practice->acute_trust": 2}}},
            "gp_practice->acute_trust: 2: expected a number from 0 to 1",
        ),
        ({"population": {"sample": 0}}, "population.sample: 0: expected a number above 0 and up to 1"),
        ({"population": {"sample": True}}, "population.sample: true: expected a number"),
        ({"population": {"sample": "0.1"}}, "write it without quotes"),
        ({"population": {"sample": float("nan")}}, "population.sample: nan: expected a number"),
        ({"years": 0}, "years: 0: expected a number above 0 and up to 25"),
        ({"years": 26}, "years: 26: expected"),
        ({"years": float("inf")}, "years: inf: expected"),
        ({"start": 2015}, "start: 2015: expected a date"),
        ({"start": "2015-02-30"}, "start: '2015-02-30': expected a date"),
        ({"start": "1815-04-01"}, "expected a date from 2000 to 2099"),
        ({"seed": 1.5}, "seed: 1.5: expected a whole number"),
        ({"seed": -1}, "seed: -1: expected a whole number of 0 or more"),
        ({"replicates": 0}, "replicates: 0: expected a whole number from 1 to 10,000"),
        (
            {"contract": {"form": "virtuel"}},
            "expected one of traditional, virtual, partial, full; did you mean virtual?",
        ),
        ({"contract": {"payment": "blocks"}}, "did you mean block?"),
        ({"contract": {"steps": [{"date": "2016-01-01"}]}}, "the step changes nothing"),
        (
            {"contract": {"steps": [{"date": "2016-01-01", "talks_since": "2016-02-01", "form": "full"}]}},
            "talks are about a form",
        ),
        (
            {"contract": {"pooled_budget": {"covers": ["acut"]}}},
            "contract.pooled_budget.covers.0: 'acut': expected one of acute, community",
        ),
        (
            {"contract": {"pooled_budget": {"contributions_gbp_per_year": {"acute_trust": 1}}}},
            "contributions_gbp_per_year.acute_trust: unknown key",
        ),
        (
            {"contract": {"performance": {"weights": {"four_hour": 1}}}},
            "did you mean four_hours?",
        ),
        (
            {"contract": {"control_totals": {"surplus_shares": {"acute_trusts": 0.01}}}},
            "or a trust or commissioner this experiment names; did you mean acute_trust?",
        ),
        (
            {"contract": {"control_totals": {"surplus_shares": {"acute_trust": 2}}}},
            "surplus_shares.acute_trust: 2: expected a number from -1 to 1",
        ),
        (
            {"contract": {"performance": {"start": "2016-04-01", "end": "2016-01-01"}}},
            "contract.performance.end: '2016-01-01': before its start (2016-04-01)",
        ),
        (
            {"contract": {"holder": "Nobody"}},
            "contract.holder: 'Nobody': expected an organisation named in this experiment",
        ),
        ({"contract": {"organisational_form": "company"}}, "expected one of alliance, lead_provider_trust"),
        ({"contract": {"frictions": {"vat": -1}}}, "frictions.vat: -1: expected a number of 0 or more"),
        (
            {"contract": {"carried_deficits": "yes"}},
            "contract.carried_deficits: 'yes': expected none or a mapping",
        ),
        ({"programme": "some"}, "programme: 'some': expected none or a mapping"),
        (
            {"programme": {"name": "P", "funding_gbp_per_year": {"2015": 1}}},
            "funding_gbp_per_year.2015: unknown key",
        ),
        ({"plase": 1}, "plase: unknown key; did you mean place?"),
        ({"sample": 0.1}, "sample: unknown key; did you mean population.sample?"),
        ({"interventions": [{"name": "x", "levers": {"admision": 0.9}}]}, "did you mean admission"),
        (
            {"interventions": [{"name": "x", "levers": {"admission": 0}}]},
            "levers.admission: 0: expected a number above 0",
        ),
        ({"interventions": [{"name": "x", "levers": {}}]}, "interventions.0.levers: an empty mapping"),
        (
            {"interventions": [{"name": "x", "levers": {"admission": 1}, "who": {"frailty": ["mid"]}}]},
            "did you mean mild?",
        ),
        (
            {
                "interventions": [
                    {"name": "x", "levers": {"admission": 1}, "who": {"min_age": 80, "max_age": 60}}
                ]
            },
            "min_age 80 is above max_age 60",
        ),
        ({"shocks": [{"kind": "flue", "date": "2016-01-01"}]}, "did you mean flu?"),
        ({"shocks": [{"kind": "bed_closure", "date": "2016-01-01", "size": 2}]}, "share lost"),
        ({"shocks": [{"kind": "leader_leaves", "date": "2016-01-01", "days": 3}]}, "a moment"),
        (
            {"shocks": [{"kind": "flu", "date": "2016-01-01", "days": 3, "end": "2016-02-01"}]},
            "either end or days",
        ),
        (
            {"organisations": {"gp_practices": {"count": 2, "practices": [{"name": "A"}]}}},
            "count is 2 but 1 practices",
        ),
        ({"organisations": {"acute_trusts": []}}, "expected a list of one or more"),
        ({"organisations": {"acute_trusts": [{"name": "A", "code": 5e3}]}}, "put it in quotes"),
        ({"organisations": {"acute_trusts": [{"name": "A->B"}]}}, "may not contain '->'"),
        ({"organisations": {"acute_trusts": [{"core_beds": 4}]}}, "acute_trusts.0.name: missing"),
        ({"record": {"daily": 3}}, "record.daily: 3: expected true or false"),
    ],
)
def test_impossible_values_are_refused_with_what_was_expected(content, said):
    assert said in problems(content)


def test_a_place_is_needed():
    with pytest.raises(ExperimentError, match="place: missing; expected a place such as"):
        load({"years": 1})


def test_every_problem_is_told_in_one_message():
    message = problems({"years": 0, "seed": -1, "plase": 1, "parameters": {"gp_nurse_consult_rat": 1}})
    assert message.startswith("4 problems:\ndict: plase")
    assert "did you mean gp_nurse_consult_rate" in message


def test_defaults_are_the_catalogue_s():
    experiment, catalogue = load({"place": "salford"}), evidence.load()
    assert experiment.years == catalogue.value("experiment_years")
    assert experiment.population.sample == 1
    assert experiment.relationships.initial_trust == catalogue.value("experiment_initial_trust")
    assert experiment.contract.form == "traditional"
    shock = load({"place": "salford", "shocks": [{"kind": "flu", "date": "2016-01-01"}]}).shocks[0]
    assert shock.size == catalogue.value("experiment_shock_flu_size")
    assert shock.days == catalogue.value("experiment_shock_flu_days")


@pytest.mark.parametrize(
    ("start", "years", "end", "days"),
    [
        ("2015-04-01", 3, date(2018, 4, 1), 1096),
        ("2015-04-01", 1, date(2016, 4, 1), 366),
        ("2015-04-01", 0.5, date(2015, 10, 1), 183),
        ("2015-04-01", 0.0001, date(2015, 4, 2), 1),
        ("2016-02-29", 1, date(2017, 3, 1), 366),
    ],
)
def test_a_run_ends_on_the_anniversary(start, years, end, days):
    experiment = load({"place": "salford", "start": start, "years": years})
    assert (experiment.end, experiment.days) == (end, days)


def test_relationships_go_from_the_most_particular_to_the_general():
    pairs = {
        "default": 0.1,
        "gp_practice->acute_trust": 0.2,
        "gp_practice->Trust 0": 0.3,
        "Trust 0->commissioner": 0.4,
    }
    experiment = load(
        {"place": "salford", "organisations": trusts(0.5), "relationships": {"initial_trust": pairs}}
    )
    between = experiment.relationships.value_between("initial_trust")
    assert between("gp_practice", "P1", "acute_trust", "Trust 1") == 0.2
    assert between("gp_practice", "P1", "acute_trust", "Trust 0") == 0.3
    assert between("acute_trust", "Trust 0", "commissioner", None) == 0.4
    assert between("commissioner", None, "acute_trust", "Trust 0") == 0.1
    contact = experiment.relationships.value_between("contact")
    assert contact("a", None, "b", None) == evidence.load().value("experiment_contact")


def test_yes_and_no_are_understood_where_they_are_asked_for():
    assert load({"place": "salford", "record": {"daily": "no"}}).record.daily is False


def test_an_experiment_never_changes():
    experiment = load({"place": "salford"})
    with pytest.raises(ValueError, match="frozen"):
        experiment.years = 4  # type: ignore[misc]


def _described(schema, path=""):
    for key, field in schema.get("properties", {}).items():
        yield f"{path}.{key}", field


def test_the_json_schema_describes_every_key():
    schema = json_schema()
    for name, part in {"": schema, **schema["$defs"]}.items():
        for path, field in _described(part, name):
            assert field.get("description"), path
            assert "evidence" not in field or "default" in field, path
    assert schema["properties"]["parameters"]["properties"]["gp_nurse_consult_rate"]["type"] == "number"
    assert json.loads(json.dumps(schema)) == schema


def test_every_key_says_what_it_expects():
    assert "organisations.gp_practices.gp_fte_per_1000" in all_keys()
    for key in all_keys():
        assert expected(tuple(key.split("."))) not in ("", "a value"), key


def test_the_content_alone_decides_equality_and_digest():
    one = load({"place": "salford", "years": 3})
    assert one == load({"place": "salford"})
    assert one.origins["years"] == "dict"
    assert one.digest() == load({"place": "salford"}).digest()
    assert hash(one) == hash(load({"place": "salford"}))
    assert one != load({"place": "salford", "seed": 2})
    assert one.digest() != load({"place": "salford", "seed": 2}).digest()
    assert isinstance(one, Experiment)
