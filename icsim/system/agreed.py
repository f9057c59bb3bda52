"""What all agreements on money have in common."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from icsim.keeping import put_back, state_of

if TYPE_CHECKING:
    from icsim.system.agreements import Locality, Month


class Agreed:
    """An agreement that begins and ends with a month, and is settled at the end of each.

    Args:
        given: what the experiment says of it.
        place: whom it is between.
    """

    STATE: tuple[str, ...] = ("_in_force",)

    def __init__(self, given: Any, place: "Locality") -> None:
        self.given = given
        self._place = place
        self._in_force = False

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return state_of(self)

    def put_back(self, state: Mapping[str, Any]) -> None:
        """Go on from a checkpoint."""
        put_back(self, state)
        self.begin(self._in_force)

    def begin(self, in_force: bool) -> None:
        """In force in the month that begins, or not."""
        self._in_force = in_force

    def end_month(self, month: "Month") -> None:
        """Settle a month."""
        raise NotImplementedError
