"""A pattern run with its mechanism and without, here and on Ray."""

import pytest

from icsim.sweeps.execution import Cluster
from icsim.sweeps.workers import RayWorkers
from icsim.validation.pattern import Pattern
from icsim.validation.validating import SHOWN, Setting, validate

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pattern() -> Pattern:
    return Pattern.model_validate({
        "id": "slack", "title": "Slack", "source": "a test", "expected": "more effort",
        "given": {"years": 0.5, "programme": "none", "parameters.effort_noise": 0.0},
        "worlds": {
            "none": {"joint_work": {}},
            "some": {"joint_work.slack": 0.5},
            "more": {"joint_work.slack": 1.0},
        },
        "checks": {"gain": {"figure": "effort_gained_by_slack", "unit": "effort", "above": 0.0}},
        "ablation": {"title": "effort ignores pressure", "given": {"parameters.effort_pressure": 0.0}},
    })  # fmt: skip


def test_slack_adds_effort_and_not_where_pressure_counts_for_nothing(pattern: Pattern):
    told, setting = [], Setting("isle-of-wight", 0.02, 3)
    (verdict,) = validate([pattern], setting, told=lambda: told.append(1))
    assert len(told) == 6
    assert verdict.ablated is not None
    assert verdict.ablated.mean == pytest.approx(0.0, abs=1e-6)
    assert verdict.found.mean > 0.001
    assert verdict.says == SHOWN


def test_ray_finds_the_same(pattern: Pattern):
    setting = Setting("isle-of-wight", 0.02, 2)
    (here,) = validate([pattern], setting)
    (there,) = validate([pattern], setting, RayWorkers(Cluster(jobs=2), 500_000_000))
    assert there.found.values == here.found.values
    assert there.ablated == here.ablated
