# pyright: reportPrivateImportUsage=false
"""The parts of the wall: each a drawing or a set of controls in a file of its own, given plain values.

Charts with axes are Plotly's (``icsim.dashboards.charts``). What moves several times a second is drawn by the
browser itself, from a few numbers, so that a page stays light on the machine that runs the models.
"""

from collections.abc import Callable
from typing import Any

import solara

State = dict[str, Any]
Told = Callable[[Any], None]
_VUETIFY = False


@solara.component_vue("bar.vue", vuetify=_VUETIFY)
def Bar(
    now: State, busy: str, error: str, hands: bool, event_order: Told, event_other: Told, event_show: Told
) -> None:
    """Place, date and what makes time pass."""


@solara.component_vue("tiles.vue", vuetify=_VUETIFY)
def Tiles(tiles: list[State], total: int) -> None:
    """The large measures beside their twin."""


@solara.component_vue("network.vue", vuetify=_VUETIFY)
def Network(network: State) -> None:
    """Who trusts whom."""


@solara.component_vue("patients.vue", vuetify=_VUETIFY)
def Patients(
    patients: State, twin: State, needs: list[State], needs_twin: list[State], playing: bool
) -> None:
    """Where patients are, and the levels of need."""


@solara.component_vue("hands.vue", vuetify=_VUETIFY)
def Hands(
    hands: State, network: State, offered: list[State], catalogue: list[State], ready: bool, event_order: Told
) -> None:
    """What the room can change."""


@solara.component_vue("feed.vue", vuetify=_VUETIFY)
def Feed(feed: list[State]) -> None:
    """What happens, in words."""


@solara.component_vue("axis.vue", vuetify=_VUETIFY)
def Axis(day: int, days: int, start: str, end: str, marks: list[State]) -> None:
    """The time axis with the changes made."""


@solara.component_vue("chooser.vue", vuetify=_VUETIFY)
def Chooser(
    places: list[list[str]], first: State, refused: str, event_choose: Told, event_send: Told
) -> None:
    """Which place, or which file."""


@solara.component_vue("stories.vue", vuetify=_VUETIFY)
def Stories(stories: list[State], event_tell: Told) -> None:
    """Stories to choose from."""


@solara.component_vue("story.vue", vuetify=_VUETIFY)
def Story(story: State, playing: bool, ready: bool, event_order: Told) -> None:
    """The story under way: a question, or its answer."""


@solara.component_vue("keep.vue", vuetify=_VUETIFY)
def Keep(file: str, name: str, shared: str, ready: bool, event_save: Told, event_link: Told) -> None:
    """Save and share a session."""
