"""What a fit says of its parameters and targets: how sure, what trades off, what no value can meet.

All of it is linear, from the slopes at the end of the search: close to the truth near there, a hint far off.
"""

from dataclasses import dataclass

import numpy as np

from icsim.validation.fitting import Fit

MOSTLY = 0.9
"""Share of a parameter's effect on one target above which it is said to serve that target only."""
TRADE_OFF = 0.8
"""Correlation of two parameters above which they are said to trade off."""
AT_BOUND = 0.02
"""Distance from a bound, in spreads, within which a parameter is said to stand at it."""


@dataclass(frozen=True)
class Sureness:
    """How well the targets pin the parameters down.

    Attributes:
        spread: move of each parameter, all others refitted, that puts the fit one tolerance further off,
            shape (n,), in spreads.
        luck: standard error from the seeds alone, shape (n,).
        correlation: between parameters, shape (n, n).
        condition: of the slopes of the targets: the best- over the worst-determined combination.
        shares: share of a parameter's effect that falls on each target, shape (targets, n).
        loosest: the combination that the targets tell least about, shape (n,), length 1.
    """

    spread: np.ndarray
    luck: np.ndarray
    correlation: np.ndarray
    condition: float
    shares: np.ndarray
    loosest: np.ndarray


def sureness(fit: Fit, weights: np.ndarray, pull: float) -> Sureness:
    """How well the targets with these weights pin the parameters down (the pull included, as in the fit)."""
    used = weights > 0
    slopes = np.sqrt(weights[used])[:, None] * fit.slopes[used]
    covariance = np.linalg.inv(slopes.T @ slopes + pull**2 * np.eye(slopes.shape[1]))
    spread = np.sqrt(np.diag(covariance))
    back = covariance @ slopes.T
    noise = weights[used] * fit.luck[used] ** 2 / fit.seeds
    _, sizes, ways = np.linalg.svd(slopes, full_matrices=True)
    full = np.zeros(slopes.shape[1])
    full[: len(sizes)] = sizes
    effects = (np.sqrt(weights[used])[:, None] * fit.told[used]) ** 2
    return Sureness(
        spread=spread,
        luck=np.sqrt(back**2 @ noise),
        correlation=covariance / np.outer(spread, spread),
        condition=float(full[0] / full[-1]) if full[-1] > 0 else float("inf"),
        shares=effects / np.maximum(effects.sum(axis=0), 1e-12),
        loosest=ways[-1],
    )


@dataclass(frozen=True)
class Reach:
    """How near a row outside its tolerance can be brought, in tolerances.

    Attributes:
        number: of the row.
        alone: the nearest that any values in range bring it, whatever becomes of the rest.
        together: the nearest that leaves every target within tolerance, or no worse off than it is.
        held_by: numbers of the targets that stand in the way, the firmest first.
    """

    number: int
    alone: float
    together: float
    held_by: tuple[int, ...]


def reaches(fit: Fit, weights: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> list[Reach]:
    """The reach of every row that ends outside its tolerance, targets and others."""
    slopes, misfit = fit.told, fit.misfit
    below, above = lower - fit.at, upper - fit.at
    return [
        _reach(int(row), slopes, misfit, weights > 0, below, above)
        for row in np.flatnonzero(np.nan_to_num(np.abs(misfit)) > 1)
    ]


def _reach(
    row: int,
    slopes: np.ndarray,
    misfit: np.ndarray,
    used: np.ndarray,
    below: np.ndarray,
    above: np.ndarray,
) -> Reach:
    from scipy.optimize import linprog

    ways = np.stack([slopes[row] * below, slopes[row] * above])
    low, high = misfit[row] + ways.min(axis=0).sum(), misfit[row] + ways.max(axis=0).sum()
    alone = 0.0 if low <= 0 <= high else min(abs(low), abs(high))
    others = np.flatnonzero(used & (np.arange(len(used)) != row))
    n = slopes.shape[1]
    # least t with |misfit + slopes d| <= t for the row and at most what is allowed for the others
    allowed = np.maximum(1.0, np.abs(misfit[others]))
    rows = np.vstack([slopes[row], -slopes[row], slopes[others], -slopes[others]])
    ceiling = np.concatenate(
        [[-misfit[row], misfit[row]], allowed - misfit[others], allowed + misfit[others]]
    )
    column = np.zeros(len(rows))
    column[:2] = -1.0
    found = linprog(
        np.append(np.zeros(n), 1.0), A_ub=np.column_stack([rows, column]), b_ub=ceiling,
        bounds=[*zip(below, above, strict=True), (0, None)],
    )  # fmt: skip
    if not found.success:
        return Reach(row, alone, float(abs(misfit[row])), ())
    prices = -np.asarray(found.ineqlin.marginals)[2:]
    price = prices[: len(others)] + prices[len(others) :]
    firmest = [int(others[k]) for k in np.argsort(-price) if price[k] > 0.05]
    return Reach(row, alone, float(found.fun), tuple(firmest[:3]))
