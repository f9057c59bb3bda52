"""How trust between organisations is won and lost: the monthly update of a directed network.

Trust learns slowly and is lost quickly. It follows what a partner does against what was expected, grows
where time is invested in relationships, and is lost to blame for shared losses and to neglect.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TrustRules:
    """Constants of trust; every one is a row ``trust_*`` of the evidence catalogue.

    Attributes:
        gain, loss: monthly rates at full contact, for each unit of surprise.
        investment: monthly gain at full investment (joint posts, co-location, time spent together).
        drift: monthly loss where nothing is done.
        expected: effort that is expected of a partner.
        blame: loss for each unit of shared loss, for a partner that gave nothing.
        memory: share of remembered promises kept from month to month.
        grudge: how much faster trust is lost to one who has broken promises, for each unit remembered.
    """

    gain: float
    loss: float
    investment: float
    drift: float
    expected: float
    blame: float
    memory: float
    grudge: float


@dataclass(frozen=True)
class Memory:
    """Promises kept and broken by j as i remembers them, each (n, n), 0 and more."""

    kept: np.ndarray
    broken: np.ndarray


def learn(
    rules: TrustRules,
    *,
    trust: np.ndarray,
    contact: np.ndarray,
    effort: np.ndarray,
    investment: np.ndarray,
    shared_loss: np.ndarray,
    memory: Memory,
    rate: np.ndarray | float = 1.0,
) -> tuple[np.ndarray, Memory]:
    """Trust and memory after a month.

    Args:
        rules: the constants.
        trust: at the start of the month, (n, n) in [0, 1].
        contact: (n, n) in [0, 1]: who is not met teaches nothing.
        effort: of each organisation this month, (n,) in [0, 1].
        investment: in each tie, (n, n) in [0, 1].
        shared_loss: of each organisation, from what it shares with others, in units that boards notice, (n,).
        memory: as left by last month.
        rate: how fast i's trust in j changes, (n, n) from 0; 1 unless the experiment says otherwise.

    Returns:
        trust in [0, 1] with 0 on the diagonal, and the memory.
    """
    surprise = effort[None, :] - rules.expected
    better, worse = np.maximum(surprise, 0.0), np.maximum(-surprise, 0.0)
    held_back = worse / max(rules.expected, 1e-9)  # 1 for a partner who gave nothing
    grudge = 1.0 + rules.grudge * memory.broken / (1.0 + memory.kept)
    change = contact * (rules.gain * better * (1.0 - trust) - rules.loss * grudge * worse * trust)
    change += rules.investment * investment * (1.0 - trust)
    change -= rules.blame * np.maximum(shared_loss, 0.0)[:, None] * held_back * trust
    change -= rules.drift * (trust > 0)
    after = np.clip(trust + rate * change, 0.0, 1.0)
    np.fill_diagonal(after, 0.0)
    kept = rules.memory * memory.kept + contact * better
    broken = rules.memory * memory.broken + contact * worse
    return after, Memory(kept, broken)
