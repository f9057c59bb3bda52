"""Plans of calibration: what is read, what is refused, and the scales on which parameters are sought."""

import re

import pytest

from icsim import evidence
from icsim.experiment import ExperimentError
from icsim.validation.calibration import FittedParameter, parameters_of, read_plan, targets_of
from icsim.validation.evaluations import Figure

pytestmark = pytest.mark.unit

TARGETS = "targets:\n  - row: 'Deaths: 85+'\n"


def _read(tmp_path, parameters, targets=TARGETS, set_already=()):
    file = tmp_path / "plan.yaml"
    file.write_text(f"place: england\nparameters:\n{parameters}\n{targets}")
    plan, tree = read_plan(file)
    return plan, tree, parameters_of(plan, dict.fromkeys(set_already, 1.0), tree)


def test_the_shipped_plan_names_rows_that_are_there_and_can_be_fitted():
    plan, tree = read_plan()
    parameters = parameters_of(plan, {}, tree)
    catalogue = evidence.load()
    for parameter in parameters:
        low, high = parameter.bounds
        assert low == pytest.approx(-2)
        assert high == pytest.approx(2)
        assert low - 1e-9 <= parameter.start <= high + 1e-9
        for key, value in parameter.settings(parameter.start).items():
            assert value == catalogue.value(key)


def test_rows_moved_together_keep_their_proportions_and_their_ranges(tmp_path):
    _, _, (parameter,) = _read(tmp_path, "  - {name: support, keys: ['discharge_support_*']}")
    assert "discharge_support_0-4" not in parameter.keys  # 0 times any factor is 0
    low, high = parameter.bounds
    catalogue = evidence.load()
    for position in (low, 0.3, high):
        values = parameter.settings(position)
        factors = [value / catalogue.value(key) for key, value in values.items()]
        assert factors == pytest.approx([parameter.value(position)] * len(factors), rel=2e-3)
        assert all(_low(key) <= value <= _high(key) for key, value in values.items())


def _low(key):
    return evidence.load()[key].low or 0.0


def _high(key):
    return evidence.load()[key].high or 0.0


def test_a_position_does_not_depend_on_the_value_that_rows_hold_now():
    before = FittedParameter("x", ("a", "b"), (0.1, 0.2), (0.05, 0.1), (0.2, 0.4))
    after = FittedParameter("x", ("a", "b"), (0.12, 0.24), (0.05, 0.1), (0.2, 0.4))
    assert after.settings(1.3) == before.settings(1.3)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("  - key: need_scale_mino", r"plan.yaml:3: .*need_scale_mino.*did you mean need_scale_minor"),
        ("  - key: emerg_adm_rate_age0-19_imdq1", "only assumed values"),
        ("  - key: direct_admission", "on the path of care"),
        ("  - key: ae_minor_scale\n  - key: ae_minor_scale", "plan.yaml:4: .*given twice"),
        ("  - key: ae_minor_scale\n    keys: [not_ready]", "either a key, or a name with keys"),
        ("  - keye: ae_minor_scale", "unknown key; did you mean key"),
        ("  - {name: x, keys: [not_ready, ae_minor_scale]}", "a low above 0"),
        ("  - key: need_scale_death", "set by the experiment too"),
    ],
)
def test_what_cannot_be_fitted_is_refused_with_the_line(tmp_path, parameters, said):
    with pytest.raises(ExperimentError, match=said):
        _read(tmp_path, parameters, set_already=["need_scale_death"])


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("- row: 'Deaths: 85'", "no such row; did you mean Deaths: 85\\+"),
        ("- {row: 'Trend: x'}", "give the target a tolerance"),
        ("- {row: 'Trend: x', tolerance: 0}", "greater than 0"),
        ("- {row: 'Empty: y', tolerance: 0.1}", "no figure to compare"),
    ],
)
def test_a_target_that_cannot_be_met_or_found_is_refused(tmp_path, target, said):
    nan = float("nan")
    figures = [
        Figure("Deaths: 85+", "per 1,000", 140, 149, 0.85, 1.15),
        Figure("Trend: x", "%", 1, 3),
        Figure("Empty: y", "%", nan, 3, 0.9, 1.1),
    ]

    def read():
        plan, tree, _ = _read(tmp_path, "  - key: ae_minor_scale", f"targets:\n  {target}\n")
        targets_of(plan, figures, tree)

    with pytest.raises(ExperimentError, match=said):
        read()


def test_a_file_that_is_no_plan_is_refused(tmp_path):
    with pytest.raises(ExperimentError, match=re.escape("cannot be read")):
        read_plan(tmp_path / "none.yaml")
    (tmp_path / "empty.yaml").write_text("place: england\n")
    with pytest.raises(ExperimentError, match="2 problems"):
        read_plan(tmp_path / "empty.yaml")
