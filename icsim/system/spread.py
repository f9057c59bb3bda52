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
        community: how much faster all of it is in a full community of practice between places that all do it.
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


def going_round(wish: np.ndarray, without: np.ndarray, own: np.ndarray, places: int) -> np.ndarray:
    """How a programme divides its time for going round among practices, as a multiple for each, (n,) from 0.

    Going round is to a few at a time, and to those it is worth while with: as much as there are practices
    without the service in all, divided over as many places as there are. One that puts twice the effort of
    others into joint work is won twice as easily; one that does not want to holds its place until it is won
    or its turn is over.

    Args:
        wish: whom to go to first, (n,), the highest first.
        without: who does not have the service, bool, (n,).
        own: effort of each for joint work, (n,) from 0.
        places: how many it goes to at a time.
    """
    visits = np.zeros(len(wish))
    waiting = np.flatnonzero(without)
    chosen = waiting[np.argsort(-wish[waiting], kind="stable")[:places]]
    if len(chosen) and own.mean() > 0:
        visits[chosen] = len(waiting) / len(chosen) * own[chosen] / own.mean()
    return visits


def chances(
    rules: SpreadRules,
    *,
    seen: np.ndarray,
    slack: np.ndarray,
    fit: float,
    imitation: float = 1.0,
    dissemination: float | np.ndarray = 0.0,
    edict: float = 0.0,
    community: float = 0.0,
) -> np.ndarray:
    """The chance that each practice without a service takes it up this month, (n,) in [0, 1).

    Args:
        rules: the constants.
        seen: at trusted peers, from ``peers``.
        slack: 1 less the pressure on each, in [0, 1].
        fit: of the design, in [0, 1].
        imitation, dissemination: multiples of the catalogue, the second of each (``going_round``) or of all
            alike; 0 for none.
        edict, community: 0-1.
    """
    won = rules.innovation + rules.dissemination * dissemination + rules.imitation * imitation * seen
    won = won * (1 + rules.community * community) * slack * fit
    return -np.expm1(-(won + rules.edict * edict) / MONTHS)
