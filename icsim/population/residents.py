"""Those who live in a place when a run begins, column by column: what organisations are sized from."""

from typing import Any, NamedTuple

import numpy as np

from icsim.compiling import compiled
from icsim.population.columns import Status


class Residents(NamedTuple):
    """Columns of the residents alone, each in one piece: records of people lie far apart in memory."""

    age: np.ndarray  # (n,) uint8, whole years
    fifth: np.ndarray  # (n,) int64, of deprivation, 0 the most deprived
    practice: np.ndarray  # (n,) uint16, as the next two rows of the place's tables
    neighbourhood: np.ndarray  # (n,) uint16
    authority: np.ndarray  # (n,) uint16
    package: np.ndarray  # (n,) uint8, social care received
    residence: np.ndarray  # (n,) uint8


@compiled
def residents_of(people: Any) -> Residents:
    """The residents of structured array ``people``, in its order."""
    n = 0
    size = len(people)
    age, fifth = np.empty(size, np.uint8), np.empty(size, np.int64)
    practice, neighbourhood = np.empty(size, np.uint16), np.empty(size, np.uint16)
    authority = np.empty(size, np.uint16)
    package, residence = np.empty(size, np.uint8), np.empty(size, np.uint8)
    for i in range(size):
        p = people[i]
        if p.status == Status.RESIDENT:
            age[n], fifth[n] = p.age, (p.imd_decile - 1) // 2
            practice[n], neighbourhood[n], authority[n] = p.practice, p.neighbourhood, p.authority
            package[n], residence[n] = p.package, p.residence
            n += 1
    return Residents(
        age[:n], fifth[:n], practice[:n], neighbourhood[:n], authority[:n], package[:n], residence[:n]
    )
