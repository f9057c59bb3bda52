"""Matching behaviour: what a target asks, what is ruled out, and that nothing is kept that was not run."""

from concurrent.futures import Future

import numpy as np
import pytest

from icsim import evidence
from icsim.analysis.doubt import drawn
from icsim.validation import behaviour
from icsim.validation.behaviour import Plan, Target, at_values, next_wave, targets_of, within
from icsim.validation.pattern import Check, patterns

pytestmark = pytest.mark.unit
PLAN = Plan.shipped()


class Here:
    """Calls at once, in this process."""

    shares_files = True

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return None

    def submit(self, work, *arguments):
        done = Future()
        done.set_result(work(*arguments))
        return done


def test_the_plan_names_values_with_ranges_and_keeps_some_targets_for_a_test():
    assert all(row.low is not None and row.high is not None and row.low < row.high for row in PLAN.rows)
    assert all(row.kind == "assumed" for row in PLAN.rows)
    assert PLAN.used
    assert PLAN.unused
    assert not {one.id for one in PLAN.used} & {one.id for one in PLAN.unused}


def test_how_far_a_figure_is_off():
    figures = np.array([0.2, 0.5, 0.9])
    between = Target("t", Check(figure="maturity", unit="share", between=(0.35, 0.65)))
    assert between.off(figures) == pytest.approx([0.15, 0, 0.25])
    assert Target("t", Check(figure="maturity", unit="", above=0.5)).off(figures) == pytest.approx(
        [0.3, 0, 0]
    )
    assert Target("t", Check(figure="maturity", unit="", below=0.5)).off(figures) == pytest.approx(
        [0, 0, 0.4]
    )
    assert within([between], figures[:, None], np.array([0.1])).tolist() == [True, True, False]


def test_values_reach_every_world_of_a_pattern():
    one = at_values(patterns()["leaders-leave"], {"trust_gain": 0.07})
    for world in one.worlds:
        assert one.overrides(world, False)["parameters.trust_gain"] == 0.07
        assert one.overrides(world, False)["years"] == 3
    assert "parameters.trust_gain" not in patterns()["leaders-leave"].given


def test_what_an_emulator_rules_out_is_not_tried_again():
    pytest.importorskip("sklearn")
    catalogue = evidence.load()
    rows = [catalogue[key] for key in ("trust_gain", "trust_loss", "effort_base")]
    sets = drawn(rows, 40)
    gain = np.array([one["trust_gain"] for one in sets])
    target = Target("t", Check(figure="maturity", unit="", above=0.14))
    again, ruled_out = next_wave(rows, [target], sets, gain[:, None], np.array([0.002]), 20)
    assert 0.5 < ruled_out < 0.95
    assert len(again) == 20
    assert min(one["trust_gain"] for one in again) > 0.12


def test_what_is_kept_was_run_and_meets_what_was_asked(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("sklearn")
    ran = []

    def figures_of(pattern, setting, seed, ablated, folder):
        values = {k.removeprefix("parameters."): v for k, v in pattern.given.items() if "trust_" in k}
        ran.append(values)
        return dict.fromkeys(pattern.figures(False), 10 * values["trust_gain"] + 0.001 * seed)

    monkeypatch.setattr(behaviour, "figures_of", figures_of)
    check = Check(figure="maturity", unit="share", between=(1.2, 1.6))
    used = patterns()["half-way"].model_copy(update={"checks": {"maturity": check}})
    catalogue = evidence.load()
    rows = tuple(catalogue[key] for key in ("trust_gain", "trust_loss"))
    plan = Plan("salford", rows, (used,), PLAN.unused[:1])
    found = behaviour.match(plan, sets=30, sample=0.01, seeds=3, workers=Here())
    assert len(found.ensemble.sets) > 3
    for one in found.ensemble.sets:
        assert one in ran
        assert 0.119 < one["trust_gain"] < 0.161
    assert found.at_catalogue["half-way: maturity"] == pytest.approx(1.002)
    text = behaviour.page(found)
    assert f"**{len(found.ensemble.sets)} are kept**" in text
    assert "half-way: maturity | yes" in text
    assert targets_of(plan.unused)[0].name in text
