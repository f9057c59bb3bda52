"""Who among the people: those whom an experiment file describes, and an order of people that nobody chose."""

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from icsim.compiling import compiled
from icsim.population.columns import Condition, Frailty, Residence, Sex, frailty_group
from icsim.streams import bits

if TYPE_CHECKING:
    from icsim.experiment.happenings import Selection

SHUFFLE: Final = cast(int, np.int64(90))
"""The purpose of the draws that put people in random order (icsim.population.purposes has 1-99)."""


def matching(people: np.ndarray, selection: "Selection") -> np.ndarray:
    """Whom a selection of an experiment file describes.

    ``people``: records of ``PERSON``, shape (n,). Returns bool, shape (n,): true where a person meets every
    condition given; an empty selection is everybody. At least one of ``conditions`` is held; bounds include
    their ends; frailty is the group of the electronic frailty index, without what a stay in hospital took.
    ``status`` is not looked at, so that whoever arrives later is judged by the same rule.
    """
    chosen = np.ones(len(people), dtype=bool)
    for column, least in (
        ("age", selection.min_age),
        ("mental_health_need", selection.min_mental_health_need),
        ("social_care_need", selection.min_social_care_need),
        ("loneliness", selection.min_loneliness),
    ):
        if least is not None:
            chosen &= people[column] >= least
    if selection.max_age is not None:
        chosen &= people["age"] <= selection.max_age
    if selection.sex is not None:
        chosen &= people["sex"] == _coded(Sex, selection.sex)
    if selection.residence is not None:
        chosen &= people["residence"] == _coded(Residence, selection.residence)
    if selection.imd_deciles is not None:
        chosen &= _among(people["imd_decile"], selection.imd_deciles)
    if selection.conditions is not None:
        chosen &= holds(people["conditions"], *(Condition[name.upper()] for name in selection.conditions))
    if selection.min_conditions is not None:
        chosen &= np.bitwise_count(people["conditions"]) >= selection.min_conditions
    if selection.frailty is not None:
        groups = [_coded(Frailty, name) for name in selection.frailty]
        chosen &= _among(frailty_group(people["frailty"]), groups)
    return chosen


def _among(values: np.ndarray, wanted: Sequence[int]) -> np.ndarray:
    """Which of ``values``, uint8, are wanted: ``np.isin`` without sorting."""
    known = np.zeros(np.iinfo(np.uint8).max + 1, np.bool_)
    known[list(wanted)] = True
    return known[values]


def _coded(enum: type[IntEnum], name: str) -> int:
    return enum[name.upper()].value


def holds(conditions: np.ndarray, *wanted: Condition) -> np.ndarray:
    """Whether at least one of the ``wanted`` bits is set in each of ``conditions`` (integers, any shape)."""
    bits_wanted = 0
    for condition in wanted:
        bits_wanted |= int(condition)
    return (conditions & bits_wanted) != 0


def random_order(keys: np.ndarray, index: int) -> np.ndarray:
    """A random order of people: the positions in ``keys`` (uint64, shape (n,)), int64, shape (n,).

    The draw of each person is addressed by key and ``index`` (below 2**48), so those present in two
    worlds stand in the same order among themselves in both, and nobody else's draws move.
    """
    return np.argsort(_draws(np.ascontiguousarray(keys), np.int64(index)), kind="stable")


@compiled
def _draws(keys: np.ndarray, index: Any) -> np.ndarray:
    draws = np.empty(len(keys), dtype=np.uint64)
    for i in range(len(keys)):
        draws[i] = bits(keys[i], SHUFFLE, index)
    return draws
