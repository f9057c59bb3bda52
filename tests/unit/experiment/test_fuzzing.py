"""Whatever is written, the answer is an experiment or one clear error, never a traceback."""

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from icsim.cli import app
from icsim.experiment import ExperimentError, load
from icsim.experiment.json_schema import all_keys
from icsim.experiment.showing import shown_yaml

pytestmark = pytest.mark.unit

WHOLE: dict[str, Any] = {
    "name": "whole",
    "place": "salford",
    "start": "2015-04-01",
    "years": 3,
    "seed": 5,
    "replicates": 2,
    "population": {"sample": 0.1},
    "organisations": {
        "acute_trusts": [
            {"name": "A", "core_beds": 500, "resident_share": 0.7},
            {"name": "B", "code": "RM3"},
        ],
        "gp_practices": {"practices": [{"name": "P", "list_size": 9000, "gp_fte": 4}]},
        "local_authorities": {
            "councils": [{"name": "L", "districts": ["Salford"]}],
            "eligibility": "critical",
        },
    },
    "relationships": {"initial_trust": {"default": 0.3, "A->gp_practice": 0.6}, "contact": 0.4},
    "contract": {"form": "virtual", "steps": [{"date": "2016-04-01", "payment": "capitation"}]},
    "programme": {
        "name": "Together",
        "funding_gbp_per_year": {"2015/16": 1e6},
        "forum": {"gps": 0.2},
        "services": [{"use": "own", "size": 2, "levers": {"need_acsc": 0.8}}],
    },
    "services": {
        "own": {
            "title": "Own",
            "level": "C",
            "source": "me",
            "needs": {
                "partners": ["gp_practice"],
                "trust": {"gp_practice->acute_trust": 0.3},
                "staff": [{"role": "nurse", "per_100_000": 2}],
            },
            "capacity": {"caseload_per_post": 30, "months": 6},
            "ramp_months": 6,
            "levers": {"need_acsc": {"value": 0.9, "low": 0.8}, "admission": 0.95},
            "ways_to_fail": [{"how": "culture", "between": ["gp_practice", "acute_trust"], "distance": 0.5}],
        }
    },
    "interventions": [
        {
            "name": "hub",
            "start": "2016-01-01",
            "levers": {"admission": 0.9},
            "who": {"min_age": 65, "frailty": ["mild"]},
        },
        {"use": "telehealth", "start": "2016-01-01"},
    ],
    "shocks": [
        {"kind": "flu", "date": "2016-12-01"},
        {"kind": "bed_closure", "date": "2016-06-01", "organisation": "A"},
    ],
    "parameters": {"gp_nurse_consult_rate": 5},
    "record": {"people": False},
}
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.dates(date(1, 1, 1), date(9999, 12, 31))
    | st.datetimes()
    | st.sampled_from(
        [
            "salford",
            "none",
            "default",
            "A",
            "A->B",
            "flu",
            "virtual",
            -1,
            1.3,
            10**400,
            "2016-01-01",
            "\ud800",
        ]
    )
)
keys = st.text(max_size=12) | st.sampled_from([step for key in all_keys() for step in key.split(".")])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a nested value."""
    found = []
    for key, below in value.items() if isinstance(value, dict) else enumerate(value):
        found.append((value, key))
        if isinstance(below, dict | list):
            found += places_in(below)
    return found


@st.composite
def mutated(draw):
    content = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(places_in(content)))
        action = draw(st.sampled_from(["replace", "remove", "rename", "add"]))
        if action == "remove":
            del container[key]
        elif action == "replace" or isinstance(container, list):
            container[key] = draw(values)
        elif action == "rename":
            container[draw(keys)] = container.pop(key)
        else:
            container[draw(keys)] = draw(values)
        if not places_in(content):
            break
    return content


def read(source, overrides=()):
    """Load; if it is an experiment, it comes back equal from its own content."""
    try:
        experiment = load(source, overrides)
    except ExperimentError as error:
        message = str(error)
        assert message
        assert "Traceback" not in message
        assert all(line.isprintable() for line in message.split("\n"))
        return None
    assert load(experiment.to_dict()) == experiment
    return experiment


def test_the_example_is_whole():
    assert read(WHOLE) is not None


@given(mutated())
@settings(max_examples=150)
def test_mutated_mappings(content):
    read(content)


@given(st.dictionaries(keys, values, max_size=4))
@settings(max_examples=50)
def test_random_mappings(content):
    read(content)


@given(
    st.lists(st.builds("{}={}".format, keys | st.sampled_from(all_keys()), st.text(max_size=20)), max_size=3)
)
@settings(max_examples=100)
def test_random_overrides(overrides):
    read("salford", overrides)


def splice(text: str, at: int, drop: int, insert: str) -> str:
    return text[:at] + insert + text[at + drop :]


@given(st.data())
@settings(max_examples=60)
def test_mutated_files_on_the_command_line(tmp_path_factory, data):
    text = shown_yaml(load(WHOLE))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(text)))
        piece = data.draw(
            st.text(max_size=6)
            | st.sampled_from(["- ", ": ", "*a", "&a ", "!x ", "{", "[", "\t", "\n", "'", "#"])
        )
        text = splice(text, at, data.draw(st.integers(0, 12)), piece)
    answer(tmp_path_factory, text.encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=200))
@settings(max_examples=40)
def test_random_bytes_on_the_command_line(tmp_path_factory, raw):
    answer(tmp_path_factory, raw)


def answer(tmp_path_factory, raw: bytes) -> None:
    """Both commands answer a file with 0 or 2, never with a traceback, and agree."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(raw)
    codes = set()
    for command in ("check", "show"):
        result = CliRunner().invoke(app, [command, str(path)])
        assert result.exit_code in (0, 2), (result.output, result.exception)
        assert "Traceback" not in result.output
        assert result.output.strip()
        codes.add(result.exit_code)
    assert len(codes) == 1


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=40)
def test_random_arguments_on_the_command_line(source, override):
    result = CliRunner().invoke(app, ["check", "--set", override, "--", source])
    assert result.exit_code in (0, 2), (result.output, result.exception)
