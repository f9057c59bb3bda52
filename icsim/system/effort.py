"""How much of their discretionary time organisations put into joint work, month by month.

One equation for every organisation (model documentation, effort and trust): a noisy best response with
inertia to what the contract pays, what trusted partners do, ethos, pressure and autonomy. Arrays have one
value for each organisation, shape (n,), or for each ordered pair, (n, n), row i towards column j.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class EffortRules:
    """Constants of the choice of effort; every one is a row ``effort_*`` of the evidence catalogue.

    Attributes:
        inertia: share of the way to the wanted effort in a month.
        base: log odds of full effort with nothing for or against it.
        incentive: log odds for each unit of incentive (``bounded``).
        collaboration: log odds when every partner is trusted fully and works fully.
        ethos, pressure, autonomy: log odds for a unit of each.
        peers: log odds for a practice whose fully trusted peers do more by the whole of effort.
        noise: standard deviation of log odds, month by month and organisation by organisation.
    """

    inertia: float
    base: float
    incentive: float
    collaboration: float
    ethos: float
    pressure: float
    autonomy: float
    peers: float
    noise: float


def bounded(surplus_share: np.ndarray, scale: float) -> np.ndarray:
    """Incentive in (-1, 1) from the surplus a year of full joint work brings, as a share of income.

    A surplus of ``scale`` of income counts 0.76 (tanh 1): boards notice a per cent, and ten times as much
    does not move them ten times as far.
    """
    return np.round(np.tanh(np.asarray(surplus_share, dtype=np.float64) / scale), 12)


def partners(contact: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """How much each partner counts to an organisation: contact times weight; rows sum to 1.

    Args:
        contact: (n, n) in [0, 1], 0 on the diagonal.
        weight: of each organisation in the joint work, (n,), above 0.

    Returns:
        (n, n); a row of zeros for an organisation without contact to anybody.
    """
    raw = contact * weight[None, :]
    total = raw.sum(axis=1, keepdims=True)
    return np.divide(raw, total, out=np.zeros_like(raw), where=total > 0)


def peer_pull(effort: np.ndarray, trust: np.ndarray, contact: np.ndarray, alike: np.ndarray) -> np.ndarray:
    """How far peers draw each organisation to do as they do, (n,) in [-1, 1].

    The mean over peers, by contact, of what each does more (or less) than oneself, as far as it is trusted:
    who is not trusted is not imitated, and among equals nobody is drawn.

    Args:
        effort: last month's, (n,).
        trust, contact: (n, n).
        alike: who are peers of one another, bool, (n,); 0 for the others.
    """
    met = contact * alike[:, None] * alike[None, :]
    total = met.sum(axis=1)
    drawn = (met * trust * (effort[None, :] - effort[:, None])).sum(axis=1)
    return np.divide(drawn, total, out=np.zeros(len(effort)), where=total > 0)


def wanted(
    rules: EffortRules,
    *,
    effort: np.ndarray,
    trust: np.ndarray,
    weights: np.ndarray,
    incentive: np.ndarray,
    ethos: np.ndarray,
    pressure: np.ndarray,
    autonomy_loss: np.ndarray,
    luck: np.ndarray,
    peers: np.ndarray | float = 0.0,
) -> np.ndarray:
    """The effort that each organisation would choose if it could change at once, (n,) in (0, 1).

    Args:
        rules: the constants.
        effort: last month's effort of everybody, (n,): what each expects of the others.
        trust, weights: (n, n); an untrusted partner's effort counts for little.
        incentive: in [-1, 1], of each organisation's own contract (``bounded``).
        ethos: in [-1, 1], the will to work together whatever it pays.
        pressure: 0 and more; the pressed have no time.
        autonomy_loss: 0 and more, what joining costs in independence.
        luck: standard normal.
        peers: in [-1, 1], what organisations of one's own kind do more than oneself (``peer_pull``).
    """
    expected = (weights * trust * effort[None, :]).sum(axis=1)  # not @: its order depends on the machine
    log_odds = (
        rules.base
        + rules.incentive * incentive
        + rules.collaboration * expected
        + rules.ethos * ethos
        - rules.pressure * pressure
        - rules.autonomy * autonomy_loss
        + rules.peers * peers
        + rules.noise * luck
    )
    return np.round(1.0 / (1.0 + np.exp(-log_odds)), 12)


def next_effort(effort: np.ndarray, wish: np.ndarray, inertia: float) -> np.ndarray:
    """This month's effort, (n,) in [0, 1]: part of the way from last month's to the wish."""
    return np.clip(effort + inertia * (wish - effort), 0.0, 1.0)
