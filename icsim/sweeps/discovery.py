"""Under which assumptions a policy fails (PRIM over the scenarios of a sweep), and the regret of policies."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from icsim.analysis.outcomes import ALL, KNOWN
from icsim.experiment.errors import near
from icsim.recording.store import ResultError
from icsim.sweeps.dataset import Dataset

LEAST_SCENARIOS = 20
LEAST_MASS = 0.05
MOST_BOXES = 2
LEAST_DENSITY = 0.6
"""What the last box of a search must come to, where it can."""
WORST = 0.25


@dataclass(frozen=True)
class Limit:
    """What a box asks of a factor: from ``low`` to ``high``, or one of ``values``; how likely by chance."""

    factor: str
    low: float
    high: float
    values: tuple[str, ...]
    chance: float

    def __str__(self) -> str:
        if self.values:
            return f"{self.factor} one of {', '.join(self.values)}"
        return f"{self.factor} from {self.low:.3g} to {self.high:.3g}"


@dataclass(frozen=True)
class Box:
    """A region of assumptions.

    Attributes:
        limits: on the factors that it restricts.
        coverage: share of all failures that lie in it.
        density: share of what lies in it that fails.
        mass: share of all scenarios that lie in it.
    """

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    mass: float


@dataclass(frozen=True)
class Regret:
    """How a policy does over all scenarios, for one outcome.

    Regret is how much worse than the best policy of the same scenario; ``high_regret`` its 90th percentile.
    """

    policy: str
    mean: float
    low: float
    high: float
    best: float
    mean_regret: float
    high_regret: float
    most_regret: float


@dataclass(frozen=True)
class Discovery:
    """What was found: when ``policy`` fails (``failing`` in words), and how all policies compare.

    ``table`` has a row for each scenario: factors, ``value`` (worse is higher) and ``fails``.
    """

    outcome: str
    policy: str
    failing: str
    share: float
    boxes: tuple[Box, ...]
    regrets: tuple[Regret, ...]
    table: Any


def discover(
    dataset: Dataset,
    outcome: str,
    *,
    policy: str | None = None,
    against: str | None = None,
    above: float | None = None,
    below: float | None = None,
    financial_year: str = ALL,
) -> Discovery:
    """Find the assumptions under which a policy fails.

    Args:
        dataset: scenarios, with or without policies.
        outcome: judged by its mean over replicates.
        policy: whose failures; the last if left out.
        against: it fails where it is no better than this policy in the same scenario; the first if left out.
        above, below: it fails where the outcome is above or below this instead.
        financial_year: of the outcome.

    Without policies and without ``above`` or ``below`` the worst quarter of scenarios counts as failing.

    Raises:
        ResultError: no such outcome or policy, too few scenarios, or ema_workbench is not installed.
    """
    if above is not None and below is not None:
        raise ResultError("give --above or --below, not both")
    table: Any = dataset.outcome(outcome, financial_year)
    means = table.groupby(["scenario", "policy"])["value"].mean().unstack("policy").dropna()
    policies = [one for one in table["policy"].drop_duplicates() if one in means]
    chosen = _policy(policy, policies, policies[-1])
    if len(means) < LEAST_SCENARIOS:
        raise ResultError(
            f"{len(means)} scenarios have succeeded under every policy; expected {LEAST_SCENARIOS} or more"
        )
    worse = -_better(outcome)  # 1 where more is worse
    values = means[chosen]
    if above is not None:
        fails, failing = values > above, f"{outcome} above {above:g}"
    elif below is not None:
        fails, failing = values < below, f"{outcome} below {below:g}"
    elif len(policies) > 1:
        other = _policy(against, policies, policies[0])
        if other == chosen:
            raise ResultError(
                f"--against: {other!r} is the policy itself: expected another of {', '.join(policies)}"
            )
        values = values - means[other]
        fails, failing = worse * values >= 0, f"{outcome} no better than under {other}"
    else:
        edge = float((worse * values).quantile(1 - WORST))
        fails, failing = worse * values > edge, f"{outcome} among the worst quarter"
    factors: Any = table.drop_duplicates("scenario").set_index("scenario").loc[means.index]
    factors = factors[[factor.key for factor in dataset.design.factors]]
    share = float(fails.mean())
    boxes = _boxes(factors, fails.to_numpy()) if 0 < share < 1 else ()
    found = factors.assign(value=values, fails=fails)
    return Discovery(outcome, chosen, failing, share, boxes, _regrets(means, policies, worse), found)


def _policy(asked: str | None, known: list[str], usual: str) -> str:
    if asked is None:
        return usual
    if asked not in known:
        nearest = near(asked, known)
        hint = (
            f"did you mean {' or '.join(nearest)}?"
            if nearest
            else f"expected one of {', '.join(known) or 'none'}"
        )
        raise ResultError(f"no policy of this sweep is called {asked!r}: {hint}")
    return asked


def _better(outcome: str) -> int:
    """-1 where less is better; so taken where neither is."""
    return (KNOWN[outcome].better if outcome in KNOWN else 0) or -1


def _boxes(factors: Any, fails: np.ndarray) -> tuple[Box, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from ema_workbench.analysis import prim
    except ImportError:
        raise ResultError('PRIM needs ema_workbench: pip install "icsim[discovery]"') from None
    import contextlib
    import io
    import logging

    logging.getLogger("EMA").setLevel(logging.ERROR)
    found: list[Box] = []
    inputs = factors.reset_index(drop=True)
    for key in inputs:
        if inputs[key].dtype == object or str(inputs[key].dtype) in ("str", "string"):
            inputs[key] = inputs[key].astype("category")
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        search = prim.Prim(inputs, fails, threshold=LEAST_DENSITY, mass_min=LEAST_MASS)
        for _ in range(MOST_BOXES):
            box = search.find_box()
            if box is None or not len(box.peeling_trajectory):
                break
            read = _box(box, inputs)
            if read is None or read.density <= fails.mean():
                break
            found.append(read)
    return tuple(found)


def _box(box: Any, inputs: Any) -> Box | None:
    """The step of a peeling at which coverage and density are best together, by their harmonic mean."""
    steps = box.peeling_trajectory
    both = steps["coverage"] * steps["density"] / (steps["coverage"] + steps["density"])
    row = steps.loc[both.idxmax()]
    number = int(row["id"]) if "id" in row else int(row.name)
    if not int(row["res_dim"]):
        return None
    lims, chances = box.box_lims[number], box.qp[number]
    limits = []
    for key, chance in chances.items():
        odds = min([float(one) for one in np.atleast_1d(chance) if 0 <= one <= 1] or [1.0])
        within = lims[key]
        if isinstance(within.iloc[0], set):
            limits.append(Limit(str(key), np.nan, np.nan, tuple(sorted(map(str, within.iloc[0]))), odds))
        else:
            limits.append(Limit(str(key), float(within.iloc[0]), float(within.iloc[1]), (), odds))
    order = sorted(limits, key=lambda limit: limit.chance)
    return Box(tuple(order), float(row["coverage"]), float(row["density"]), float(row["mass"]))


def _regrets(means: Any, policies: list[str], worse: int) -> tuple[Regret, ...]:
    costs = worse * means[policies]
    best = costs.min(axis=1)
    found = []
    for policy in policies:
        regret, values = costs[policy] - best, means[policy]
        found.append(
            Regret(
                policy,
                float(values.mean()),
                float(values.quantile(0.05)),
                float(values.quantile(0.95)),
                float((regret == 0).mean()),
                float(regret.mean()),
                float(regret.quantile(0.9)),
                float(regret.max()),
            )
        )
    return tuple(found)
