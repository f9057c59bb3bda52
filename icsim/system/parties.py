"""The organisations of a place as parties to joint work: their kinds, how much each counts, who joins in."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from icsim.experiment.organisations import Kind

if TYPE_CHECKING:
    from icsim.agents.organisation import Organisation
    from icsim.model import ICSModel


@dataclass(frozen=True)
class Parties:
    """All organisations of a model, in the order of ``model.organisations``; n of them.

    Attributes:
        organisations: the agents.
        kinds: text, (n,).
        taking_part: bool, (n,): hospitals elsewhere take no part.
        weight: of each in joint work, (n,): that of its kind (``joint_weight_KIND``), shared among the kind.
    """

    organisations: "tuple[Organisation, ...]"
    kinds: np.ndarray
    taking_part: np.ndarray
    weight: np.ndarray

    @classmethod
    def of(cls, model: "ICSModel") -> Self:
        """Those of a model."""
        organisations = tuple(model.organisations)
        kinds = np.array([one.kind for one in organisations])
        taking_part = np.array([getattr(one, "covered", True) for one in organisations])
        counts = {kind: int((kinds == kind).sum()) for kind in set(kinds)}
        value = model.catalogue.value
        weight = np.array([value(f"joint_weight_{kind}") / counts[kind] for kind in kinds])
        return cls(organisations, kinds, taking_part, weight * taking_part)

    def __len__(self) -> int:
        return len(self.kinds)

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [one.name for one in self.organisations]

    def rows(self, kind: Kind) -> np.ndarray:
        """Where the organisations of a kind stand."""
        return np.flatnonzero(self.kinds == str(kind))

    def members(self, kinds: Iterable[str]) -> np.ndarray:
        """Those of some kinds that take part, bool, (n,)."""
        return np.isin(self.kinds, [str(kind) for kind in kinds]) & self.taking_part

    def called(self, name: str | None) -> np.ndarray:
        """Those of this name or kind, all for None, bool, (n,)."""
        return np.array([name in (None, one.name, one.kind) for one in self.organisations])

    def mean(self, values: np.ndarray) -> float:
        """Mean of a value of each, (n,), each kind counting by its weight."""
        return float((values * self.weight).sum() / self.weight.sum())

    def mean_trust(self, trust: np.ndarray, kinds: Iterable[str] = tuple(Kind)) -> float:
        """Mean trust, from (n, n), between those of these kinds, each kind counting by its weight."""
        members = self.members(kinds)
        weight = np.outer(self.weight * members, self.weight * members)
        np.fill_diagonal(weight, 0.0)
        total = weight.sum()
        return float((weight * trust).sum() / total) if total > 0 else 0.0
