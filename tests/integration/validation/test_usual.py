"""The usual unmet need is reckoned from a run, and is what makes the mean effect of unmet need nothing."""

import pytest

from icsim import evidence
from icsim.experiment import load
from icsim.validation.usual import changes, usual_unmet_need

pytestmark = pytest.mark.integration

SMALL = {"place": "isle-of-wight", "years": 0.25, "population.sample": 0.1}


def of(**parameters):
    given = {f"parameters.{key}": value for key, value in parameters.items()}
    return usual_unmet_need(load("isle-of-wight", {**SMALL, **given}))


def test_every_row_is_reckoned_and_more_unmet_need_makes_each_higher():
    usual = of()
    assert set(usual) == {row.key for row in evidence.load() if row.key.startswith("unmet_usual_")}
    assert all(0 <= value < 1 for value in usual.values())
    assert usual["unmet_usual_frailty_severe"] > 3 * usual["unmet_usual_frailty_fit"] > 0
    more = of(unmet_frail_severe=2 * evidence.load().value("unmet_frail_severe"))
    assert more["unmet_usual_frailty_severe"] > 1.2 * usual["unmet_usual_frailty_severe"]


def test_what_is_written_says_where_it_is_from():
    from datetime import date

    england = load("england")
    (change,) = changes({"unmet_usual_acsc_fit": 0.04}, england, date(2026, 11, 22)).values()
    assert (change.value, change.note) == (
        0.04, "fitted by icsim calibrate --usual on 2026-11-22, from 3 years of england"
    )  # fmt: skip
