"""A finished comparison: what ``icsim.compare()`` and ``open_comparison()`` return."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from icsim.analysis import intervals
from icsim.analysis.intervals import paired
from icsim.analysis.outcomes import ALL
from icsim.recording.store import MANIFEST, ResultError, read_manifest

if TYPE_CHECKING:
    import pandas as pd

    from icsim.analysis.telling import Told

FORMAT = "icsim-comparison"
USUAL_PRECISION = 0.1
"""Share of the mean difference for which the number of replicates is told where none is asked for."""
KEYS = ["financial_year", "dimension", "group", "outcome"]


class Comparison:
    """The folder of a comparison; its tables are read when first asked for, and kept.

    Attributes:
        path: the folder.
        manifest: what it says of itself.
        labels: the experiments' names, the reference first.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser()
        self.manifest: dict[str, Any] = read_manifest(self.path, FORMAT, "comparison")
        self.labels: list[str] = self.manifest["labels"]

    def __repr__(self) -> str:
        others = ", ".join(self.policies)
        return (
            f"<Comparison of {others} with {self.reference}, replicates: {self.replicates}, in {self.path}>"
        )

    def _table(self, name: str) -> "pd.DataFrame":
        import pandas as pd

        if name not in self.manifest["tables"]:
            raise ResultError(f"{self.path} has no table {name!r}: {' '.join(self.manifest['notes'])}")
        return pd.read_parquet(self.path / f"{name}.parquet")

    @property
    def reference(self) -> str:
        """The experiment that the others are compared with."""
        return self.labels[0]

    @property
    def policies(self) -> list[str]:
        """The others."""
        return self.labels[1:]

    @property
    def replicates(self) -> int:
        """How many pairs of runs each policy has."""
        return len(self.manifest["replicates"])

    @property
    def seconds_per_replicate(self) -> float:
        """Seconds that one more replicate of all experiments takes, with as many runs at once."""
        timings = self.manifest["timings_seconds"]
        return timings.get("pairs_s", timings["total_s"]) / self.replicates

    def cost_gbp(self, policy: str) -> float:
        """What a policy costs over the run beyond what the model pays, as it was given."""
        return float(self.manifest["costs_gbp"][self.policies.index(policy)])

    @cached_property
    def values(self) -> "pd.DataFrame":
        """Every figure: experiment, replicate, financial_year, dimension, group, outcome, value."""
        return self._table("comparison")

    @cached_property
    def differences(self) -> "pd.DataFrame":
        """Every figure of a policy less the reference's: as ``differences_of``."""
        return self._table("differences")

    @cached_property
    def twins(self) -> "pd.DataFrame":
        """How many people used less, the same and more than their twin: as ``twins.against_twins``."""
        return self._table("twins")

    @cached_property
    def cohorts(self) -> "pd.DataFrame":
        """Cohorts picked by risk: experiment, replicate, cohort, estimate, value.

        Raises:
            ResultError: no cohort was followed; says why.
        """
        return self._table("cohorts")

    @cached_property
    def draws(self) -> "pd.DataFrame":
        """Figures of the place over the whole run in every draw: study, draw, replicate, experiment, outcome,
        value.

        Raises:
            ResultError: nothing was drawn.
        """
        return self._table("draws")

    @cached_property
    def drawn_values(self) -> "pd.DataFrame":
        """What was drawn: study, draw, key, value.

        Raises:
            ResultError: nothing was drawn.
        """
        return self._table("drawn_values")

    def pairs(
        self, policy: str, outcome: str, year: str = ALL, dimension: str = "place", group: str = ""
    ) -> Any:
        """One figure in every replicate: columns ``reference`` and ``policy``, empty if unknown."""
        import pandas as pd

        v: Any = self.values
        here = v[
            (v["outcome"] == outcome) & (v["financial_year"] == year) & (v["dimension"] == dimension)
            & (v["group"] == group)
        ]  # fmt: skip
        wide = here.pivot(index="replicate", columns="experiment", values="value")
        if not {self.reference, policy} <= set(wide.columns):
            return pd.DataFrame({"reference": [], "policy": []})
        return pd.DataFrame({"reference": wide[self.reference], "policy": wide[policy]}).dropna()

    def summary(self) -> "Told":
        """The comparison at a glance; prints well in a terminal and as plain text."""
        from icsim.analysis.telling import told

        return told(self)


def open_comparison(path: str | Path) -> Comparison:
    """Open the folder of a comparison.

    Raises:
        ResultError: the folder does not exist, is no comparison, is incomplete or damaged.
    """
    return Comparison(path)


def is_comparison(path: str | Path) -> bool:
    """Whether a folder says that it holds a comparison."""
    try:
        said = json.loads((Path(path).expanduser() / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("format") == FORMAT


def differences_of(
    values: "pd.DataFrame", labels: Sequence[str], share: float | None = None, half: float | None = None
) -> "pd.DataFrame":
    """Differences of each policy from the reference, over replicates.

    Args:
        values: as ``Comparison.values``.
        labels: the experiments, the reference first.
        share, half: the precision for which replicates are told; a tenth of the mean difference if neither.

    Returns:
        columns experiment, ``KEYS``, reference and policy (means), difference (mean of the differences), low
        and high (95% interval; NaN with one pair), relative, relative_low, relative_high (over the
        reference's mean), sd, pairs, method, replicates_needed (NaN with one pair; infinite above 100,000).
    """
    import pandas as pd

    wide: Any = values.pivot(index=KEYS, columns=["experiment", "replicate"], values="value")
    frames = []
    for policy in labels[1:]:
        a, b = (wide[label].to_numpy(float) for label in (labels[0], policy))
        found = paired(b - a)
        known = ~np.isnan(b - a)
        count = np.maximum(known.sum(axis=1), 1)
        reference, mean = (np.where(known, each, 0.0).sum(axis=1) / count for each in (a, b))
        over = np.where(reference != 0, np.abs(reference), np.nan)
        target = (
            np.full(len(a), half) if half is not None else np.abs(found.mean) * (share or USUAL_PRECISION)
        )
        frames.append(
            wide.index.to_frame(index=False).assign(
                reference=reference,
                policy=mean,
                difference=found.mean,
                low=found.low,
                high=found.high,
                relative=found.mean / over,
                relative_low=found.low / over,
                relative_high=found.high / over,
                sd=found.sd,
                pairs=found.pairs,
                method=found.method,
                replicates_needed=intervals.needed(found.sd, target),
            )
        )
        frames[-1].insert(0, "experiment", policy)
    every: Any = pd.concat(frames, ignore_index=True)
    return every[every["pairs"] > 0].reset_index(drop=True)
