"""A care episode: the draws made along it, and its end."""

from typing import Any

from icsim.care import purposes as draws
from icsim.care.services import Setting, Support
from icsim.compiling import kernel
from icsim.population.columns import NEVER
from icsim.streams import uniform

STEPS = draws.STEPS


@kernel
def draw(p: Any, purpose: int) -> float:
    """The uniform of this purpose at the present step of the person's care episode."""
    return uniform(p.key, purpose, p.episode * STEPS + min(p.step, STEPS - 1))


@kernel
def home(p: Any) -> None:
    """The care episode is over."""
    p.setting = Setting.HOME
    p.next_care = NEVER
    p.support = Support.NONE
