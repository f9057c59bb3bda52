"""People made once for several runs: whoever asks for the same people is given a copy of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from icsim.evidence import Catalogue
    from icsim.evidence.places import Place
    from icsim.population import synthesis


@dataclass(frozen=True)
class ReadyMade:
    """People, and everything that they were made from.

    Attributes:
        asked: arguments of ``synthesise`` but for the place and the catalogue.
        read: the values of the catalogue that were read, by key.
        population: what was made; its arrays may be read-only. Left out are the tables of ageing, which all
            who have the same values of the catalogue have.
    """

    asked: Mapping[str, Any]
    read: Mapping[str, float | str | None]
    population: "synthesis.Population"

    def answers(self, asked: Mapping[str, Any], place: "Place", catalogue: "Catalogue") -> bool:
        """Whether exactly these people would be made; what they were made from then counts as read."""
        return (
            self.asked == asked
            and self.population.lsoas.equals(place.lsoas.reset_index(drop=True))
            and catalogue.reads_as(self.read)
        )


_AT_HAND: ContextVar[tuple[ReadyMade, ...]] = ContextVar("ready-made people", default=())


@contextmanager
def at_hand(*ready: ReadyMade) -> Iterator[None]:
    """Within, these people need not be made again."""
    before = _AT_HAND.set(ready)
    try:
        yield
    finally:
        _AT_HAND.reset(before)


def find(asked: Mapping[str, Any], place: "Place", catalogue: "Catalogue") -> "synthesis.Population | None":
    """The people at hand that ``synthesise`` would make, not to be written into; None if there are none."""
    for ready in _AT_HAND.get():
        if ready.answers(asked, place, catalogue):
            return ready.population
    return None
