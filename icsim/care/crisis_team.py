"""Crisis teams: the community team's two-hour response and the mental health crisis team."""

from typing import Any

from icsim.care import purposes as draws
from icsim.care.episode import draw
from icsim.care.world import unmet_need
from icsim.compiling import kernel
from icsim.population.columns import Need
from icsim.recording.measures import columns

T = columns("community_team")
M = columns("mental_health_trust")

HELPED, UNRESOLVED, REFUSED = 1, 0, -1


@kernel
def helped(w: Any, p: Any, resolved: float, purpose: int) -> bool:
    """Whether a contact outside hospital resolves the need; the severe are helped less often."""
    chance = resolved - w.rules.severity_effect * (p.severity - 0.5)
    return draw(p, purpose) < chance


@kernel
def crisis_response(w: Any, p: Any, day: int) -> int:
    """Ask the community team, or the mental health crisis team, for a response.

    Returns ``HELPED``, ``UNRESOLVED`` or ``REFUSED``.
    """
    if p.need == Need.MENTAL_HEALTH:
        if w.urgent.crisis_left[0] <= 0:
            w.tallies.mental_health_trust[0, M.CRISIS_REFUSED] += 1
            return REFUSED
        w.urgent.crisis_left[0] -= 1
        w.tallies.mental_health_trust[0, M.CRISIS_CONTACTS] += 1
    else:
        n = p.neighbourhood
        if w.teams.rapid_left[n] <= 0:
            w.tallies.community_team[n, T.RAPID_REFUSED] += 1
            return REFUSED
        w.teams.rapid_left[n] -= 1
        w.tallies.community_team[n, T.RAPID_RESPONSES] += 1
    p.trust_community += w.rules.trust_learning * (1.0 - p.trust_community)
    p.unmet_need = unmet_need(w, p, day) * (1.0 - w.rules.unmet_team)
    if helped(w, p, w.rules.resolved_team[p.need], draws.CRISIS_TEAM):
        return HELPED
    return UNRESOLVED
