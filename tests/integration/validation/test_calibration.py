"""A small calibration: comes nearer its target, writes a sound catalogue, runs nothing twice."""

import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from icsim.evidence.catalogue import FOLDER, read_catalogue
from icsim.evidence.rewriting import rewrite
from icsim.experiment import load
from icsim.validation.calibration import Task, calibrate, read_plan
from icsim.validation.calibration_tables import Account, overlay

pytestmark = pytest.mark.integration

PLAN = """
place: isle-of-wight
years: 1
parameters:
  - key: ae_minor_scale
targets:
  - {row: "A&E attendances: all ages", tolerance: 0.02}
"""


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    file = tmp_path_factory.mktemp("plan") / "plan.yaml"
    file.write_text(PLAN)
    task = Task(read_plan(file), sample=0.05)
    (minor,) = task.parameters
    task.parameters = [replace(minor, values=(1.1,))]  # as if the catalogue held far too much
    return task


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def account(task, kept):
    with task.evaluator(cache=kept, most=20) as evaluator:
        return Account(calibrate(task, evaluator))


def test_a_target_that_was_far_off_comes_near(account):
    calibration = account.calibration
    target = [figure.name for figure in calibration.before].index("A&E attendances: all ages")
    before, after = (f[target].found / f[target].published for f in (calibration.before, calibration.after))
    assert before > 1.05
    assert abs(after - 1) < abs(before - 1) / 2
    assert 0.7 <= calibration.values["ae_minor_scale"] < 1
    assert calibration.fit.slopes[target, 0] > 0
    assert np.flatnonzero(calibration.used).tolist() == [target]


def test_what_was_used_and_what_not_is_told(account):
    page = account.markdown(date(2026, 1, 2))
    used = page.split("## Targets used")[1].split("## Rows not used")[0]
    unused = page.split("## Rows not used")[1].split("## Rows that are still outside")[0]
    assert used.count("\n| ") == 3  # head, rule and the one row
    assert "| A&E attendances: all ages |" in used
    assert "| Deaths: 85+ |" in unused
    assert "one target only" in page


def test_the_values_make_a_sound_catalogue_and_a_sound_experiment(account, tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "catalogue")
    rewrite(account.changes(date(2026, 1, 2)), folder)
    row = read_catalogue(folder)["ae_minor_scale"]
    assert row.value == account.calibration.values["ae_minor_scale"]
    assert row.kind == "assumed"
    assert "fitted by icsim calibrate on 2026-01-02" in row.note
    file = tmp_path / "fitted.yaml"
    file.write_text("extends: salford\n" + overlay(account, date(2026, 1, 2)))
    assert load(file).parameters["ae_minor_scale"] == row.value


def test_a_second_time_nothing_is_run_again(task, kept, account):
    with task.evaluator(cache=kept, most=0) as evaluator:
        again = calibrate(task, evaluator)
    assert evaluator.made == 0
    assert again.values == account.calibration.values


def test_when_runs_are_short_what_was_run_is_kept(task, tmp_path):
    with task.evaluator(cache=tmp_path, most=1) as evaluator:
        found = calibrate(task, evaluator)
    assert found.fit.ended == "the runs allowed were used up"
    assert not found.changed
    assert len(list(tmp_path.glob("*.json"))) == 1
    assert not list(tmp_path.glob(".*"))


def test_the_table_says_of_every_target_that_something_was_set_to_it(account):
    plan, _ = read_plan()
    figures = {figure.name: figure for figure in account.calibration.before}
    of_any_place = [target.row for target in plan.targets if target.row in figures]
    assert len(of_any_place) > len(plan.targets) / 2  # the others are figures of England alone
    assert [row for row in of_any_place if not figures[row].set_to] == []
