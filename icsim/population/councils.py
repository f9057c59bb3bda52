"""Districts joined under the councils that run their social care."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from icsim.population.synthesis import Population


def under_councils(population: Population, councils: Mapping[str, Sequence[str]]) -> Population:
    """The population with councils for authorities; ``councils`` holds codes of districts by council.

    The people's ``authority`` is changed in place and refers to the councils in the order given. Each
    district of the population is in exactly one of them.
    """
    districts = population.authorities
    row = {code: k for k, codes in enumerate(councils.values()) for code in codes}
    council_of = np.array([row[str(code)] for code in districts["code"]])
    people = population.people
    people["authority"] = council_of[people["authority"]]
    neighbourhoods = population.neighbourhoods
    return replace(
        population,
        neighbourhoods=neighbourhoods.assign(authority=council_of[neighbourhoods["authority"].to_numpy()]),
        authorities=pd.DataFrame(
            {
                "name": list(councils),
                "code": [codes[0] if _unitary(codes) else "" for codes in councils.values()],
                "population": np.bincount(
                    council_of, weights=districts["population"], minlength=len(councils)
                ).astype(np.int64),
            }
        ),
    )


def _unitary(codes: Sequence[str]) -> bool:
    """Whether a council is the one district it serves; those of counties have codes in E07."""
    return len(codes) == 1 and not codes[0].startswith("E07")
