"""How a service spreads from practice to practice: a few take it up by themselves, most after trusted peers.

Bass's form, with two changes: peers count by how often one meets them and how far one trusts them, and who
is pressed, or for whom the design fits badly, is slower. Being told to adds little.
"""

from dataclasses import dataclass

import numpy as np

MONTHS = 12


@dataclass(frozen=True)
class SpreadRules:
    """Constants of spread, all a year; every one is a row ``spread_*`` of the evidence catalogue.

    Attributes:
        innovation: practices that take a service up by themselves, of those that have not.
        dissemination: the same, of those a programme goes round to.
        imitation: for one whose peers, all trusted in full, have all taken it up.
        edict: for one that is told to.
        community: how much faster all of it is in a full community of practice between places.
    """

    innovation: float
    dissemination: float
    imitation: float
    edict: float
    community: float


def peers(taken_up: np.ndarray, trust: np.ndarray, contact: np.ndarray) -> np.ndarray:
    """What each practice sees of a service at peers it trusts, (n,) in [0, 1].

    Args:
        taken_up: who has it, (n,) in [0, 1].
        trust, contact: of row in and with column, (n, n) in [0, 1], 0 on the diagonal.

    Returns:
        mean over peers by contact of trust times take-up; 0 for one without contact to anybody.
    """
    met = contact.sum(axis=1)
    seen = (contact * trust * taken_up[None, :]).sum(axis=1)
    return np.divide(seen, met, out=np.zeros(len(taken_up)), where=met > 0)


def chances(
    rules: SpreadRules,
    *,
    seen: np.ndarray,
    slack: np.ndarray,
    fit: float,
    imitation: float = 1.0,
    dissemination: float = 0.0,
    edict: float = 0.0,
    community: float = 0.0,
) -> np.ndarray:
    """The chance that each practice without a service takes it up this month, (n,) in [0, 1).

    Args:
        rules: the constants.
        seen: at trusted peers, from ``peers``.
        slack: 1 less the pressure on each, in [0, 1].
        fit: of the design, in [0, 1].
        imitation, dissemination: multiples of the catalogue; 0 for none.
        edict, community: 0-1.
    """
    won = rules.innovation + rules.dissemination * dissemination + rules.imitation * imitation * seen
    won = won * (1 + rules.community * community) * slack * fit
    return -np.expm1(-(won + rules.edict * edict) / MONTHS)
