"""The picture of where trust and effort end, drawn by a command from the choices that a run makes."""

import xml.etree.ElementTree as ET
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from icsim.analysis.phase import Axis, phase
from icsim.cli import app
from icsim.experiment import ExperimentError

pytestmark = pytest.mark.integration
STARTS = "relationships.initial_trust=0.1,0.95"
PLACE = ("isle-of-wight", "--set", "shocks=[]", "--sample", "0.01", "--years", "7", "--across", STARTS)


def test_silo_and_collaboration_are_reached_and_are_one_where_partners_count_for_nothing(tmp_path):
    """From little trust to a silo, from much to collaboration; without the feedback one is left."""
    rules = "parameters.effort_collaboration=0.0,6.0"
    out = tmp_path / "picture"
    done = CliRunner().invoke(app, ["phase", *PLACE, "--down", rules, "--out", str(out)])
    assert done.exit_code == 0, done.output
    table: Any = pd.read_csv(out / "phase.csv").set_index(
        ["parameters.effort_collaboration", "relationships.initial_trust"]
    )
    silo, together = table.loc[(6.0, 0.1)], table.loc[(6.0, 0.95)]
    assert silo["effort"] < 0.35
    assert together["effort"] > 0.6
    assert together["trust"] > silo["trust"] + 0.4
    assert abs(table.loc[(0.0, 0.95)]["effort"] - table.loc[(0.0, 0.1)]["effort"]) < 0.05
    picture = ET.parse(out / "phase.svg").getroot()
    described = picture.find("{http://www.w3.org/2000/svg}desc")
    assert described is not None
    assert "0.95 end in collaboration" in str(described.text)
    assert (out / "phase.txt").read_text().strip() == described.text
    again = CliRunner().invoke(app, ["phase", *PLACE, "--down", rules, "--out", str(out)])
    assert again.exit_code == 2
    assert "--overwrite" in again.output


@pytest.mark.parametrize("text", ["a", "a=", "a=1", "a=1,1", "a=0:1:x", "a=0:1:1", "=1,2"])
def test_a_bad_axis_is_refused(text):
    with pytest.raises(ExperimentError, match="KEY=VALUE"):
        Axis.of(text)


def test_an_axis_is_a_list_or_a_range():
    assert Axis.of("a.b=x,y").values == ("x", "y")
    assert Axis.of("a=0:1:5").values == ("0", "0.25", "0.5", "0.75", "1")


def test_what_is_dated_is_refused():
    with pytest.raises(ExperimentError, match="stand still"):
        phase("isle-of-wight", overrides=["shocks=[{kind: flu, date: 2015-06-01, days: 30, size: 0.2}]"])
    with pytest.raises(ExperimentError, match="different keys"):
        phase("isle-of-wight", across=STARTS, down=STARTS)
