"""What a policy costs and what comes of it, side by side and not added up; and the ratios these allow."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.analysis.intervals import of_ratio, paired
from icsim.recording.measures import KIND_LABELS

if TYPE_CHECKING:
    from icsim.analysis.comparison import Comparison

AVOIDED = ("emergency_admissions", "bed_days", "ae_attendances")
"""Outcomes a cost is told for each one avoided of."""
CONSEQUENCES = (
    "emergency_admissions", "bed_days", "ae_attendances", "consultations", "delayed_transfers",
    "waiting_over_18_weeks", "deaths", "years_lived", "qalys", "unmet_need", "slope_index",
)  # fmt: skip


@dataclass(frozen=True)
class Amount:
    """A mean over pairs of runs and its 95% interval; NaN where there is none."""

    mean: float
    low: float = math.nan
    high: float = math.nan


def amount(values: np.ndarray) -> Amount:
    """The mean of ``values``, (pairs,), and its interval."""
    found = paired(values)
    return Amount(float(found.mean[0]), float(found.low[0]), float(found.high[0]))


def cost_of_care(comparison: "Comparison", policy: str) -> np.ndarray:
    """Change in what care of residents costs, GBP, (pairs,): what staff and suppliers are paid by anyone."""
    return _change(comparison, policy, "care_cost_gbp")


def net_cost(comparison: "Comparison", policy: str) -> np.ndarray:
    """The policy's own cost and the change in the cost of care, GBP over the run, (pairs,)."""
    return comparison.cost_gbp(policy) + cost_of_care(comparison, policy)


def per_avoided(comparison: "Comparison", policy: str, outcome: str) -> Amount:
    """Net cost for each unit of an outcome avoided, GBP, its interval by Fieller's theorem.

    NaN where the outcome's change cannot be told from none; negative where the policy saves money and avoids.
    """
    avoided, cost = -_change(comparison, policy, outcome), net_cost(comparison, policy)
    if len(avoided) != len(cost) or not len(avoided):
        return Amount(math.nan)
    ratio, low, high = of_ratio(cost, avoided)
    return Amount(ratio, low, high) if avoided.mean() > 0 and not math.isnan(low) else Amount(math.nan)


def by_party(comparison: "Comparison", policy: str) -> Iterator[tuple[str, Amount, Amount | None]]:
    """Change in the surplus of each kind of organisation, GBP, and for each GBP of the policy's cost.

    The second is the return on investment, gross of the investment; None where the policy costs nothing.
    """
    cost = comparison.cost_gbp(policy)
    d: Any = comparison.differences
    kinds = d[(d["experiment"] == policy) & (d["dimension"] == "kind")]["group"].unique()
    for kind in KIND_LABELS:
        if kind in kinds:
            change = _change(comparison, policy, "surplus_gbp", "kind", kind)
            yield KIND_LABELS[kind], amount(change), amount(change / cost) if cost > 0 else None


def qalys() -> str:
    """What the QALYs of a comparison hold and what they leave out."""
    return (
        "QALYs: years lived in the place, each at the norm of EQ-5D for its age (eq5d_norm_AGE, recalled). "
        "They move with who lives, not with how ill anybody is: no row of the catalogue values an admission, "
        "a bed day or a wait in them."
    )


def _change(
    comparison: "Comparison", policy: str, outcome: str, dimension: str = "place", group: str = ""
) -> np.ndarray:
    pairs = comparison.pairs(policy, outcome, dimension=dimension, group=group)
    return (pairs["policy"] - pairs["reference"]).to_numpy(float)
