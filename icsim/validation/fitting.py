"""Least squares for a model with luck in it: few runs, bounds, a weak pull, and a stop where luck begins.

SciPy's ``least_squares`` (trust region, bounds) does the search. Its derivatives are differences over steps
wide enough to stand out from luck, on one seed that both ends share, and are afterwards kept up to date
by Broyden's rule from the runs that the search makes anyway. The search ends when what a step could still
gain is no more than chasing this draw of luck would gain.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Measure = Callable[[Sequence[tuple[np.ndarray, int]]], np.ndarray]
"""Points, each a position (n,) and the number of a seed, to misfits (points, m), in tolerances."""

STEP = 0.8
"""Width of the differences, in units of a parameter's spread."""
TRIES = 3
"""Steps without a gain after which the search ends."""
TOLD_FROM_LUCK = 3.0
"""Derivatives below this many standard errors count as none where reach is reckoned."""


class OutOfRuns(Exception):  # noqa: N818 - a reason to stop, no error
    """The runs allowed are used up."""


class _Enough(Exception):  # noqa: N818
    """What is left to gain is luck."""


class _NoBetter(Exception):  # noqa: N818
    """A step did not gain: learn from it before the next."""


@dataclass(frozen=True)
class Fit:
    """Where the search ended.

    Attributes:
        at, start: positions, shape (n,), in spreads from where the pull draws.
        misfit, misfit_start: every row's mean misfit over seeds, shape (m,), in tolerances.
        slopes: change of every row's misfit a spread of each parameter, shape (m, n).
        luck: standard deviation of every row's misfit between seeds, shape (m,); 0 with one seed.
        step_luck: the same of a change of the misfit between two positions on one seed.
        ended: why.
    """

    at: np.ndarray
    start: np.ndarray
    misfit: np.ndarray
    misfit_start: np.ndarray
    slopes: np.ndarray
    luck: np.ndarray
    step_luck: np.ndarray
    seeds: int
    ended: str

    @property
    def told(self) -> np.ndarray:
        """``slopes`` with those that cannot be told from luck set to 0."""
        error = np.maximum(self.step_luck, self.luck) / STEP  # few seeds: the larger is the safer
        return np.where(np.abs(self.slopes) >= TOLD_FROM_LUCK * error[:, None], self.slopes, 0.0)


