"""What services do to people's levers: what one, or joint work, has averted another cannot avert again."""

from collections.abc import Iterable

from icsim.care.levers import PEOPLE
from icsim.care.together import (
    LEFT_OUT,
    NEIGHBOURHOOD,
    PLACE,
    PRACTICE,
    Together,
    reach,
    see_whether_in_force,
)
from icsim.evidence import Catalogue
from icsim.experiment.services import Site
from icsim.system.delivery import Delivery

RUN_BY = {Site.PLACE: PLACE, Site.PRACTICE: PRACTICE, Site.TEAM: NEIGHBOURHOOD}


def turn_levers(together: Together, deliveries: Iterable[Delivery], catalogue: Catalogue) -> None:
    """Let all services at work turn their levers for whom they reach, and no other."""
    together.services[:] = 0
    together.reached[:] &= LEFT_OUT
    bit = 1
    for one in deliveries:
        if not (one.at_work and len(one.members) and one.factors):
            continue
        reach(together.reached, one.members, bit)
        for lever, factor in one.factors.items():
            c = PEOPLE.index(lever)
            k = together.services[c]
            together.bit[c, k] = bit
            together.run_by[c, k] = RUN_BY[one.entry.site]
            together.averts[c, k, : len(one.sites)] = (1 - factor) * one.fidelity
            together.cap[c] = catalogue.value(f"services_cap_{lever}")
            together.services[c] += 1
        bit <<= 1
    see_whether_in_force(together)
