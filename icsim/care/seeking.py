"""Help-seeking: where a person in need turns, and what comes of it."""

from typing import Any

from icsim.care import purposes as draws
from icsim.care.crisis_team import HELPED, crisis_response
from icsim.care.episode import draw, home
from icsim.care.general_practice import ask_gp
from icsim.care.hospital import attend_ae
from icsim.care.rules import Choice
from icsim.care.services import Setting
from icsim.care.together import lever
from icsim.care.world import add_unmet
from icsim.compiling import kernel
from icsim.population.columns import Lever, Need
from icsim.recording.measures import columns
from icsim.streams import exp

S = columns("system")
U = columns("urgent_care")


@kernel
def choose(w: Any, i: int, p: Any, day: int) -> int:
    """Multinomial logit over self-care, pharmacy or 111, the GP, a crisis team and A&E (``Choice``).

    Utilities start from the log share at reference conditions and move with severity, the practice's expected
    wait and opening, how far the GP and A&E are, trust in each service, and activation. After
    ``attempts_alone`` attempts nobody waits at home.
    """
    r = w.rules
    log_share = r.choice[p.need, w.risk.band[p.age], (p.imd_decile - 1) // 2]
    severe = p.severity - 0.5
    practice_wait = max(0.0, w.gp.expected_wait[p.practice] - r.choice_wait_reference)
    gp = log_share[Choice.GP] + r.choice_severity[Choice.GP] * severe + r.choice_wait * practice_wait
    gp += r.choice_trust * (p.trust_gp - r.choice_trust_reference) + w.travel[p.lsoa, 0]
    if not w.calendar.working[day + w.run_in]:
        gp += r.choice_closed * p.severity
    active = r.choice_activation * (p.activation - r.activation_reference) / 20.0
    own = log_share[Choice.SELF_CARE] + r.choice_severity[Choice.SELF_CARE] * severe + active
    phone = log_share[Choice.PHARMACY_111] + r.choice_severity[Choice.PHARMACY_111] * severe
    team = log_share[Choice.TEAM] + r.choice_severity[Choice.TEAM] * severe
    team += r.choice_trust * (p.trust_community - r.choice_trust_reference)
    ae = log_share[Choice.AE] + r.choice_severity[Choice.AE] * severe
    ae += r.choice_trust * (p.trust_ae - r.choice_trust_reference) + w.travel[p.lsoa, 1]
    if p.need == Need.MINOR:
        ae += r.season_ae[w.calendar.day_of_year[day + w.run_in]]
    e_own = exp(own) if p.step < r.attempts_alone else 0.0
    e_phone = e_own + exp(phone)
    e_gp = e_phone + exp(gp)
    e_team = e_gp + exp(team)
    total = e_team + exp(ae) * lever(w, i, p, Lever.AE_CHOICE)
    u = draw(p, draws.CHOICE) * total
    if u < e_own:
        return Choice.SELF_CARE
    if u < e_phone:
        return Choice.PHARMACY_111
    if u < e_gp:
        return Choice.GP
    if u < e_team:
        return Choice.TEAM
    return Choice.AE


@kernel
def wait_and_see(w: Any, p: Any, day: int) -> None:
    """The need is not met: it worsens, and the person seeks again within days."""
    r = w.rules
    w.tallies.system[0, S.UNMET] += 1
    add_unmet(w, p, day, r.worsening_unmet)
    p.setting = Setting.WORSENING
    p.next_care = day + 1 + int(2.0 * r.worsening_days * draw(p, draws.WAITING))
    p.severity = min(1.0, p.severity + r.worsening_severity)


@kernel
def advised(w: Any, p: Any, day: int) -> bool:
    """Whether the person gets advice: from a pharmacy, or from 111 while it has calls left today."""
    r = w.rules
    calls = r.calls_111_open if w.calendar.working[day + w.run_in] else r.calls_111_shut
    if draw(p, draws.CALL_111) >= calls:
        return True
    if w.urgent.calls_left[0] <= 0:
        w.tallies.urgent_care[0, U.CALLS_UNANSWERED] += 1
        add_unmet(w, p, day, r.refused_unmet)
        return False
    w.urgent.calls_left[0] -= 1
    w.tallies.urgent_care[0, U.CALLS_111] += 1
    return True


@kernel
def turned_away(w: Any, i: int, p: Any, day: int) -> None:
    """No appointment or no team: the severe go to A&E, others wait and see."""
    if draw(p, draws.TELEPHONE) < p.severity and p.need != Need.PLANNED:
        attend_ae(w, i, p, day)
    else:
        wait_and_see(w, p, day)


@kernel
def seek_help(w: Any, i: int, p: Any, day: int) -> None:
    """One attempt of a person to have the need of the present episode met."""
    r = w.rules
    if p.step >= r.attempts_light and (p.need == Need.MINOR or p.need == Need.PLANNED):
        add_unmet(w, p, day, r.refused_unmet)
        home(p)  # gives up, or it has passed
        return
    if p.need == Need.PLANNED:
        choice = Choice.GP
    elif p.step >= r.attempts_elsewhere:
        choice = Choice.AE
    else:
        choice = choose(w, i, p, day)
    if choice == Choice.SELF_CARE or choice == Choice.PHARMACY_111:
        resolved = r.resolved_self[p.need]
        if choice == Choice.PHARMACY_111 and advised(w, p, day):
            resolved += r.resolved_111_gain
        if draw(p, draws.SELF_CARE) < resolved - r.severity_effect * (p.severity - 0.5):
            column = S.SELF_CARE if choice == Choice.SELF_CARE else S.PHARMACY
            w.tallies.system[0, column] += 1
            if p.need != Need.MINOR and p.need != Need.PLANNED:
                add_unmet(w, p, day, r.self_care_unmet * p.severity)  # it passed, and nobody looked into it
            home(p)
        else:
            wait_and_see(w, p, day)
    elif choice == Choice.GP:
        if not ask_gp(w, i, p, day):
            turned_away(w, i, p, day)
    elif choice == Choice.TEAM:
        response = crisis_response(w, p, day)
        if response == HELPED:
            home(p)
        else:
            turned_away(w, i, p, day)
    else:
        attend_ae(w, i, p, day)
