"""What organisations do together to people's levers, reckoned when a lever is asked for.

Joint work and services reach many people, and what they do moves every month. Rather than write that into
every record, each person has a bit for each service that reaches them, and what joint work does for the
patients of a practice, and each service where it is run, stands in small tables.
"""

from typing import Any, NamedTuple

import numpy as np

from icsim.compiling import compiled, kernel
from icsim.population.columns import N_LEVERS

SERVICES = 62  # that turn levers at once
LEFT_OUT = 1 << SERVICES  # bit of those for whom joint work is not
PLACE, PRACTICE, NEIGHBOURHOOD = range(3)  # whose patients a service's site has
ALL_OF_IT = 1 - 1e-9


class Together(NamedTuple):
    """What joint work and services do to levers."""

    in_force: np.ndarray  # (levers,) bool: whether anything here turns a lever
    reached: np.ndarray  # (n,) int64: a bit for each service that reaches a person, and LEFT_OUT
    joint: np.ndarray  # (P, levers) float32: factors of joint work
    services: np.ndarray  # (levers,) int64: how many services turn a lever; of the k-th of these
    bit: np.ndarray  # (levers, SERVICES) int64: its bit in ``reached``
    run_by: np.ndarray  # (levers, SERVICES) uint8: PLACE, PRACTICE or NEIGHBOURHOOD
    averts: np.ndarray  # (levers, SERVICES, sites) float64: 1 - factor at each site; below 0 it harms
    cap: np.ndarray  # (levers,) float64: share of a lever that all of it can avert, in (0, 1], with services


def nothing_together(people: int, practices: int, neighbourhoods: int) -> Together:
    """No joint work and no service."""
    sites = max(practices, neighbourhoods, 1)
    return Together(
        in_force=np.zeros(N_LEVERS, np.bool_),
        reached=np.zeros(people, np.int64),
        joint=np.ones((practices, N_LEVERS), np.float32),
        services=np.zeros(N_LEVERS, np.int64),
        bit=np.zeros((N_LEVERS, SERVICES), np.int64),
        run_by=np.zeros((N_LEVERS, SERVICES), np.uint8),
        averts=np.zeros((N_LEVERS, SERVICES, sites)),
        cap=np.ones(N_LEVERS),
    )


@kernel
def of_services(t: Any, i: int, p: Any, c: int, joint: Any) -> float:
    """The factor of lever ``c`` under joint work and the services that reach person ``i``.

    ``cap`` is what can be averted at all. What averts a share e of all averts e/cap of what can be averted,
    and joint work (whose factor alone is ``joint``) and services fall on that independently: together
    cap * (1 - prod(1 - e/cap)). Harms multiply.
    """
    left, harm = 1.0, 1.0
    if joint > 1.0:
        harm = joint
    else:
        left = 1.0 - min((1.0 - joint) / t.cap[c], ALL_OF_IT)
    for k in range(t.services[c]):
        if t.reached[i] & t.bit[c, k]:
            site = 0
            if t.run_by[c, k] == PRACTICE:
                site = p.practice
            elif t.run_by[c, k] == NEIGHBOURHOOD:
                site = p.neighbourhood
            effect = t.averts[c, k, site]
            if effect > 0.0:
                left *= 1.0 - min(effect / t.cap[c], ALL_OF_IT)
            else:
                harm *= 1.0 - effect
    return (1.0 - t.cap[c] * (1.0 - left)) * harm


@kernel
def lever(w: Any, i: int, p: Any, c: int) -> float:
    """A lever of person ``i`` today: their own turns, joint work and services."""
    factor = 1.0 * p.lever[c]
    if w.together.in_force[c]:
        joint = np.float32(1.0)
        if w.together.reached[i] & LEFT_OUT == 0:
            joint = w.together.joint[p.practice, c]
        if w.together.services[c] > 0:
            joint = np.float32(of_services(w.together, i, p, c, joint))
        factor *= joint
    return factor


@compiled
def levers(w: Any, c: int) -> np.ndarray:
    """Lever ``c`` of each person, (n,)."""
    found = np.empty(len(w.people))
    for i in range(len(found)):
        found[i] = lever(w, i, w.people[i], c)
    return found


@compiled
def reach(reached: np.ndarray, rows: np.ndarray, bit: int) -> None:
    """Set a bit of people."""
    for i in rows:
        reached[i] |= bit


def see_whether_in_force(t: Any) -> None:
    """After a change of the tables."""
    t.in_force[:] = (t.services > 0) | (t.joint != 1).any(axis=0)
