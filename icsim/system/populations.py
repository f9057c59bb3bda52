"""Whom the money is for: the people and the hospital activity that budgets are reckoned from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.system.contracts import Activity


def list_weights(catalogue: Catalogue) -> np.ndarray:
    """Weight of a patient by age band in the global sum, (10,); England averages 1.

    ``patients_by_practice_and_age @ list_weights(catalogue)`` is ``Populations.weighted_lists``.
    """
    return catalogue.by_age("gms_list_weight")


@dataclass(frozen=True)
class Populations:
    """People and expected activity at the start of a run; arrays follow the order of the recorder's rows.

    Attributes:
        residents_by_age: residents by age band, (10,).
        lists: registered patients of each practice, (P,).
        weighted_lists: the same weighted for age (``list_weights``), (P,).
        people_65: residents of 65 and over of each local authority, (A,).
        commissioner_shares: part of the residents each commissioner pays for, (C,); scaled to sum to 1.
        authority_shares: part of the residents in each local authority, (A,); scaled to sum to 1.
        team_shares: part of the residents each community team serves, (N,); scaled; empty for equal parts.
        expected: a year's activity of residents at each acute trust, arrays (T,).
        core_beds: beds open all year at each acute trust, (T,).
        outside_attendances, outside_admissions: a year's expected use of each trust by people from outside,
            (T,); empty for none.
        covered: whether each trust is under the place's contract, (T,), 1 or 0; empty for all. The hospitals
            elsewhere that residents use are not, and stay paid by activity whatever the contract says.
        need_index: need of the residents beyond their age, England 1; multiplies what is paid by need.
    """

    residents_by_age: np.ndarray
    lists: np.ndarray
    weighted_lists: np.ndarray
    people_65: np.ndarray
    commissioner_shares: np.ndarray
    authority_shares: np.ndarray
    expected: Activity
    core_beds: np.ndarray
    outside_attendances: np.ndarray = field(default_factory=lambda: np.zeros(0))
    outside_admissions: np.ndarray = field(default_factory=lambda: np.zeros(0))
    team_shares: np.ndarray = field(default_factory=lambda: np.zeros(0))
    covered: np.ndarray = field(default_factory=lambda: np.zeros(0))
    need_index: float = 1.0

    @property
    def residents(self) -> float:
        """All residents."""
        return float(np.sum(self.residents_by_age))

    def check(self, counts: Mapping[str, int]) -> None:
        """Raise ``ValueError`` where an array does not fit the number of organisations of its kind."""
        trusts = counts["acute_trust"]
        shapes = {
            "residents_by_age": 10,
            "lists": counts["gp_practice"],
            "weighted_lists": counts["gp_practice"],
            "people_65": counts["local_authority"],
            "commissioner_shares": counts["commissioner"],
            "authority_shares": counts["local_authority"],
            "core_beds": trusts,
        }
        optional = {
            "outside_attendances": trusts,
            "outside_admissions": trusts,
            "covered": trusts,
            "team_shares": counts["community_team"],
        }
        values = {name: getattr(self, name) for name in [*shapes, *optional]}
        for name in optional:
            if len(values[name]):
                shapes[name] = optional[name]
        for name in Activity._fields[:6]:
            values[f"expected.{name}"] = getattr(self.expected, name)
            shapes[f"expected.{name}"] = trusts
        for name, size in shapes.items():
            found = np.asarray(values[name], dtype=np.float64)
            if found.shape != (size,):
                raise ValueError(f"populations.{name}: expected {size} values, got {found.shape}")
            if not (np.isfinite(found).all() and (found >= 0).all()):
                raise ValueError(f"populations.{name}: expected numbers of 0 and more, got {found}")


def parts(shares: np.ndarray, count: int) -> np.ndarray:
    """Shares that sum to 1, (count,): as given, or equal where none are given or all are 0."""
    given = np.asarray(shares, dtype=np.float64)
    if given.sum() > 0:
        return given / given.sum()
    return np.full(count, 1 / count) if count else np.zeros(0)