class Search:
    """A search for the position with the least weighted sum of squared misfits.

    Args:
        measure: the model.
        lower, upper: bounds of positions, shape (n,).
        weights: of each row, shape (m,); 0 for rows that are only looked at (their misfit may be NaN).
        seeds: how many draws of luck each position is tried on.
        pull: weight of the pull towards position 0, against a target one tolerance off.
        slopes: slopes known from earlier, shape (m, n); columns of NaN, or None for all, are measured.
    """

    def __init__(
        self,
        measure: Measure,
        lower: np.ndarray,
        upper: np.ndarray,
        weights: np.ndarray,
        seeds: int = 1,
        pull: float = 0.1,
        slopes: np.ndarray | None = None,
    ) -> None:
        self.measure, self.lower, self.upper = measure, lower, upper
        self.used, self.root = weights > 0, np.sqrt(weights[weights > 0])
        self.seeds, self.pull = seeds, pull
        self.points: list[tuple[np.ndarray, np.ndarray]] = []  # position, misfit over seeds
        self.found: list[np.ndarray] = []  # misfit of each seed, (seeds, m)
        n = len(lower)
        self.slopes = np.full((len(weights), n), np.nan) if slopes is None else slopes.copy()
        self.unknown = np.asarray(np.isnan(self.slopes[self.used]).any(axis=0))
        self.updated = 1

    def run(self, start: np.ndarray) -> Fit:
        """Search from a position."""
        start = np.clip(start, self.lower, self.upper)
        ended = "no step gains more"
        self._at(start)
        try:
            for _ in range(TRIES):
                if self._searched(self._best()[0]):
                    break
        except _Enough:
            ended = "what is left to gain is luck"
        except OutOfRuns:
            ended = "the runs allowed were used up"
        at, misfit = self._best()
        slopes = np.zeros_like(self.slopes) if self.unknown.any() else self.slopes
        luck = self.luck, self.step_luck
        return Fit(at, start, misfit, self.points[0][1], slopes, *luck, self.seeds, ended)

    def _searched(self, start: np.ndarray) -> bool:
        """Search from a position until a step does not gain (False), or there is none to take (True)."""
        from scipy import optimize

        search: Any = optimize.least_squares  # its stubs know jac as a name only

        def terms(position: np.ndarray) -> np.ndarray:
            best = self._cost(*self._best())
            misfit = self._at(position)
            if self._cost(position, misfit) > best + 1e-9:
                raise _NoBetter
            return self._cost_terms(position, misfit)

        try:
            search(
                terms, start, jac=self._derivatives, bounds=(self.lower - 1e-9, self.upper + 1e-9),
                x_scale=1.0, ftol=1e-4, xtol=1e-3, gtol=1e-6, max_nfev=50,
            )  # fmt: skip
        except _NoBetter:
            return False
        return True

    def _best(self) -> tuple[np.ndarray, np.ndarray]:
        """The position with the least cost so far, and its misfit."""
        return min(self.points, key=lambda point: self._cost(*point))

    @property
    def luck(self) -> np.ndarray:
        """Standard deviation of each row's misfit between seeds at one position, shape (m,)."""
        return self._between_seeds(self.found)

    @property
    def step_luck(self) -> np.ndarray:
        """Standard deviation between seeds of the change of each row's misfit from position to position."""
        return self._between_seeds([after - self.found[0] for after in self.found[1:]])

    def _between_seeds(self, found: Sequence[np.ndarray]) -> np.ndarray:
        if self.seeds < 2 or not found:
            return np.zeros(len(self.points[0][1]))
        return np.sqrt(np.mean([one.var(axis=0, ddof=1) for one in found], axis=0))

    def _at(self, position: np.ndarray) -> np.ndarray:
        for known, misfit in self.points:
            if np.allclose(known, position, rtol=0, atol=1e-6):
                return misfit
        found = self.measure([(position, seed) for seed in range(self.seeds)])
        self.points.append((position.copy(), found.mean(axis=0)))
        self.found.append(found)
        return self.points[-1][1]

    def _cost_terms(self, position: np.ndarray, misfit: np.ndarray) -> np.ndarray:
        return np.concatenate([self.root * misfit[self.used], self.pull * position])

    def _cost(self, position: np.ndarray, misfit: np.ndarray) -> float:
        return float(0.5 * (self._cost_terms(position, misfit) ** 2).sum())

    def _derivatives(self, position: np.ndarray) -> np.ndarray:
        misfit = self._at(position)
        if self.unknown.any():
            self.slopes[:, self.unknown] = self._differences(position, self.unknown)
            self.unknown[:] = False
            self.updated = len(self.points)
        self._learn()
        terms = self._stacked(self.slopes)
        if self._left_to_gain(position, misfit, terms) <= self._gain_of_luck(terms):
            raise _Enough
        return terms

    def _differences(self, position: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Derivatives by one step of each of these parameters, to the farther bound, on the first seed."""
        steps = np.where(self.upper - position >= position - self.lower, STEP, -STEP)
        room = np.maximum(self.upper - position, position - self.lower)
        steps = np.sign(steps) * np.minimum(STEP, room)
        aside = (position + np.diag(steps))[which]
        found = self.measure([(position, 0), *((each, 0) for each in aside)])
        return ((found[1:] - found[0]) / steps[which, None]).T

    def _learn(self) -> None:
        """Broyden's rule for every position tried since the last time."""
        while self.updated < len(self.points):
            (before, misfit_before), (after, misfit_after) = self.points[self.updated - 1 : self.updated + 1]
            moved = after - before
            length = moved @ moved
            if length > STEP**2 / 4:  # a shorter one tells of luck
                surprise = misfit_after - misfit_before - self.slopes @ moved
                self.slopes = self.slopes + np.outer(np.nan_to_num(surprise), moved) / length
            self.updated += 1

    def _stacked(self, slopes: np.ndarray) -> np.ndarray:
        return np.vstack([self.root[:, None] * slopes[self.used], self.pull * np.eye(slopes.shape[1])])

    def _left_to_gain(self, position: np.ndarray, misfit: np.ndarray, terms: np.ndarray) -> float:
        from scipy.optimize import lsq_linear

        now = self._cost_terms(position, misfit)
        room = (self.lower - position - 1e-9, self.upper - position + 1e-9)
        return self._cost(position, misfit) - float(lsq_linear(terms, -now, bounds=room).cost)

    def _gain_of_luck(self, terms: np.ndarray) -> float:
        """What a step would gain from luck alone, by the variance of the misfits; at least a hair."""
        rows = terms[: int(self.used.sum())]
        hat = rows @ np.linalg.pinv(terms.T @ terms) @ rows.T
        variance = self.root**2 * self.luck[self.used] ** 2 / self.seeds
        return max(0.5 * float(np.diag(hat) @ variance), 1e-3)
