"""What is put into ties between organisations: joint posts, working in one building, shared records.

Each source makes organisations meet more often (contact: what the other does is seen, and counts for more)
and builds trust of itself (investment), by how much says the catalogue.
"""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from icsim.evidence.catalogue import Catalogue
from icsim.experiment.organisations import Kind
from icsim.experiment.strategy import Source
from icsim.system.parties import Parties
from icsim.system.relationships import Relationships

if TYPE_CHECKING:
    from icsim.experiment.schema import Relationships as RelationshipsSpec


class Ties:
    """What an experiment puts into the ties of its organisations, day by day.

    Args:
        catalogue: rows ``tie_investment_SOURCE`` and ``tie_contact_SOURCE``.
        spec: the experiment's ``relationships``: shares by pair for the whole run, and times of building.
        network: whose names and kinds pairs speak of.
        parties: the same organisations, and who takes part.
    """

    def __init__(
        self, catalogue: Catalogue, spec: "RelationshipsSpec", network: Relationships, parties: Parties
    ) -> None:
        self._building = spec.building
        self._parties = parties
        self._always = {source: network.between(spec.value_between(source)) for source in Source}
        self._invested = {source: catalogue.value(f"tie_investment_{source}") for source in Source}
        self._met = {source: catalogue.value(f"tie_contact_{source}") for source in Source}
        self.rate = network.between(spec.value_between("learning"))

    def level(self, source: Source, today: date) -> np.ndarray:
        """How far a source is there in every tie, (n, n) in [0, 1]."""
        found = self._always[source].copy()
        for one in self._building:
            begun = one.start is None or one.start <= today
            if one.how == source and begun and (one.end is None or today <= one.end):
                struck = self._parties.members(one.kinds or tuple(Kind))
                found = np.maximum(found, one.level * np.outer(struck, struck))
        return found

    def today(self, today: date) -> tuple[np.ndarray, np.ndarray]:
        """Investment in every tie, and the share of missing contact that is made up for, (n, n) in [0, 1]."""
        levels = {source: self.level(source, today) for source in Source}
        invested = sum(self._invested[source] * level for source, level in levels.items())
        apart = np.prod([1 - self._met[source] * level for source, level in levels.items()], axis=0)
        return np.minimum(invested, 1.0), 1 - apart
