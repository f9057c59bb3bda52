"""What was worked out from the catalogue is kept for catalogues with the same values of all that it read."""

from collections import deque
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from icsim.evidence.catalogue import Catalogue

T = TypeVar("T")
KEPT = 4
"""Results kept of a function: as many experiments as usually take turns."""


def remembered(function: Callable[[Catalogue], T]) -> Callable[[Catalogue], T]:
    """A function of a catalogue that works out nothing twice.

    What it came to is given again for a catalogue that has the same values of every parameter that it read,
    which count as read again. Everybody gets the same object: it must not be written into.
    """
    kept: deque[tuple[dict[str, Any], T]] = deque(maxlen=KEPT)

    @wraps(function)
    def again(catalogue: Catalogue) -> T:
        for read, found in kept:
            if catalogue.reads_as(read):
                return found
        own = catalogue.apart()
        found = function(own)
        read = own.values_read
        catalogue.reads_as(read)  # marks them
        kept.append((read, found))
        return found

    return again
