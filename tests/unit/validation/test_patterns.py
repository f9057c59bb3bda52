"""Patterns as data, and the verdict on what the seeds show."""

import math
from concurrent.futures import Future

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from icsim.experiment import load
from icsim.validation import validating
from icsim.validation.pattern import Check, Pattern, patterns
from icsim.validation.validating import NOT_SHOWN, SHOWN, UNSURE, Finding, Setting, Verdict
from icsim.validation.verdicts import page, plain, summary
from icsim.workers import Workers

pytestmark = pytest.mark.unit
CHECK = {"figure": "maturity", "unit": "share", "above": 0.0}


def pattern(**changes):
    return Pattern.model_validate({
        "id": "one", "title": "One", "source": "ours", "expected": "more", "given": {},
        "checks": {"it": CHECK}, "ablation": {"title": "nothing"},
    } | changes)  # fmt: skip


def verdict(values, without, **check):
    of = Check.model_validate({"figure": "maturity", "unit": "share"} | (check or {"above": 0.0}))
    return Verdict(pattern(), "it", of, Finding.of(values), without and Finding.of(without))


@pytest.mark.parametrize("name", patterns())
def test_every_world_of_a_pattern_is_an_experiment(name):
    one = patterns()[name]
    for world in one.worlds:
        for ablated in (False, True):
            load(one.place or "salford", one.overrides(world, ablated) | {"population.sample": 0.01})


@pytest.mark.parametrize(
    ("values", "without", "says"),
    [
        ([0.9, 1.0, 1.1], [-0.1, 0.0, -0.2], SHOWN),
        ([0.9, 1.0, 1.1], [0.9, 1.0, 1.1], NOT_SHOWN),  # survives its ablation
        ([-0.9, -1.0, -1.1], [0.0, 0.0, 0.0], NOT_SHOWN),
        ([-1.0, 1.0, 3.0], [0.0, 0.0, 0.0], UNSURE),
        ([0.9, 1.0, 1.1], [-0.2, 0.0, 0.2], SHOWN),  # astride the edge, but surely less
        ([0.1, 0.11, 0.12], [-0.5, 0.0, 0.6], UNSURE),
        ([0.9, 1.0, 1.1], None, SHOWN),
        ([1.0], [0.0], UNSURE),
    ],
)
def test_a_pattern_is_shown_when_it_is_there_and_gone_without_its_mechanism(values, without, says):
    assert verdict(values, without).says == says


def test_what_seeds_tell_apart_is_a_difference_that_a_test_has_power_for():
    values = [0.9, 1.0, 1.1]
    n, sd = len(values), np.std(values, ddof=1)
    least = Finding.of(values).tells
    # the power of Student's t test, by the noncentral distribution, which the shifted t comes near to
    edge = stats.t.ppf(0.975, n - 1)
    power = 1 - stats.nct.cdf(edge, n - 1, least / (sd / math.sqrt(n)))
    assert 0.75 < power < 0.95
    assert Finding.of(values * 4).tells < least / 2
    assert math.isnan(Finding.of([1.0]).tells)
    assert math.isnan(Finding.of([1.0, math.nan]).tells)


def test_a_share_of_seeds_lies_between_none_and_all():
    share = Check.model_validate({"figure": "pilot_given_up", "unit": "share of seeds", "above": 0.5})
    few, all_ = Finding.of([1.0, 1.0, 1.0, 0.0], share), Finding.of([1.0] * 8, share)
    assert (few.mean, 0.1 < few.low < 0.5, few.high < 1) == (0.75, True, True)
    assert (all_.low, all_.high) == (pytest.approx(0.025 ** (1 / 8)), 1.0)  # what 8 of 8 rule out
    assert math.isnan(Finding.of([1.0, math.nan], share).low)


def test_an_ablation_may_change_one_world_alone():
    one = pattern(worlds={"a": {"years": 1}, "b": {}}, ablation={"title": "x", "worlds": {"b": {"years": 2}}})
    assert one.overrides("b", True) == {"years": 2}
    assert one.overrides("b", False) == {}
    assert one.overrides("a", True) == {"years": 1}
    with pytest.raises(ValidationError, match="no world is called c"):
        pattern(ablation={"title": "x", "worlds": {"c": {}}})


def test_a_band_has_two_edges():
    assert verdict([5.0, 5.1, 4.9], None, between=(4, 6)).says == SHOWN
    assert verdict([7.0, 7.1, 6.9], None, between=(4, 6)).says == NOT_SHOWN
    assert verdict([5.0, 5.1, 4.9], None, below=2).says == NOT_SHOWN


@pytest.mark.parametrize(
    "changes",
    [
        {"checks": {"it": {**CHECK, "below": 1.0}}},
        {"checks": {"it": {**CHECK, "figure": "no_such"}}},
        {"ablation": {"title": "x", "gone": ["that"]}},
        {"checks": {}},
        {"colour": "red"},
    ],
)
def test_a_pattern_that_is_written_wrongly_is_refused(changes):
    with pytest.raises(ValidationError):
        pattern(**changes)


def test_the_table_says_what_was_found():
    one = verdict([0.9, 1.0, 1.1], [0.0, 0.0, 0.0])
    setting = Setting("salford", 0.5, 3)
    assert summary([one]) == "1 shown, 0 not shown, 0 cannot tell"
    assert "| it, share | above 0 | 1 (0.752 to 1.25) | 0.31 | 0 (0 to 0) | shown |" in page([one], setting)
    bare = verdict([0.9, 1.0, 1.1], None)
    said = "of 2 checks **2 shown, 0 not shown, 0 cannot tell**; of 1 patterns 1 are shown in every check"
    assert f"{said}, and 1 of the checks shown" in page([one, bare], setting)
    assert "of 1 patterns 0 are shown in every check" in page([one, verdict([-2.0, 2.0], None)], setting)
    (row,) = plain([one], setting)["checks"]
    assert row["found"]["mean"] == pytest.approx(1.0)
    assert row["verdict"] == SHOWN
    assert plain([verdict([1.0, math.nan, 1.0], None)], setting)["checks"][0]["found"]["values"][1] is None


def test_what_few_seeds_cannot_tell_is_given_more_and_no_other(monkeypatch):
    """One pattern is sure at once, one after twice as many seeds, one never."""
    luck = {"sure": 0.01, "late": 0.6, "never": 50.0}
    made: list[tuple[str, int, bool]] = []

    def figures(one, setting, seed, ablated, folder):
        made.append((one.id, seed, ablated))
        return {"it": 0.0 if ablated else 0.7 + luck[one.id] * (-1) ** seed}

    monkeypatch.setattr(validating, "figures_of", figures)
    wanted = [pattern(id=name) for name in luck]
    found = list(validating.validate(wanted, Setting("salford", 0.1, 4), Here(), most=12))
    assert [len(one.found.values) for one in found] == [4, 8, 12]
    assert [one.says for one in found] == [SHOWN, SHOWN, UNSURE]
    assert len(made) == len(set(made)) == 2 * (4 + 8 + 12)  # no seed is run twice
    assert "`late`, 8 seeds" in page(found, Setting("salford", 0.1, 4))
    assert "`sure`." in page(found, Setting("salford", 0.1, 4))
    told = list(validating.validate(wanted, Setting("salford", 0.1, 4), Here()))
    assert [len(one.found.values) for one in told] == [4, 4, 4]


class Here(Workers):
    """Works at once, in this process."""

    def __init__(self) -> None:
        super().__init__(1)

    def submit(self, work, *arguments):
        done: Future = Future()
        done.set_result(work(*arguments))
        return done
