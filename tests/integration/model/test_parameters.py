"""Any value that a parameter may take can be lived with; any other is refused in one line."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from icsim import evidence
from icsim.cli import app
from icsim.evidence.limits import limits
from icsim.experiment import ExperimentError, load
from icsim.model import ICSModel
from icsim.running import finish, release

pytestmark = pytest.mark.integration
FEW_DAYS = {
    "extends": "isle-of-wight",
    "population": {"sample": 0.004},
    "start": date(2016, 3, 15),  # a month ends, and a financial year
    "years": 0.1,
}


def lived(parameters):
    """Live some weeks with these parameters; whatever was counted and paid is a number."""
    model = ICSModel({**FEW_DAYS, "parameters": parameters})
    while model.running:
        model.step()
    finish(model)
    recorder = model.recorder
    kinds = {organisation.kind for organisation in model.organisations}
    for kind in ("system", *kinds):
        assert np.isfinite(recorder.block(kind)).all(), kind
    assert np.isfinite(recorder.by_group).all()
    assert np.isfinite(recorder.money.columns["amount_gbp"]).all()
    assert recorder.people is not None
    for name, column in recorder.people.select_dtypes("number").items():
        assert np.isfinite(column).all(), name
    used = model.catalogue.used
    release(model)
    return used


@pytest.fixture(scope="module")
def keys():
    """Numbers that a run reads."""
    used = lived({})
    rows = [row for row in evidence.load() if row.is_number and row.topic != "experiment"]
    return [row.key for row in rows if row.key in used]


def within(key):
    """Values that a row may take, its ends among them."""
    row = evidence.load()[key]
    allowed = limits(row)
    known = [x for x in (row.low, row.value, row.high, 0.0, allowed.least, allowed.most) if x is not None]
    anything = st.floats(allowed.least, allowed.most, allow_subnormal=False)
    return (st.sampled_from(known) | anything).map(float).filter(allowed.allow)


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_values_within_the_limits_can_be_lived_with(keys, data):
    chosen = data.draw(st.lists(st.sampled_from(keys), min_size=1, max_size=4, unique=True))
    parameters = {key: data.draw(within(key), label=key) for key in chosen}
    try:
        lived(parameters)
    except ExperimentError as error:
        assert "cannot be more" in str(error)  # noqa: PT017 - a part larger than its whole


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_value_beyond_the_limits_is_refused(keys, data):
    row = evidence.load()[data.draw(st.sampled_from(keys))]
    allowed = limits(row)
    values = st.floats() | st.sampled_from([0.0, -1.0, 1e12, allowed.most * 1.001, allowed.least - 1e-9])
    value = data.draw(values.filter(lambda x: not allowed.allow(x)))
    with pytest.raises(ExperimentError) as caught:
        load({**FEW_DAYS, "parameters": {row.key: value}})
    (problem,) = caught.value.problems
    assert problem.key == f"parameters.{row.key}"
    assert "expected a" in str(problem)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("parameters={patience_days: 0}", "parameters.patience_days: 0: expected a number above 0"),
        ("parameters={trust_outside_stay: 0}", "expected a number above 0"),
        ("parameters={frailty_log_sd: 0}", "expected a number above 0"),
        ("parameters={cost_ae: 1.0e+12}", "expected a number from 0 to 14,800"),
        ("parameters={cost_ae: .nan}", "cost_ae"),
        ("parameters={cost_ae: .inf}", "cost_ae"),
        ("organisations.acute_trusts.0.core_beds=1.0e+12", "from 0 to 1,000,000"),
    ],
)
def test_the_command_refuses_in_one_line(tmp_path, override, said):
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["run", "isle-of-wight", "--set", override, "--out", str(out)])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert not out.exists()
