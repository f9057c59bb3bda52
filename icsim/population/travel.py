"""How far people live from their practice and from A&E: minutes by car from each LSOA."""

import numpy as np

from icsim.evidence import Catalogue
from icsim.population.purposes import AREA, TRAVEL_AE, TRAVEL_GP
from icsim.streams import entity_key, exp, normal

MAP = 0
"""The seed of the map: the same in every run, whatever the experiment's seed."""


def travel_minutes(codes: np.ndarray, people: np.ndarray, ae: float, gp: float, v: Catalogue) -> np.ndarray:
    """Minutes from each LSOA to a practice and to A&E, shape (LSOAs, 2).

    Lognormal around the means ``gp`` and ``ae`` of the place's people with ``travel_*_log_sd``: drawn, not
    measured, for want of coordinates. ``codes``: numbers of the LSOAs' codes; ``people``: who lives there.
    """
    minutes = np.empty((len(codes), 2))
    for k, (mean, purpose, sd) in enumerate(
        (
            (gp, TRAVEL_GP, v.value("travel_gp_log_sd")),
            (ae, TRAVEL_AE, v.value("travel_ae_log_sd")),
        )
    ):
        drawn = [exp(sd * normal(np.uint64(entity_key(MAP, AREA, int(code))), purpose, 0)) for code in codes]
        minutes[:, k] = drawn
        minutes[:, k] *= mean / np.average(minutes[:, k], weights=people)
    return minutes
