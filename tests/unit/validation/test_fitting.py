"""The search, on functions whose answer is known."""

import numpy as np
import pytest

from icsim.validation.fitting import OutOfRuns, Search
from icsim.validation.reach import reaches, sureness

pytestmark = pytest.mark.unit

TRUTH = np.array([0.8, -0.5, 1.2])
WAYS = np.array([[3.0, 0.5, 0.0], [0.2, 2.0, 0.4], [0.0, 0.3, 2.5], [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])


class Model:
    """A curved model with noise that is the same at every position for one seed, but for a small part."""

    def __init__(self, noise=0.05, most=1000):
        self.noise, self.most, self.runs = noise, most, 0

    def __call__(self, points):
        self.runs += len(points)
        if self.runs > self.most:
            raise OutOfRuns
        found = []
        for position, seed in points:
            luck = np.random.default_rng(seed).normal(size=5)
            own = np.random.default_rng([seed, *(int(x * 1e6) % 2**31 for x in position)]).normal(size=5)
            moved = position - TRUTH
            found.append(WAYS @ (moved + 0.1 * moved**2) + self.noise * (luck + 0.3 * own))
        return np.array(found)


def search(model, weights=(1, 1, 1, 1, 0), bound=2.0, **options):
    limit = np.full(3, bound)
    return Search(model, -limit, limit, np.array(weights, float), **options)


def test_the_truth_of_a_curved_noisy_model_is_found_in_few_runs():
    model = Model()
    fit = search(model, seeds=4, pull=0.01).run(np.zeros(3))
    assert np.abs(fit.at - TRUTH).max() < 0.1
    assert np.abs(fit.misfit_start[:4]).max() > 1
    assert np.abs(fit.misfit[:4]).max() < 0.2
    assert model.runs < 60


def test_from_where_it_ended_it_stays():
    first = search(Model(), seeds=4).run(np.zeros(3))
    again = search(Model(), seeds=4).run(first.at)
    assert again.ended == "what is left to gain is luck"
    assert np.array_equal(again.at, first.at)


def test_bounds_hold_and_the_best_within_them_is_found():
    fit = search(Model(noise=0.0), weights=(1, 1, 1, 0, 0), bound=1.0, pull=0.01).run(np.zeros(3))
    assert np.abs(fit.at).max() <= 1.0 + 1e-6
    assert fit.at[2] == pytest.approx(1.0, abs=1e-3)


def test_when_runs_are_used_up_the_best_so_far_is_kept():
    fit = search(Model(noise=0.0, most=7)).run(np.zeros(3))
    assert fit.ended == "the runs allowed were used up"
    assert np.linalg.norm(fit.misfit[:4]) <= np.linalg.norm(fit.misfit_start[:4])


def test_a_parameter_that_no_target_sees_is_drawn_to_the_middle_and_said_to_be_loose():
    weights = np.array([1.0, 0, 0, 0, 0])

    def blind(points):
        return np.array([[3 * (position[0] - 0.8), 0, 0, 0, 0] for position, _ in points])

    fit = Search(blind, np.full(2, -2.0), np.full(2, 2.0), weights, pull=0.1).run(np.array([0.0, 1.0]))
    assert fit.at == pytest.approx([0.8, 0.0], abs=0.02)
    sure = sureness(fit, weights, 0.1)
    assert sure.spread[0] == pytest.approx(1 / 3, rel=0.02)
    assert sure.spread[1] == pytest.approx(10)
    assert np.abs(sure.loosest) == pytest.approx([0, 1], abs=1e-6)


def test_parameters_that_only_work_together_are_found_to_trade_off():
    weights = np.ones(2)

    def together(points):
        return np.array([[2 * (p[0] + p[1] - 1), 0.1 * (p[0] - p[1])] for p, _ in points])

    fit = Search(together, np.full(2, -2.0), np.full(2, 2.0), weights, pull=0.01).run(np.zeros(2))
    sure = sureness(fit, weights, 0.01)
    assert sure.correlation[0, 1] < -0.9
    assert sure.condition == pytest.approx(20, rel=0.05)
    assert sure.shares[0] == pytest.approx([1, 1], abs=0.01)


def test_rows_out_of_reach_are_told_from_rows_that_others_hold():
    # row 0 and 1 pull one parameter opposite ways; row 2 is moved by nothing; row 3 by a free parameter
    def model(points):
        return np.array([[4 * p[0], 4 * p[0] - 12, 5.0, 2 * p[1] - 3] for p, _ in points])

    weights = np.array([1.0, 0, 0, 0])
    low, high = np.full(2, -2.0), np.full(2, 2.0)
    fit = Search(model, low, high, weights, pull=0.1).run(np.zeros(2))
    held, still, free = reaches(fit, weights, low, high)
    assert (held.number, still.number, free.number) == (1, 2, 3)
    assert held.alone == pytest.approx(4.0, abs=0.1)
    assert held.together == pytest.approx(11.0, abs=0.1)
    assert held.held_by == (0,)
    assert still.alone == still.together == pytest.approx(5.0)
    assert free.alone == 0
    assert free.together == pytest.approx(0, abs=1e-6)


def test_slopes_known_from_earlier_are_not_measured_again():
    first = search(Model(), seeds=2).run(np.zeros(3))
    known = first.slopes.copy()
    known[:, 1] = np.nan
    fresh, quick = Model(), Model()
    search(fresh, seeds=2).run(np.full(3, 0.5))
    fit = search(quick, seeds=2, slopes=known).run(np.full(3, 0.5))
    assert quick.runs <= fresh.runs - 2
    assert np.abs(fit.misfit[:4]).max() < 0.3
